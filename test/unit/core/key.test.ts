// The key (go-queue's own are checked with the envelopes).

import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { keyOf } from '../../../src/core/key.ts';

test('is the md5 in lower-case hex, of the bytes and of nothing else', () => {
  expect(keyOf(Buffer.alloc(0))).toBe('d41d8cd98f00b204e9800998ecf8427e');
  expect(keyOf(Buffer.from('..1/hello..').subarray(2, 9))).toBe(keyOf(Buffer.from('1/hello')));
  expect(keyOf(Buffer.from([0xff]))).not.toBe(keyOf(Buffer.from([0xfe])));
});

test('is the same however many there were before, and however long the envelope is', () => {
  for (const length of [0, 1, 1_024, 1_025, 100_000]) {
    const envelope = Buffer.alloc(length, 'envelope');
    const digest = createHash('md5').update(envelope).digest('hex');
    for (let time = 0; time < 6; time += 1) expect(keyOf(envelope)).toBe(digest);
  }
});
