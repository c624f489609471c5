import { describe, expect, test } from 'vitest';
import { parseSchedule } from '../../../src/schedule/times.ts';
import { upcoming } from '../../../src/schedule/upcoming.ts';

function entryOf(name: string, schedule: string, delay = 0, zone = 'America/New_York') {
  const read = parseSchedule(schedule, false, name);
  if (read.fault !== undefined) throw new Error(read.fault.message);
  return { name, times: read.times, zone, delay };
}

function shown(entries: ReturnType<typeof entryOf>[], after: string, count: number): string[] {
  return upcoming(entries, Date.parse(after), count).map(({ entry, due, note }) =>
    [entry.name, new Date(due).toISOString().slice(0, 16), note].join(' ').trim(),
  );
}

test('entries are mixed, in the order in which they are due', () => {
  const entries = [
    entryOf('a', '0 */6 * * *', 0, 'UTC'),
    entryOf('b', '0 0 * * *', 30 * 60_000, 'UTC'),
    entryOf('never', '0 0 31 2 *'),
    entryOf('reboot', '@reboot'),
  ];
  expect(shown(entries, '2026-11-22T00:10:00Z', 4)).toEqual([
    'b 2026-11-22T00:30',
    'a 2026-11-22T06:00',
    'a 2026-11-22T12:00',
    'a 2026-11-22T18:00',
  ]);
});

test('none is left when nothing is scheduled', () => {
  expect(shown([], '2026-11-22T00:00:00Z', 5)).toEqual([]);
});

describe('a tick that a change of clocks affects', () => {
  test('is made up for', () => {
    expect(shown([entryOf('a', '30 2 * * *')], '2027-03-13T12:00:00Z', 2)).toEqual([
      'a 2027-03-14T07:00 clocks are put forward over 02:30',
      'a 2027-03-15T06:30',
    ]);
  });

  test('is on a time that is shown twice', () => {
    expect(shown([entryOf('a', '30 1 * * *')], '2026-11-01T00:00:00Z', 2)).toEqual([
      'a 2026-11-01T05:30 clocks are put back and show 01:30 twice: the first',
      'a 2026-11-02T06:30',
    ]);
    expect(shown([entryOf('a', '*/30 1 * * *')], '2026-11-01T05:00:00Z', 3)).toEqual([
      'a 2026-11-01T05:30 clocks are put back and show 01:30 twice: the first',
      'a 2026-11-01T06:00 clocks are put back and show 01:00 twice: the second',
      'a 2026-11-01T06:30 clocks are put back and show 01:30 twice: the second',
    ]);
  });

  test('is no tick that follows the clock out of the gap', () => {
    expect(shown([entryOf('a', '*/30 * * * *')], '2027-03-14T06:30:00Z', 1)).toEqual([
      'a 2027-03-14T07:00',
    ]);
  });
});
