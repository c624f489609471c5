// Instants: every form that is one, to the nanosecond, and what is told about those that are none.

import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { latestDueMs } from '../../../src/core/envelope.ts';
import { formatInstant, formatLocal, parseInstant } from '../../../src/core/instant.ts';
import { localZone } from '../../../src/core/zone.ts';
import goQueue from '../../vectors/go-queue.json' with { type: 'json' };
import { attempt, refusal } from './refusal.ts';

/** A Tuesday. */
const tuesday = '2009-11-17T12:47:00Z';

function parse(text: string, now = tuesday, zone = 'UTC'): string {
  const { ns } = parseInstant(text, { now: Date.parse(now), zone });
  expect(ns % 1_000_000n).toBe(0n);
  return formatInstant(Number(ns / 1_000_000n)).replace('.000Z', 'Z');
}

function isRelative(text: string): boolean {
  return parseInstant(text, { now: Date.parse(tuesday), zone: 'UTC' }).relative;
}

describe('date-times', () => {
  test.each([
    ['2027-01-01T00:00Z', 1_798_761_600_000_000_000n],
    ['2027-01-01T00:00', 1_798_758_000_000_000_000n],
    ['2027-07-01T00:00', 1_814_392_800_000_000_000n],
    ['2027-01-01', 1_798_758_000_000_000_000n],
    ['2027-01-01 00:00:00.000000001', 1_798_758_000_000_000_001n],
    ['2027-01-01T00:00:00,5Z', 1_798_761_600_500_000_000n],
    ['2027-01-01t00:00z', 1_798_761_600_000_000_000n],
    ['2027-01-01 0:00 UTC', 1_798_761_600_000_000_000n],
    ['2027-01-01 noon', 1_798_801_200_000_000_000n],
    ['2027-01-01T00:00+05:45', 1_798_740_900_000_000_000n],
    ['2027-01-01T00:00-0330', 1_798_774_200_000_000_000n],
    ['2027-01-01T00:00-03', 1_798_772_400_000_000_000n],
    ['2027-01-01 00:00:00 +01:00', 1_798_758_000_000_000_000n],
    ['2028-02-29T00:00Z', 1_835_395_200_000_000_000n],
    ['1970-01-01T00:00Z', 0n],
    ['1969-12-31T23:00-01:00', 0n],
    ['2262-04-11T23:47:16.854Z', BigInt(latestDueMs) * 1_000_000n],
  ])('%s', (text, ns) => {
    const frame = { now: Date.parse(tuesday), zone: 'Europe/Berlin' };
    expect(parseInstant(text, frame)).toEqual({ ns, relative: false });
  });

  test.each(goQueue.vectors)('as a go-queue producer has it: $at', ({ at, dueNs }) => {
    expect(parseInstant(at, { now: 0, zone: 'UTC' }).ns).toBe(BigInt(dueNs));
  });

  test('what is shown twice is the first', () => {
    expect(parse('2026-10-25T02:30', tuesday, 'Europe/Berlin')).toBe('2026-10-25T00:30:00Z');
  });

  test.each([
    ['2026-03-29T02:30', '02:00:00', '2026-03-29 03:00:00', 'Europe/Berlin'],
    ['2018-11-04', '00:00:00', '2018-11-04 01:00:00', 'America/Sao_Paulo'],
    ['2011-12-30T12:00', '00:00:00', '2011-12-31 00:00:00', 'Pacific/Apia'],
  ])('what clocks skip is refused: %s', (text, from, to, zone) => {
    const { message, hint } = refusal(() => parse(text, tuesday, zone));
    const time = text.slice(11) || '00:00';
    const day = text.slice(0, 10);
    expect(message).toBe(
      `there is no ${day} ${time}:00 in ${zone}: clocks go from ${day} ${from} to ${to}`,
    );
    expect(hint).toBe('give a time outside of this gap');
  });
});

test.each([
  ['@0', 0n],
  ['@1798761600', 1_798_761_600_000_000_000n],
  ['@1798761600.123456789', 1_798_761_600_123_456_789n],
  ['@1798761600.5', 1_798_761_600_500_000_000n],
])('%s is in seconds since the epoch', (text, ns) => {
  expect(parseInstant(text, { now: 0, zone: 'UTC' })).toEqual({ ns, relative: false });
});

