// A worker whose reports wait for their reader.

import { Buffer } from 'node:buffer';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Worker } from '../../../src/consume/worker.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { nodeWithOne } from '../../support/one-replica-node.ts';

it('takes nothing until they are read', async () => {
  const stop = new AbortController();
  const node = nodeWithOne(Buffer.from(`${Date.now()}000000/hello`), () => {
    stop.abort();
  });
  let isRead = false;
  let read = (): void => undefined;
  const backlog = new Promise<void>((resolve) => {
    read = resolve;
  });
  const runs: boolean[] = [];
  const worker = new Worker({
    ...{ name: 'worker', tubes: [{ name: 'default', nodes: [node] }], clock: systemClock },
    ...{ ledger: new MemoryLedger(systemClock), report: () => undefined, random: () => 0.5 },
    ...{ concurrency: 1, attempts: 5, grace: 0 },
    backlog: () => (isRead ? undefined : backlog),
    handler: () => {
      runs.push(isRead);
      return Promise.resolve({ kind: 'succeeded', exitCode: 0 });
    },
  });
  const ended = worker.run(stop.signal, stop.signal);
  for (let turns = 0; turns < 100; turns += 1) await turn();
  isRead = true;
  read();
  expect(await ended).toEqual({ succeeded: 1, buried: 0, unsettled: 0 });
  expect(runs).toEqual([true]);
});
