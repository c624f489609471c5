// The waits between tries.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs, betweenAttempts, betweenConnects } from '../../../src/core/backoff.ts';

test('failed runs wait 2 s, 4 s, 8 s, at most 15 min', () => {
  const waits = [1, 2, 3, 4, 9, 10, 1_000].map((failures) =>
    backoffMs(betweenAttempts, failures, 0),
  );
  expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 512_000, 900_000, 900_000]);
});

test('connecting anew waits 100 ms at first, 2 s at most', () => {
  const waits = [1, 2, 5, 6, 99].map((failures) => backoffMs(betweenConnects, failures, 0));
  expect(waits).toEqual([100, 200, 1_600, 2_000, 2_000]);
});

test('jitter adds up to a quarter, and never passes the most', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), random, (failures, jitter) => {
      const plain = backoffMs(betweenAttempts, failures, 0);
      const wait = backoffMs(betweenAttempts, failures, jitter);
      expect(Number.isInteger(wait)).toBe(true);
      expect(wait).toBeGreaterThanOrEqual(plain);
      expect(wait).toBeLessThanOrEqual(Math.min(plain * 1.25, betweenAttempts.most));
    }),
  );
  expect(backoffMs(betweenAttempts, 1, 0.999)).toBe(2_500);
});