describe('from now on', () => {
  const now = 1_798_761_600_123;

  test.each([
    ['now', 0],
    ['+0s', 0],
    ['+90s', 90_000],
    ['+ 1h30m', 5_400_000],
    ['+250ms', 250],
    ['-1h', -3_600_000],
    ['- 1h30m', -5_400_000],
    ['now + 90s', 90_000],
    ['now+3 days', 3 * 86_400_000],
    ['NOW  +  3  Days', 3 * 86_400_000],
    ['now + 1 day', 86_400_000],
    ['now + 2weeks', 14 * 86_400_000],
    ['now + 5 min', 300_000],
    ['now + 1 hour', 3_600_000],
    ['now + 10 seconds', 10_000],
  ])('%s', (text, ms) => {
    const ns = BigInt(now + ms) * 1_000_000n;
    expect(parseInstant(text, { now, zone: 'UTC' })).toEqual({ ns, relative: true });
  });

  test('a day later is the same time of day, whatever clocks did', () => {
    expect(parse('now + 1 day', '2026-03-28T12:00Z', 'Europe/Berlin')).toBe('2026-03-29T11:00:00Z');
    expect(parse('now + 1d', '2026-03-28T12:00Z', 'Europe/Berlin')).toBe('2026-03-29T12:00:00Z');
    expect(parse('now + 24 hours', '2026-03-28T12:00Z', 'Europe/Berlin')).toBe(
      '2026-03-29T12:00:00Z',
    );
  });
});

describe('times of day', () => {
  test.each([
    ['12:47', '2009-11-17T12:47:00Z'],
    ['12:47:01', '2009-11-17T12:47:01Z'],
    ['12:46:59', '2009-11-18T12:46:59Z'],
    ['9:00', '2009-11-18T09:00:00Z'],
    ['noon', '2009-11-18T12:00:00Z'],
    ['midnight', '2009-11-18T00:00:00Z'],
    ['today 17:30', '2009-11-17T17:30:00Z'],
    ['today 09:00', '2009-11-17T09:00:00Z'],
    ['17:30 today', '2009-11-17T17:30:00Z'],
    ['tomorrow 09:00', '2009-11-18T09:00:00Z'],
    ['Tomorrow noon', '2009-11-18T12:00:00Z'],
    ['09:00 tomorrow', '2009-11-18T09:00:00Z'],
    ['tuesday 12:47', '2009-11-17T12:47:00Z'],
    ['tuesday 12:46', '2009-11-24T12:46:00Z'],
    ['monday 09:00', '2009-11-23T09:00:00Z'],
    ['sat 09:00', '2009-11-21T09:00:00Z'],
    ['09:00 wednesday', '2009-11-18T09:00:00Z'],
    ['23:55 + 7 min', '2009-11-18T00:02:00Z'],
    ['tomorrow 09:00 + 1 week', '2009-11-25T09:00:00Z'],
  ])('%s', (text, instant) => {
    expect(parse(text)).toBe(instant);
    expect(isRelative(text)).toBe(false);
  });

  test('are those of the zone, and so is the day', () => {
    expect(parse('today 00:30', '2027-01-01T23:10Z', 'Europe/Berlin')).toBe('2027-01-01T23:30:00Z');
    expect(parse('09:00', '2027-01-01T23:10Z', 'Europe/Berlin')).toBe('2027-01-02T08:00:00Z');
    expect(parse('20:00 UTC', '2006-04-27T18:00Z', 'America/New_York')).toBe(
      '2006-04-27T20:00:00Z',
    );
    expect(parse('tomorrow 01:00Z', '2027-01-01T23:10Z', 'Europe/Berlin')).toBe(
      '2027-01-02T01:00:00Z',
    );
  });

  test('shown twice: the first that is not past', () => {
    const zone = 'Europe/Berlin';
    expect(parse('02:30', '2026-10-25T00:00Z', zone)).toBe('2026-10-25T00:30:00Z');
    expect(parse('02:30', '2026-10-25T00:45Z', zone)).toBe('2026-10-25T01:30:00Z');
    expect(parse('02:30', '2026-10-25T01:45Z', zone)).toBe('2026-10-26T01:30:00Z');
  });

  test('skipped by clocks: refused, unless the next such is another day', () => {
    const zone = 'Europe/Berlin';
    const skipped = 'there is no 2026-03-29 02:30:00 in Europe/Berlin';
    expect(refusal(() => parse('02:30', '2026-03-29T00:00Z', zone)).message).toContain(skipped);
    expect(refusal(() => parse('02:30', '2026-03-28T02:00Z', zone)).message).toContain(skipped);
    expect(refusal(() => parse('today 02:30', '2026-03-29T08:00Z', zone)).message).toContain(
      skipped,
    );
    expect(parse('02:30', '2026-03-29T08:00Z', zone)).toBe('2026-03-30T00:30:00Z');
    expect(parse('sunday 02:30', '2026-03-29T08:00Z', zone)).toBe('2026-04-05T00:30:00Z');
  });
});

