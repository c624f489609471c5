// Ticks against a run of cronie's own loop: one step a minute, through the changes of many zones' clocks.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { offsetAt } from '../../../src/core/zone.ts';
import { offsetChanges } from '../../../src/schedule/offset-changes.ts';
import { ticks } from '../../../src/schedule/ticks.ts';
import { matchesDay, parseSchedule, type Times } from '../../../src/schedule/times.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** The instants at which crond, awake in every minute, starts the command: after `from`, up to `to`. */
function startsByCronie(times: Times, zone: string, from: number, to: number): number[] {
  const wildcard = times.stars.minute || times.stars.hour;
  const clockAt = (instant: number): number => (instant + offsetAt(zone, instant)) / minuteMs;
  const started: number[] = [];
  let virtual = clockAt(from);
  for (let now = from + minuteMs; now <= to; now += minuteMs) {
    const clock = clockAt(now);
    const find = (minute: number, which: boolean): void => {
      if (which && matches(times, minute)) started.push(now);
    };
    const difference = clock - virtual;
    if (Math.abs(difference) > 180) {
      virtual = clock;
      find(clock, true);
    } else if (difference > 5) {
      find(clock, wildcard);
      while (virtual < clock) find(++virtual, !wildcard);
    } else if (difference > 0) {
      while (virtual < clock) find(++virtual, true);
    } else {
      find(clock, wildcard);
    }
  }
  return [...new Set(started)];
}

function matches(times: Times, minute: number): boolean {
  const date = new Date(minute * minuteMs);
  return (
    times.minutes.includes(date.getUTCMinutes()) &&
    times.hours.includes(date.getUTCHours()) &&
    matchesDay(times, {
      dayOfMonth: date.getUTCDate(),
      month: date.getUTCMonth() + 1,
      dayOfWeek: date.getUTCDay(),
    })
  );
}

const zones = [
  ...['America/New_York', 'Europe/London', 'Europe/Berlin', 'America/Santiago', 'Africa/Cairo'],
  ...[
    'Australia/Lord_Howe',
    'Pacific/Chatham',
    'Antarctica/Troll',
    'Africa/Casablanca',
    'Asia/Gaza',
  ],
  ...['America/Havana', 'America/Scoresbysund', 'Asia/Beirut', 'America/Asuncion', 'UTC'],
];

/** Where clocks change in 2024 to 2030, and the days that Samoa and Kwajalein left out or had twice. */
const changes = [
  ...zones.flatMap((zone) =>
    offsetChanges(zone, Date.UTC(2024, 0), Date.UTC(2031, 0)).map(({ at }) => ({ zone, at })),
  ),
  { zone: 'Pacific/Apia', at: Date.UTC(2011, 11, 30, 10) },
  { zone: 'Pacific/Kwajalein', at: Date.UTC(1993, 7, 21, 12) },
  { zone: 'Pacific/Kwajalein', at: Date.UTC(1969, 8, 30, 13) },
  { zone: 'Asia/Tokyo', at: Date.UTC(2026, 10, 22) },
];

function list(item: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
}

function field(least: number, most: number, usual: number): fc.Arbitrary<string> {
  const value = fc.oneof(
    fc.integer({ min: least, max: usual }),
    fc.integer({ min: least, max: most }),
  );
  const range = fc
    .tuple(value, value, fc.integer({ min: 1, max: 5 }))
    .map(([a, b, step]) => `${Math.min(a, b)}-${Math.max(a, b)}/${step}`);
  const stars = fc.constantFrom('*', '*/2', '*/20');
  return fc.oneof(list(fc.oneof(value.map(String), range)), stars, list(fc.oneof(range, stars)));
}

/** Mostly at night, when clocks are changed, and mostly on all days. */
const schedule = fc
  .tuple(
    field(0, 59, 30),
    field(0, 23, 3),
    fc.oneof(fc.constant('*'), field(1, 31, 31)),
    fc.constant('*'),
    fc.oneof(fc.constant('*'), field(0, 7, 7)),
  )
  .map((fields) => fields.join(' '));

/** In ms: it computes for all its time, and a machine may have little to spare. */
const longest = 300_000;

describe('ticks', { timeout: longest }, () => {
  test('are the starts of cronie', () => {
    const around = fc.record({
      change: fc.constantFrom(...changes),
      before: fc.integer({ min: -3 * 60, max: 30 * 60 }),
      after: fc.integer({ min: 3 * 60, max: 30 * 60 }),
    });
    fc.assert(
      fc.property(schedule, around, (text, { change: { zone, at }, before, after }) => {
        const read = parseSchedule(text, false, '');
        if (read.fault !== undefined || read.times === 'reboot') throw new Error(text);
        const [from, to] = [at - before * minuteMs, at + after * minuteMs];
        // crond has been up for long: what it started before is left out.
        const started = startsByCronie(read.times, zone, from - 6 * hourMs, to);
        const wanted = started.filter((instant) => instant > from);
        expect(ticks({ times: read.times, zone }, from, to)).toEqual(wanted);
      }),
      { numRuns: 500 },
    );
  });

  test('through all changes of clocks', () => {
    for (const text of [
      '30 2 * * *',
      '*/20 2 * * *',
      '0 */2 * * *',
      '0 0-3 * * *',
      '15 23,0 * * *',
    ]) {
      const read = parseSchedule(text, false, '');
      if (read.fault !== undefined || read.times === 'reboot') throw new Error(text);
      for (const { zone, at } of changes) {
        const [from, to] = [at - 6 * hourMs, at + 6 * hourMs];
        const wanted = startsByCronie(read.times, zone, from, to);
        expect(ticks({ times: read.times, zone }, from, to), `${text} in ${zone}`).toEqual(wanted);
      }
    }
  });
});
