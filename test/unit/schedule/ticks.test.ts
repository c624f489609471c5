import { describe, expect, test } from 'vitest';
import { latestDueMs } from '../../../src/core/envelope.ts';
import { ticks, ticksAfter, type Scheduled } from '../../../src/schedule/ticks.ts';
import { parseSchedule } from '../../../src/schedule/times.ts';

const from = Date.parse('2026-11-22T00:00:00Z');
const dayMs = 86_400_000;

function scheduled(schedule: string, zone = 'UTC'): Scheduled {
  const read = parseSchedule(schedule, schedule.split(' ').length === 6, '');
  if (read.fault !== undefined) throw new Error(read.fault.message);
  return { times: read.times, zone };
}

function isoOf(found: readonly number[]): string[] {
  return found.map((tick) => new Date(tick).toISOString());
}

describe('a window', () => {
  test('begins after its start and ends with its end', () => {
    const entry = scheduled('* * * * *');
    expect(ticks(entry, from, from)).toEqual([]);
    expect(ticks(entry, from, from + 60_000)).toEqual([from + 60_000]);
    expect(ticks(entry, from - 1, from + 59_999)).toEqual([from]);
    expect(ticks(entry, from, from - dayMs)).toEqual([]);
  });

  test('ends with the last instant that an envelope holds', () => {
    const found = ticks(scheduled('0 0 1 1 *'), Date.UTC(2260, 6), Infinity);
    expect(isoOf(found)).toEqual(['2261-01-01T00:00:00.000Z', '2262-01-01T00:00:00.000Z']);
    expect(found.every((tick) => tick <= latestDueMs)).toBe(true);
  });
});

describe('a seconds field', () => {
  test('divides the minute', () => {
    const found = ticks(scheduled('15,45 */30 * * * *'), from, from + 3_600_000);
    expect(isoOf(found).map((tick) => tick.slice(11, 19))).toEqual([
      ...['00:00:15', '00:00:45', '00:30:15', '00:30:45'],
    ]);
  });

  test('of a fixed time in a gap leaves one tick, right after it', () => {
    const night = Date.parse('2027-03-14T05:00:00Z');
    const found = ticks(scheduled('*/10 30 2 * * *', 'America/New_York'), night, night + dayMs / 2);
    expect(isoOf(found)).toEqual(['2027-03-14T07:00:00.000Z']);
  });
});

test('@reboot has no ticks', () => {
  expect(ticks(scheduled('@reboot'), from, from + dayMs)).toEqual([]);
  expect(ticksAfter(scheduled('@reboot'), from).next().done).toBe(true);
});

describe('the ticks after an instant', () => {
  test.each(['0 0 31 2 *', '0 0 30 2 *', '0 22-2 * * *', '0 0 * * fri-mon', '0 0 31 4,6,9,11 *'])(
    'of %s are none',
    (schedule) => {
      expect(ticksAfter(scheduled(schedule, 'Europe/Berlin'), from).next().done).toBe(true);
    },
  );

  test('come, however rare they are', () => {
    const sundays = ticksAfter(scheduled('0 0 29 2 */7'), Date.UTC(2033, 0));
    expect(isoOf([sundays.next().value!])).toEqual(['2060-02-29T00:00:00.000Z']);
    const following = ticksAfter(scheduled('0 0 */31 2-3 1'), from);
    expect(isoOf([following.next().value!])).toEqual(['2027-02-01T00:00:00.000Z']);
  });

  test('are the same as those of a window', () => {
    const entry = scheduled('7 */5 3,4 * *', 'Australia/Lord_Howe');
    const wanted = ticks(entry, from, from + 400 * dayMs);
    const following = ticksAfter(entry, from);
    expect(wanted.map(() => following.next().value)).toEqual(wanted);
  });
});

describe('a time that clocks skip', () => {
  test('is made up for once, however many there were', () => {
    const night = Date.parse('2027-03-14T05:30:00Z');
    const found = ticks(scheduled('7,17,27 2 * * *', 'America/New_York'), night, night + dayMs / 2);
    expect(isoOf(found)).toEqual(['2027-03-14T07:00:00.000Z']);
  });

  test('and that is due right after the gap as well is one tick', () => {
    const night = Date.parse('2027-03-14T05:30:00Z');
    const found = ticks(scheduled('0 2,3 * * *', 'America/New_York'), night, night + dayMs / 2);
    expect(isoOf(found)).toEqual(['2027-03-14T07:00:00.000Z']);
  });
});

test('a time that clocks show again is past, also for a window that begins then', () => {
  const between = Date.parse('2026-11-01T06:15:00Z');
  const fixed = scheduled('30 1 * * *', 'America/New_York');
  expect(ticks(fixed, between, between + dayMs / 2)).toEqual([]);
  const wildcard = scheduled('*/30 1 * * *', 'America/New_York');
  expect(isoOf(ticks(wildcard, between, between + dayMs / 2))).toEqual([
    '2026-11-01T06:30:00.000Z',
  ]);
});

test('in the zone of the machine', () => {
  const entry = scheduled('* * * * *', 'local');
  expect(ticks(entry, from, from + 60_000)).toEqual([from + 60_000]);
});
