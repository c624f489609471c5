// Stamps: due instants that make equal payloads different jobs.

import { expect, test } from 'vitest';
import { newStamp } from '../../../src/produce/stamp.ts';

test('the stamps of one millisecond are instants of their own within it, also over the end of the counter', () => {
  const stamp = newStamp(0.9999);
  const seen = new Set(Array.from({ length: 1_000 }, () => stamp(1_767_225_600_123)));
  expect(seen.size).toBe(1_000);
  for (const ns of seen) {
    if (ns / 1_000_000n !== 1_767_225_600_123n) throw new Error(`${ns} is another millisecond`);
  }
});

test('processes begin at random', () => {
  expect(newStamp(0.25)(1)).toBe(1_250_001n);
  expect(newStamp(0.5)(1)).toBe(1_500_001n);
});
