// A job that was put again after it was deleted, on a node that is slow to tell how old its replica is.

import { Buffer } from 'node:buffer';
import { expect, it } from 'vitest';
import { Worker } from '../../../src/consume/worker.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { keyOf } from '../../../src/core/key.ts';
import { revocationDoubt } from '../../../src/ledger/machine.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { nodeWithOne } from '../../support/one-replica-node.ts';

/**
 * How often it runs.
 * @param putAfter how long after the delete it was put, in ms; negative: before.
 * @param sinceThen how long before the worker gets it.
 * @param slow how long the node takes to tell its age.
 */
async function runs(putAfter: number, sinceThen: number, slow: number): Promise<number> {
  let now = 1_800_000_000_000;
  const clock = { ...systemClock, now: () => now };
  const envelope = Buffer.from(`${now}000000/hello`);
  const ledger = new MemoryLedger(clock);
  await ledger.revoke({ tube: 'default', key: keyOf(envelope), dueMs: now }, false);
  const putAt = now + putAfter;
  now = Math.max(now, putAt) + sinceThen;

  const stop = new AbortController();
  const onSettled = (): void => {
    stop.abort();
  };
  const rest = { tube: 'default', state: 'reserved', priority: 0, ttr: 60, timeLeft: 59 } as const;
  const node = nodeWithOne(envelope, onSettled, () => {
    now += slow;
    return Promise.resolve({ ...rest, age: Math.floor((now - putAt) / 1_000) });
  });
  const worker = new Worker({
    ...{ name: 'worker', tubes: [{ name: 'default', nodes: [node] }], ledger, clock },
    ...{ random: () => 0.5, report: () => undefined, concurrency: 1, attempts: 5, grace: 0 },
    handler: () => Promise.resolve({ kind: 'succeeded', exitCode: 0 }),
  });
  return (await worker.run(stop.signal, stop.signal)).succeeded;
}

const instants = [0, 200, 500, 999].flatMap((since) =>
  [0, 400, 900, 1_000].map((slow) => [since, slow] as const),
);

it.each(instants)('it runs: met after %i ms, its age told after %i ms', async (since, slow) => {
  expect(await runs(revocationDoubt, since, slow)).toBe(1);
});

it.each(instants)(
  'put before, it does not: met after %i ms, its age after %i ms',
  async (since, slow) => {
    expect(await runs(-1, since, slow)).toBe(0);
    expect(await runs(-1, since + 5_000, slow)).toBe(0);
  },
);