// From the test suite of at(1), github.com/scfc/at.
describe('as at(1) has it', () => {
  test.each([
    ['now', '2009-11-17T12:47:00Z'],
    ['now + 23 hours', '2009-11-18T11:47:00Z'],
    ['now + 1 day', '2009-11-18T12:47:00Z'],
    ['now + 1 month', '2009-12-17T12:47:00Z'],
    ['23:55', '2009-11-17T23:55:00Z'],
    ['23:55 + 7 min', '2009-11-18T00:02:00Z'],
    ['12:00', '2009-11-18T12:00:00Z'],
  ])('%s', (text, instant) => {
    expect(parse(text)).toBe(instant);
  });

  test.each(['Jan 32', 'Oct 0', 'May -1', 'Apr 31'])('%s is none', (text) => {
    expect(refusal(() => parse(text)).message).toBe(`not an instant: "${text}"`);
  });
});

describe('refused', () => {
  const example =
    "such as 2027-01-01T09:00, 17:30, +90s, @1798761600, 'tomorrow 09:00' or 'now + 3 days'";
  const range = 'no job can be due before 1970 or after 2262-04-11';
  const seconds = 'after an @ seconds are counted, not milliseconds';

  test.each([
    ['', 'not an instant: ""', example],
    ['soon', 'not an instant: "soon"', example],
    ['tomorrow', 'not an instant: "tomorrow"', "did you mean 'tomorrow 09:00'?"],
    ['Monday', 'not an instant: "Monday"', "did you mean 'monday 09:00'?"],
    ['4pm', 'not an instant: "4pm"', 'did you mean 16:00?'],
    ['4:30 p.m.', 'not an instant: "4:30 p.m."', 'did you mean 16:30?'],
    ['12 am', 'not an instant: "12 am"', 'did you mean 00:00?'],
    ['4PM  Tomorrow', 'not an instant: "4PM  Tomorrow"', "did you mean '16:00 tomorrow'?"],
    ['13pm', 'not an instant: "13pm"', example],
    ['16', 'not an instant: "16"', 'did you mean 16:00?'],
    ['1630', 'not an instant: "1630"', 'did you mean 16:30?'],
    ['in 5 minutes', 'not an instant: "in 5 minutes"', "did you mean 'now + 5 minutes'?"],
    ['in 5 sheep', 'not an instant: "in 5 sheep"', example],
    ['2027', 'not an instant: "2027"', example],
    ['2027-1-1', 'not an instant: "2027-1-1"', example],
    ['2027-01-01T00:00 Europe/Berlin', expect.stringContaining('not an instant'), example],
    ['2027-01-01T00:00:00.1234567890Z', expect.stringContaining('not an instant'), example],
    ['12027-01-01', 'not an instant: "12027-01-01"', example],
    ['today + 1 day', 'not an instant: "today + 1 day"', example],
    ['now - 1 day', 'not an instant: "now - 1 day"', example],
    ['now\n+ 1 day + 1 day', 'not an instant: "now\\n+ 1 day + 1 day"', example],
    [`@${'9'.repeat(100)}`, expect.stringContaining('not an instant'), example],
    ['1798761600', 'not an instant: "1798761600"', 'did you mean @1798761600?'],
    ['1h30m', 'not an instant: "1h30m"', 'did you mean +1h30m?'],
    ['+', 'not an instant: "+"', example],
    ['+5', 'not a duration: "5": it has no unit', 'did you mean 5s?'],
    ['now + 5', 'not a duration: "5": it has no unit', 'did you mean 5s?'],
    ['+-5s', 'not a duration: "-5s": it is negative', expect.anything()],
    ['2027-02-30', 'there is no 2027-02-30', expect.anything()],
    ['2027-02-29T00:00Z', 'there is no 2027-02-29', expect.anything()],
    ['2027-13-01', 'there is no 2027-13-01', expect.anything()],
    ['2027-00-01', 'there is no 2027-00-01', expect.anything()],
    ['2027-01-00', 'there is no 2027-01-00', expect.anything()],
    ['24:00', 'there is no 24:00:00', expect.anything()],
    ['2027-01-01T12:60', 'there is no 12:60:00', expect.anything()],
    ['2027-01-01T23:59:60Z', 'there is no 23:59:60', expect.anything()],
    ['2027-01-01T00:00+24:00', 'there is no +24:00', expect.anything()],
    ['2027-01-01T00:00-01:60', 'there is no -01:60', expect.anything()],
    ['1969-12-31T23:59:59.999999999Z', range, undefined],
    ['@-1', range, seconds],
    ['@-0.000000001', range, seconds],
    ['2262-04-11T23:47:16.854000001Z', range, undefined],
    ['2263-01-01', range, undefined],
    ['0000-01-01', range, undefined],
    ['0075-01-01', range, undefined],
    ['9999-12-31', range, undefined],
    ['@1798761600000', range, seconds],
    ['@99999999999999999999 + 1 day', range, seconds],
    ['@1798761600 + 300 years', range, undefined],
    ['now + 999999999 years', range, undefined],
    ['now + 110000 weeks', range, undefined],
    ['now + 999999999 hours', range, undefined],
  ])('%s', (text, message: unknown, hint: unknown) => {
    expect(refusal(() => parse(text))).toMatchObject({ message, hint });
  });

  test('an unknown zone, where one is needed', () => {
    const frame = { now: 0, zone: 'Europe/Berln' };
    expect(refusal(() => parseInstant('09:00', frame)).hint).toBe('did you mean Europe/Berlin?');
  });
});

