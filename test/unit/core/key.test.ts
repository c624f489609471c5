// The key (go-queue's own are checked with the envelopes).

import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { keyOf } from '../../../src/core/key.ts';

test('is the md5 in lower-case hex, of the bytes and of nothing else', () => {
  expect(keyOf(Buffer.alloc(0))).toBe('d41d8cd98f00b204e9800998ecf8427e');
  expect(keyOf(Buffer.from('..1/hello..').subarray(2, 9))).toBe(keyOf(Buffer.from('1/hello')));
  expect(keyOf(Buffer.from([0xff]))).not.toBe(keyOf(Buffer.from([0xfe])));
});
