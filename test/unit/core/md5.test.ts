// Our own MD5: the vectors of RFC 1321, and whatever node:crypto says.

import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { md5 } from '../../../src/core/md5.ts';

test.each([
  ['', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['a', '0cc175b9c0f1b6a831c399e269772661'],
  ['abc', '900150983cd24fb0d6963f7d28e17f72'],
  ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
  ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
  [
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
    'd174ab98d277d9f5a5611c2c9f419d9f',
  ],
  ['1234567890'.repeat(8), '57edf4a22be3c955ac49da2e2107b67a'],
])('RFC 1321: %j', (text, digest) => {
  expect(md5(Buffer.from(text))).toBe(digest);
});

function nodesOwn(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

test('is what node:crypto says, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => md5(bytes) === nodesOwn(bytes)),
    { numRuns: 2_000 },
  );
});

test('is what node:crypto says at every length around the ends of blocks', () => {
  for (let length = 0; length <= 1_100; length += 1) {
    const bytes = Buffer.alloc(length, 'x');
    expect(md5(bytes)).toBe(nodesOwn(bytes));
  }
});