test('whatever is written is an instant that an envelope holds, or refused in one line', () => {
  const piece = fc.constantFrom(
    ...['now', 'today', 'tomorrow', 'mon', 'noon', '12:30', '02:30', '25:61:61', '2026-03-29'],
    ...['2027-01-01T00:00', 't', 'z', 'utc', '+01:00', '-99:99', '@', '-', '.', '5', '99999999999'],
    ...['+', ' + ', ' ', '3 days', '999999999 months', '1h', '\n', '0000-01-01', '9999-12-31'],
  );
  const almost = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
  const frame = fc.record({
    now: fc.nat(latestDueMs),
    zone: fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe', localZone),
  });
  fc.assert(
    fc.property(fc.oneof(almost, fc.string({ unit: 'binary' })), frame, (text, { now, zone }) => {
      const { value: instant, refused } = attempt(() => parseInstant(text, { now, zone }));
      if (refused !== undefined) return;
      expect(instant.ns >= 0n && instant.ns <= BigInt(latestDueMs) * 1_000_000n).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

describe('told', () => {
  test('in UTC, and read back', () => {
    expect(formatInstant(1_798_761_600_001)).toBe('2027-01-01T00:00:00.001Z');
    fc.assert(
      fc.property(fc.nat(latestDueMs), (ms) => {
        const { ns } = parseInstant(formatInstant(ms), { now: 0, zone: 'Europe/Berlin' });
        expect(ns).toBe(BigInt(ms) * 1_000_000n);
      }),
    );
  });

  test.each([
    ['Europe/Berlin', '2026-12-31T23:00:00.999Z', '2027-01-01 00:00:00 +01:00'],
    ['UTC', '2026-12-31T23:00:00Z', '2026-12-31 23:00:00 +00:00'],
    ['America/St_Johns', '2027-01-01T00:00Z', '2026-12-31 20:30:00 -03:30'],
    ['Africa/Monrovia', '1970-01-01T00:44:30Z', '1970-01-01 00:00:00 -00:44:30'],
  ])('in %s', (zone, instant, told) => {
    expect(formatLocal(Date.parse(instant), zone)).toBe(`${told} (${zone})`);
  });

  test('with an offset that is read back', () => {
    fc.assert(
      fc.property(
        fc.nat(9_000_000_000),
        fc.constantFrom('Europe/Berlin', 'UTC'),
        (second, zone) => {
          const [told = ''] = formatLocal(second * 1_000, zone).split(' (');
          const { ns } = parseInstant(told, { now: 0, zone: 'Asia/Tokyo' });
          expect(ns).toBe(BigInt(second) * 1_000_000_000n);
        },
      ),
    );
  });
});

describe('the zone of this machine', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  });

  test('is told by its name, if it has one', () => {
    vi.stubEnv('TZ', 'Europe/Berlin');
    expect(formatLocal(0, localZone)).toBe('1970-01-01 01:00:00 +01:00 (Europe/Berlin)');
    expect(parse('2027-01-01', tuesday, localZone)).toBe('2026-12-31T23:00:00Z');
    expect(refusal(() => parse('2026-03-29 02:30', tuesday, localZone)).message).toContain(
      'there is no 2026-03-29 02:30:00 in Europe/Berlin',
    );
    vi.stubEnv('TZ', '');
    expect(formatLocal(0, localZone)).toBe('1970-01-01 00:00:00 +00:00');
  });

  test.each([
    '2027-01-01T00:00+01:00',
    '@5',
    '+90s',
    'now',
    'now + 3 hours',
    '2027-01-01',
    '17:30',
  ])('needs no Intl, which is slow to start: %s', (text) => {
    vi.stubEnv('TZ', undefined);
    vi.stubGlobal('Intl', undefined);
    expect(() => parseInstant(text, { now: 0, zone: localZone })).not.toThrow();
  });
});
