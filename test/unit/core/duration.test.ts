// Durations: what is one, what it is worth, and what those who err are told.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, longestDuration, parseDuration } from '../../../src/core/duration.ts';
import { attempt, refusal } from './refusal.ts';

test.each([
  ['0s', 0],
  ['1ms', 1],
  ['500ms', 500],
  ['5s', 5_000],
  ['05s', 5_000],
  ['1.5s', 1_500],
  ['0.001s', 1],
  ['1.1h', 3_960_000],
  ['1m', 60_000],
  ['1m5ms', 60_005],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
  ['1w', 604_800_000],
  ['1w2d3h4m5s6ms', 788_645_006],
  ['4294967295s', longestDuration],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

describe('no duration', () => {
  test.each([
    ['', ''],
    ['s', ''],
    ['1x', ''],
    ['.5s', ''],
    ['5.s', ''],
    ['1e3s', ''],
    ['30m1h', ''],
    ['5s5s', ''],
    ['1h30', ''],
    ['٣s', ''],
    ['-1', ': it is negative'],
    ['1234567890', ''],
    ['-5s', ': it is negative'],
    ['+5s', ''],
    ['0.5ms', ': it is finer than a millisecond'],
    ['0.0001s', ': it is finer than a millisecond'],
    ['4294967296s', ': it is longer than 49710d6h28m15s'],
    ['4294967295.001s', ': it is longer than 49710d6h28m15s'],
    [`${'9'.repeat(90)}w`, ': it is longer than 49710d6h28m15s'],
    [`${'9'.repeat(100)}s`, ''],
  ])('%s', (text, why) => {
    const error = refusal(() => parseDuration(text));
    expect(error.message).toBe(`not a duration: ${JSON.stringify(text)}${why}`);
    expect(error.hint).toContain('1h30m');
  });

  test.each([
    ['5', '5s'],
    ['0', '0s'],
    ['1.5', '1.5s'],
  ])('%s: did you mean %s?', (text, meant) => {
    expect(refusal(() => parseDuration(text))).toMatchObject({
      message: `not a duration: "${text}": it has no unit`,
      hint: `did you mean ${meant}?`,
    });
    expect(() => parseDuration(meant)).not.toThrow();
  });

  test.each([
    ['5 s', '5s'],
    ['5S', '5s'],
    ['5min', '5m'],
    ['5 Minutes', '5m'],
    ['1 hour 30mins', '1h30m'],
    ['2hrs', '2h'],
    ['1.5 day', '1.5d'],
    ['1H', '1h'],
    ['10 sec', '10s'],
    ['2weeks 3 secs 250 millis', '2w3s250ms'],
    ['100 msec', '100ms'],
  ])('%s: did you mean %s?', (text, meant) => {
    expect(refusal(() => parseDuration(text))).toMatchObject({
      message: `not a duration: "${text}"`,
      hint: `did you mean ${meant}?`,
    });
    expect(() => parseDuration(meant)).not.toThrow();
  });

  test.each(['5 months', '1 5m', '30 min 1 hour', 'min', `${'1'.repeat(101)}min`])(
    '%s means nothing',
    (text) => {
      expect(refusal(() => parseDuration(text)).hint).toContain('1h30m');
    },
  );
});

test.each([
  [0, '0s'],
  [1, '1ms'],
  [100, '100ms'],
  [1_000, '1s'],
  [1_500, '1.5s'],
  [60_000, '1m'],
  [60_001, '1m1ms'],
  [90_250, '1m30.25s'],
  [3_600_000, '1h'],
  [5_400_000, '1h30m'],
  [14 * 86_400_000, '14d'],
])('%d ms are told as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('what is told is read back', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(200_000), fc.integer({ min: 0, max: longestDuration })), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
});

test('whatever is written is a number of whole milliseconds or refused', () => {
  const piece = fc.constantFrom(
    '0',
    '1',
    '59',
    '99999',
    '.',
    'ms',
    's',
    'm',
    'h',
    'd',
    'w',
    '-',
    ' ',
  );
  const almost = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.oneof(almost, fc.string({ unit: 'binary' })), (text) => {
      const { value: ms, refused } = attempt(() => parseDuration(text));
      if (refused !== undefined) return;
      expect(Number.isSafeInteger(ms) && ms >= 0 && ms <= longestDuration).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
