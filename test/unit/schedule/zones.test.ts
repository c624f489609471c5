// Every zone of the system's tz data, 2024 to 2030: no tick is lost, made twice or out of order.

import { describe, expect, test } from 'vitest';
import { offsetAt } from '../../../src/core/zone.ts';
import { offsetChanges } from '../../../src/schedule/offset-changes.ts';
import { ticks, type Scheduled } from '../../../src/schedule/ticks.ts';
import { parseSchedule } from '../../../src/schedule/times.ts';

/** The seven years, and a day more on either side for the zones far from UTC. */
const from = Date.UTC(2023, 11, 31);
const to = Date.UTC(2031, 0, 2);
const zones = Intl.supportedValuesOf('timeZone');

function scheduled(schedule: string, zone: string): Scheduled {
  const read = parseSchedule(schedule, false, '');
  if (read.fault !== undefined) throw new Error(read.fault.message);
  return { times: read.times, zone };
}

function ascends(found: readonly number[]): boolean {
  return found.every((tick, index) => index === 0 || tick > found[index - 1]!);
}

/** The days (such as 2024-01-31) that clocks of the zone show at these instants. */
function daysOf(zone: string, instants: readonly number[]): string[] {
  const formatter = new Intl.DateTimeFormat('sv-SE', { timeZone: zone });
  return instants.map((instant) => formatter.format(instant));
}

const everyDay = Array.from({ length: (to - from) / 86_400_000 + 2 }, (_, day) =>
  new Date(from + (day - 1) * 86_400_000).toISOString().slice(0, 10),
).join(' ');

/** In ms: it computes for all its time, and a machine may have little to spare. */
const longest = 300_000;

describe('in every zone', { timeout: longest }, () => {
  test('there are zones', () => {
    expect(zones.length).toBeGreaterThan(400);
  });

  test('every change of clocks is known', () => {
    for (const zone of zones) {
      const changes = offsetChanges(zone, from, to);
      let offset = offsetAt(zone, from);
      for (let at = from; at <= to; at += 86_400_000) {
        while (changes[0] !== undefined && changes[0].at <= at) offset = changes.shift()!.after;
        if (offsetAt(zone, at) !== offset) expect.fail(`${zone} at ${at}`);
      }
      expect(changes).toEqual([]);
    }
  });

  test('also when they were changed back after a week', () => {
    const changes = offsetChanges('America/Noronha', Date.UTC(2000, 8), Date.UTC(2000, 11));
    expect(changes.map(({ at }) => new Date(at).toISOString().slice(0, 16))).toEqual([
      '2000-10-08T02:00',
      '2000-10-15T01:00',
    ]);
  });

  test.each(['30 2 * * *', '0 0 * * *'])('%s runs once on every day', (schedule) => {
    for (const zone of zones) {
      const found = ticks(scheduled(schedule, zone), from, to);
      const days = daysOf(zone, found);
      expect(ascends(found), zone).toBe(true);
      expect(days[0]! <= '2024-01-01' && days.at(-1)! >= '2030-12-31', zone).toBe(true);
      expect(everyDay.includes(days.join(' ')), zone).toBe(true);
    }
  });

  test.each(['15 */2 * * *', '*/30 0-3 * * 0', '10,50 1,2,3 1-15 * *'])(
    '%s has its ticks in order, whatever the window',
    (schedule) => {
      for (const zone of zones) {
        const entry = scheduled(schedule, zone);
        const found = ticks(entry, from, to);
        expect(ascends(found), zone).toBe(true);
        const middle = found[Math.floor(found.length / 2)]!;
        const parts = [...ticks(entry, from, middle), ...ticks(entry, middle, to)];
        expect(parts.length, zone).toBe(found.length);
      }
    },
  );
});
