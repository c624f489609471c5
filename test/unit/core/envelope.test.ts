// The envelope: byte for byte what go-queue writes, and nothing else is one.

import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dueMs, latestDueMs, openEnvelope, sealEnvelope } from '../../../src/core/envelope.ts';
import { keyOf } from '../../../src/core/key.ts';
import goQueue from '../../vectors/go-queue.json' with { type: 'json' };

const latestDue = 2n ** 63n - 1n;

describe('recorded from a go-queue producer', () => {
  test.each(goQueue.vectors)('$at $payload', ({ payload, dueNs, envelopeHex, key }) => {
    const job = { dueNs: BigInt(dueNs), payload: Buffer.from(payload) };
    const envelope = Buffer.from(envelopeHex, 'hex');
    expect(sealEnvelope(job)).toEqual(envelope);
    expect(openEnvelope(envelope)).toEqual(job);
    expect(keyOf(envelope)).toBe(key);
  });
});

test('what was sealed is opened', () => {
  const due = fc.bigInt({ min: 0n, max: latestDue });
  fc.assert(
    fc.property(due, fc.uint8Array({ maxLength: 100 }), (dueNs, bytes) => {
      const job = { dueNs, payload: Buffer.from(bytes) };
      expect(openEnvelope(sealEnvelope(job))).toEqual(job);
    }),
  );
});

test('what can be opened is sealed to the same bytes', () => {
  const digits = fc.stringMatching(/^[0-9]{0,21}$/);
  const almost = fc
    .tuple(digits, fc.constantFrom('/', '', '-', ' '), fc.string({ unit: 'binary' }))
    .map((parts) => Buffer.from(parts.join('')));
  const anything = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(almost, anything), (bytes) => {
      const job = openEnvelope(bytes);
      if (job !== undefined) expect(sealEnvelope(job)).toEqual(bytes);
    }),
    { numRuns: 1_000 },
  );
});

test.each(['0/', '1/', '1//', '9223372036854775807/hello', '1767225600000000000/\0\r\n'])(
  '%j is an envelope',
  (text) => {
    expect(openEnvelope(Buffer.from(text))).toBeDefined();
  },
);

test.each([
  '',
  '/',
  '/hello',
  'hello',
  '17',
  '1767225600000000000',
  '-1/hello',
  '+1/hello',
  ' 1/hello',
  '1 /hello',
  '01/hello',
  '00/hello',
  '1.5/hello',
  '0x1/hello',
  '١/hello',
  '9223372036854775808/hello',
  '10000000000000000000/hello',
])('%j is none', (text) => {
  expect(openEnvelope(Buffer.from(text))).toBeUndefined();
});

test('the payload is a view, not a copy', () => {
  const envelope = Buffer.from('1/hello');
  expect(openEnvelope(envelope)?.payload.buffer).toBe(envelope.buffer);
});

test.each([
  [0n, 0],
  [1n, 1],
  [1_000_000n, 1],
  [1_000_001n, 2],
  [1_767_225_600_000_000_001n, 1_767_225_600_001],
])('a job due at %d ns may start at %d ms', (ns, ms) => {
  expect(dueMs(ns)).toBe(ms);
});

test('an envelope holds the latest due instant, and not the millisecond after', () => {
  const payload = Buffer.alloc(0);
  const latest = BigInt(latestDueMs) * 1_000_000n;
  expect(openEnvelope(sealEnvelope({ dueNs: latest, payload }))).toEqual({
    dueNs: latest,
    payload,
  });
  expect(openEnvelope(sealEnvelope({ dueNs: latest + 1_000_000n, payload }))).toBeUndefined();
});
