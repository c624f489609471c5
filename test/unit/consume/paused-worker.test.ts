// A worker whose process stood still while the answer to its claim was on its way.

import { Buffer } from 'node:buffer';
import { expect, it } from 'vitest';
import { Worker } from '../../../src/consume/worker.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { nodeWithOne } from '../../support/one-replica-node.ts';

it('does not run what another took over and has run', async () => {
  let stoodStill = 0;
  const clock = { ...systemClock, now: () => Date.now() + stoodStill };
  const memory = new MemoryLedger(clock);
  const other = { token: 'other', maxDeaths: 5 };
  const ledger: Ledger = Object.create(memory, {
    claim: {
      value: async (...[job, request]: Parameters<Ledger['claim']>) => {
        const answer = await memory.claim(job, request);
        if (stoodStill > 0) return answer;
        for (const wait of [25_000, 15_000]) {
          stoodStill += wait;
          await memory.claim(job, other);
        }
        await memory.done(job, { token: 'other', attempt: 2, failures: 0, deaths: 1 }, 0);
        return answer;
      },
    },
  }) as Ledger;

  const stop = new AbortController();
  const settled: string[] = [];
  const node = nodeWithOne(Buffer.from(`${Date.now()}000000/hello`), (how) => {
    settled.push(how);
    stop.abort();
  });
  let runs = 0;
  const worker = new Worker({
    ...{ name: 'worker', tubes: [{ name: 'default', nodes: [node] }], ledger, clock },
    ...{ random: () => 0.5, report: () => undefined, concurrency: 1, attempts: 5, grace: 0 },
    handler: () => {
      runs += 1;
      return Promise.resolve({ kind: 'succeeded', exitCode: 0 });
    },
  });
  const summary = await worker.run(stop.signal, stop.signal);
  expect([runs, settled]).toEqual([0, ['delete']]);
  expect(summary).toEqual({ succeeded: 0, buried: 0, unsettled: 0 });
});
