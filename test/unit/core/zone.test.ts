// Zones: wall time and instants, at every kind of jump that clocks make.

import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { formatWall, utcOf } from '../../../src/core/wall.ts';
import type { Wall } from '../../../src/core/wall.ts';
import {
  gapOver,
  instantsOf,
  localZone,
  offsetAt,
  spanLater,
  wallTime,
  zoneName,
} from '../../../src/core/zone.ts';
import { refusal } from './refusal.ts';

/** `2027-01-01 09:00` or with seconds. */
function wall(text: string): Wall {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = text
    .split(/[- :]/)
    .map(Number);
  return { year, month, day, hour, minute, second };
}

const at = (text: string): number => Date.parse(text);
const minutes = 60_000;

describe('offsets', () => {
  test.each([
    ['UTC', '2026-07-01T00:00Z', 0],
    ['Europe/Berlin', '2026-01-01T00:00Z', 60],
    ['Europe/Berlin', '2026-07-01T00:00Z', 120],
    ['europe/berlin', '2026-07-01T00:00Z', 120],
    ['Europe/Berlin', '2026-03-29T00:59:59.999Z', 60],
    ['Europe/Berlin', '2026-03-29T01:00Z', 120],
    ['America/New_York', '2026-01-01T00:00Z', -300],
    ['America/St_Johns', '2026-01-01T00:00Z', -210],
    ['Asia/Kathmandu', '2026-01-01T00:00Z', 345],
    ['Australia/Lord_Howe', '2026-01-01T00:00Z', 660],
    ['Australia/Lord_Howe', '2026-07-01T00:00Z', 630],
    ['Pacific/Chatham', '2026-01-01T00:00Z', 825],
    ['Pacific/Kiritimati', '2026-01-01T00:00Z', 840],
    ['Africa/Monrovia', '1971-01-01T00:00Z', -44.5],
    ['Africa/Monrovia', '1973-01-01T00:00Z', 0],
  ])('%s at %s is %d min ahead', (zone, instant, ahead) => {
    expect(offsetAt(zone, at(instant))).toBe(ahead * minutes);
  });
});

test('wall time has all its fields', () => {
  expect(wallTime('Asia/Kathmandu', at('2026-12-31T18:20:07.900Z'))).toEqual({
    ...wall('2027-01-01 00:05:07'),
    weekday: 5,
  });
});

describe('the instants at which clocks show a time', () => {
  test.each([
    ['UTC', '2026-03-29 02:30', ['2026-03-29T02:30Z']],
    ['Europe/Berlin', '2026-03-29 01:59:59', ['2026-03-29T00:59:59Z']],
    ['Europe/Berlin', '2026-03-29 02:00', []],
    ['Europe/Berlin', '2026-03-29 02:59:59', []],
    ['Europe/Berlin', '2026-03-29 03:00', ['2026-03-29T01:00Z']],
    ['Europe/Berlin', '2026-10-25 01:59:59', ['2026-10-24T23:59:59Z']],
    ['Europe/Berlin', '2026-10-25 02:00', ['2026-10-25T00:00Z', '2026-10-25T01:00Z']],
    ['Europe/Berlin', '2026-10-25 02:59:59', ['2026-10-25T00:59:59Z', '2026-10-25T01:59:59Z']],
    ['Europe/Berlin', '2026-10-25 03:00', ['2026-10-25T02:00Z']],
    ['America/New_York', '2026-03-08 02:30', []],
    ['America/New_York', '2026-11-01 01:30', ['2026-11-01T05:30Z', '2026-11-01T06:30Z']],
    ['Australia/Lord_Howe', '2026-10-04 02:15', []],
    ['Australia/Lord_Howe', '2026-10-04 02:30', ['2026-10-03T15:30Z']],
    ['Australia/Lord_Howe', '2026-04-05 01:45', ['2026-04-04T14:45Z', '2026-04-04T15:15Z']],
    ['Pacific/Chatham', '2026-09-27 03:00', []],
    ['Pacific/Chatham', '2026-04-05 03:00', ['2026-04-04T13:15Z', '2026-04-04T14:15Z']],
    ['Antarctica/Troll', '2026-03-29 02:30', []],
    ['America/Sao_Paulo', '2018-11-04 00:00', []],
    ['America/Sao_Paulo', '2018-02-17 23:30', ['2018-02-18T01:30Z', '2018-02-18T02:30Z']],
    ['Pacific/Apia', '2011-12-30 12:00', []],
    ['Pacific/Apia', '2011-12-31 00:00', ['2011-12-30T10:00Z']],
    ['Africa/Monrovia', '1972-01-07 00:44:29', []],
    ['Africa/Monrovia', '1972-01-06 23:59:59', ['1972-01-07T00:44:29Z']],
    ['Europe/Berlin', '2027-02-32 25:00', ['2027-03-05T00:00Z']],
  ])('%s %s: %j', (zone, text, instants) => {
    expect(instantsOf(zone, wall(text))).toEqual(instants.map(at));
  });

  test.each([
    ['Europe/Berlin', '2026-03-29 02:30', '2026-03-29T01:00Z', '02:00:00', '03:00:00'],
    ['Australia/Lord_Howe', '2026-10-04 02:00', '2026-10-03T15:30Z', '02:00:00', '02:30:00'],
    ['America/Sao_Paulo', '2018-11-04 00:59:59', '2018-11-04T03:00Z', '00:00:00', '01:00:00'],
    ['Africa/Monrovia', '1972-01-07 00:30', '1972-01-07T00:44:30Z', '00:00:00', '00:44:30'],
  ])('%s %s is in the gap at %s, from %s to %s', (zone, text, instant, from, to) => {
    const gap = gapOver(zone, wall(text));
    expect(gap.at).toBe(at(instant));
    expect(formatWall(gap.from)).toBe(`${text.slice(0, 10)} ${from}`);
    expect(formatWall(gap.to)).toBe(`${text.slice(0, 10)} ${to}`);
  });
});

