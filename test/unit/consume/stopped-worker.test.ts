// A worker that has ended: it waits for nothing any more, so that its process may end.

import { expect, it } from 'vitest';
import { Worker } from '../../../src/consume/worker.ts';
import { systemClock, type Clock } from '../../../src/core/clock.ts';
import { LedgerDown } from '../../../src/core/errors.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';

it('does not try on for a ledger that is down', async () => {
  let sleeping = 0;
  const clock: Clock = {
    ...systemClock,
    sleep: async (ms, signal) => {
      sleeping += 1;
      await systemClock.sleep(ms, signal);
      sleeping -= 1;
    },
  };
  const ledger = new MemoryLedger(clock);
  ledger.ready = () => Promise.reject(new LedgerDown('nobody is there'));
  const stop = new AbortController();
  const worker = new Worker({
    ...{ name: 'worker', tubes: [], ledger, clock, asksLedger: true },
    ...{ random: () => 0.5, concurrency: 1, attempts: 5, grace: 0 },
    handler: () => Promise.resolve({ kind: 'succeeded', exitCode: 0 }),
    report: ({ event }) => {
      if (event === 'ledger-down') stop.abort();
    },
  });
  await worker.run(stop.signal, stop.signal);
  await new Promise(setImmediate);
  expect(sleeping).toBe(0);
});
