// A worker that fails by itself: what waits for others to run with is given back at once, as with a stop.

import { Buffer } from 'node:buffer';
import { expect, it } from 'vitest';
import { Batches } from '../../../src/consume/batches.ts';
import { Worker } from '../../../src/consume/worker.ts';
import { systemClock as clock } from '../../../src/core/clock.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { nodeWithOne } from '../../support/one-replica-node.ts';

const hour = 3_600_000;

it('ends without waiting for what a batch waits for', async () => {
  const never = new AbortController().signal;
  const settled: string[] = [];
  const defect = new Error('removed');
  let fail: (defect: Error) => void = () => undefined;
  const broken = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const node = nodeWithOne(Buffer.from(`${Date.now()}000000/hello`), (how) => settled.push(how));
  const run = (): never => {
    throw new Error('nothing is to run');
  };
  const batches = new Batches({
    ...{ size: 2, concurrency: 1, wait: hour, clock, run, fits: () => true },
  });
  const worker = new Worker({
    ...{ name: 'worker', ledger: new MemoryLedger(clock), clock, random: () => 0.5 },
    ...{ report: () => undefined, concurrency: 2, attempts: 5, grace: hour },
    tubes: [{ name: 'default', nodes: [{ ...node, reserve: () => broken }] }],
    handler: (task, attempt) => {
      fail(defect);
      return batches.handle(task, attempt);
    },
    onStopping: batches.stop,
  });
  await expect(worker.run(never, never)).rejects.toBe(defect);
  expect(settled).toEqual(['release']);
});