describe('in any zone', () => {
  const jumps: [string, string][] = [
    ['UTC', '2026-03-29T01:00Z'],
    ['Europe/Berlin', '2026-03-29T01:00Z'],
    ['Europe/Berlin', '2026-10-25T01:00Z'],
    ['Europe/Dublin', '2027-10-31T01:00Z'],
    ['America/New_York', '2026-03-08T07:00Z'],
    ['America/Havana', '2026-11-01T05:00Z'],
    ['America/Sao_Paulo', '2018-02-18T02:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
    ['Australia/Lord_Howe', '2026-04-04T15:00Z'],
    ['Pacific/Chatham', '2026-04-04T14:00Z'],
    ['Antarctica/Troll', '2027-10-31T01:00Z'],
    ['Africa/Casablanca', '2026-02-15T02:00Z'],
    ['Asia/Gaza', '2026-03-27T00:00Z'],
    ['Pacific/Apia', '2011-12-30T10:00Z'],
    ['Pacific/Kwajalein', '1993-08-21T12:00Z'],
    ['Africa/Monrovia', '1972-01-07T00:44:30Z'],
    ['Europe/Amsterdam', '1937-06-30T22:40:28Z'],
  ];
  const second = fc.integer({ min: -100_000, max: 100_000 });
  const nearJump = fc
    .tuple(fc.constantFrom(...jumps), second)
    .map(([[zone, jump], offset]) => ({ zone, instant: at(jump) + offset * 1_000 }));
  const anywhere = fc.record({
    zone: fc.constantFrom(...jumps.map(([zone]) => zone)),
    instant: fc
      .integer({ min: -3_000_000_000, max: 9_000_000_000 })
      .map((seconds) => seconds * 1_000),
  });
  const moment = fc.oneof(nearJump, anywhere);

  test('wall time is what Intl tells field by field', () => {
    fc.assert(
      fc.property(moment, ({ zone, instant }) => {
        expect(formatWall(wallTime(zone, instant))).toBe(toldByIntl(zone, instant));
      }),
    );
  });

  test('an instant is among those of its wall time, and all of them show it, in order', () => {
    fc.assert(
      fc.property(moment, ({ zone, instant }) => {
        const shown = wallTime(zone, instant);
        const instants = instantsOf(zone, shown);
        expect(instants).toContain(instant);
        for (const each of instants) expect(wallTime(zone, each)).toEqual(shown);
        expect(instants).toEqual([...new Set(instants)].sort((a, b) => a - b));
      }),
      { numRuns: 1_000 },
    );
  });

  test('a time is shown, or is in a gap that clocks jump over', () => {
    fc.assert(
      fc.property(moment, ({ zone, instant }) => {
        const sought = wallTime('UTC', instant + offsetAt(zone, instant - 7_200_000));
        const instants = instantsOf(zone, sought);
        for (const each of instants) expect(wallTime(zone, each)).toEqual(sought);
        if (instants.length > 0) return;
        const gap = gapOver(zone, sought);
        expect(utcOf(gap.from)).toBeLessThanOrEqual(utcOf(sought));
        expect(utcOf(gap.to)).toBeGreaterThan(utcOf(sought));
        expect(utcOf(wallTime(zone, gap.at - 1_000))).toBe(utcOf(gap.from) - 1_000);
        expect(wallTime(zone, gap.at)).toEqual(gap.to);
      }),
      { numRuns: 1_000 },
    );
  });

  function toldByIntl(zone: string, instant: number): string {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    }).formatToParts(instant);
    const { year, month, day, hour, minute, second } = Object.fromEntries(
      parts.map(({ type, value }) => [type, value]),
    );
    return `${year}-${month}-${day} ${hour}:${minute}:${second}`;
  }
});

