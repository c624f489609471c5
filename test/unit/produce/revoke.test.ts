// For how long an equal job may be taken for one that was deleted.

import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { keyOf } from '../../../src/core/key.ts';
import { isPutAfter, revocationDoubt } from '../../../src/ledger/machine.ts';
import type { IdentifiedReplica } from '../../../src/produce/identify.ts';
import { revokeJob } from '../../../src/produce/revoke.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';

const node = { endpoint: 'node:1', tube: 'default', delete: () => Promise.resolve(true) };

async function deleted(envelopes: readonly string[], ledger = new MemoryLedger(systemClock)) {
  const replicas = envelopes.map((text) => ({ node, id: 1n, envelope: Buffer.from(text) }));
  const ref = { tube: 'default', key: keyOf(Buffer.from(envelopes[0] ?? '')), dueMs: 0 };
  const job = { ref, replicas: replicas as unknown as IdentifiedReplica[], silent: [] };
  return revokeJob(job, ledger);
}

it('is told of an instant of whole milliseconds, which anybody may give again', async () => {
  const doubtMs = revocationDoubt;
  expect(await deleted(['4102444800000000000/hello'])).toMatchObject({ doubtMs });
  expect(await deleted(['4102444800001000000/hello'])).toMatchObject({ doubtMs });
});

it('is none for a stamp, and in a queue whose puts forget revocations', async () => {
  expect(await deleted(['4102444800000000001/hello'])).toMatchObject({ doubtMs: 0 });
  const forgetful = Object.assign(new MemoryLedger(systemClock), { revocationDoubt: 0 });
  expect(await deleted(['4102444800000000000/hello'], forgetful)).toMatchObject({ doubtMs: 0 });
});

it('is told of a job of which nothing can be seen', async () => {
  expect(await deleted([])).toMatchObject({ doubtMs: revocationDoubt });
});

it('is long enough for an age in whole seconds, and clocks that drift apart by less than half a second', () => {
  const between = fc.tuple(fc.nat(1e9), fc.integer({ min: -499, max: 499 }));
  fc.assert(
    fc.property(between, ([age, drift]) => {
      const told = Math.floor(Math.max(0, age + drift) / 1_000);
      expect(isPutAfter(told, age + revocationDoubt)).toBe(true);
    }),
  );
});