describe('months and days later', () => {
  test.each([
    ['Europe/Berlin', '2026-03-28T12:00Z', { months: 0, days: 1 }, '2026-03-29T11:00Z'],
    ['Europe/Berlin', '2026-03-28T01:30Z', { months: 0, days: 1 }, '2026-03-29T01:30Z'],
    ['Europe/Berlin', '2026-10-24T00:30Z', { months: 0, days: 1 }, '2026-10-25T00:30Z'],
    ['Europe/Berlin', '2026-10-25T01:30Z', { months: 0, days: 0 }, '2026-10-25T01:30Z'],
    ['Europe/Berlin', '2026-10-26T01:30Z', { months: 0, days: -1 }, '2026-10-25T01:30Z'],
    ['UTC', '2027-01-31T09:00Z', { months: 1, days: 0 }, '2027-02-28T09:00Z'],
    ['UTC', '2028-02-29T09:00Z', { months: 12, days: 0 }, '2029-02-28T09:00Z'],
    ['UTC', '2027-12-31T09:00Z', { months: 2, days: 1 }, '2028-03-01T09:00Z'],
  ])('%s %s and %j is %s', (zone, from, span, to) => {
    expect(spanLater(zone, at(from), span)).toBe(at(to));
  });
});

describe('unknown zones', () => {
  test.each([
    ['Europe/Berln', 'did you mean Europe/Berlin?'],
    ['berlin', 'did you mean Europe/Berlin?'],
    ['New York', 'did you mean America/New_York?'],
    ['Mars/Olympus', 'a zone has an IANA name, such as Europe/Berlin or UTC'],
    ['', 'a zone has an IANA name, such as Europe/Berlin or UTC'],
  ])('%s: %s', (zone, hint) => {
    const error = refusal(() => offsetAt(zone, 0));
    expect(error.message).toBe(`unknown time zone: ${JSON.stringify(zone)}`);
    expect(error.hint).toBe(hint);
  });
});

describe('the zone of this machine', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test.each(['Europe/Berlin', 'Australia/Lord_Howe', 'Africa/Monrovia', 'America/St_Johns', 'UTC'])(
    'is what TZ=%s says',
    (zone) => {
      vi.stubEnv('TZ', zone);
      expect(zoneName(localZone)).toBe(zone);
      fc.assert(
        fc.property(fc.integer({ min: -3e9, max: 9e9 }), (seconds) => {
          expect(offsetAt(localZone, seconds * 1_000)).toBe(offsetAt(zone, seconds * 1_000));
        }),
      );
      expect(offsetAt(localZone, 1_800_000_000_999)).toBe(offsetAt(zone, 1_800_000_000_999));
    },
  );

  test('may be written with a colon', () => {
    vi.stubEnv('TZ', ':Asia/Tokyo');
    expect(offsetAt(localZone, 0)).toBe(540 * minutes);
  });

  test('is UTC without a name when TZ is empty', () => {
    vi.stubEnv('TZ', '');
    expect(offsetAt(localZone, 0)).toBe(0);
    expect(zoneName(localZone)).toBeUndefined();
  });

  test.each(['CET-1CEST,M3.5.0,M10.5.0/3', ':/etc/localtime', 'Nowhere/Else'])(
    'is not taken for UTC when TZ=%s',
    (tz) => {
      vi.stubEnv('TZ', tz);
      expect(() => offsetAt(localZone, 0)).toThrow(
        expect.objectContaining({
          kind: 'config',
          message: `the time zone of this machine is unclear: TZ=${tz}`,
        }),
      );
    },
  );
});
