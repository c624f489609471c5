// The end of a drain whose ledger stays away: it gives up after a while, and not for an outage that passes.

import { describe, expect, it } from 'vitest';
import { Drain, longestOutage, type DrainParts } from '../../../src/consume/drain.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { LedgerDown } from '../../../src/core/errors.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import type { QueueNode } from '../../../src/queue/node.ts';

const job = { tube: 'default', key: 'k', dueMs: 0 };

/** On a clock that passes while it is slept. */
function scene(isDown: (now: number) => boolean) {
  let now = 0;
  const clock: Clock = {
    now: () => now,
    sleep: (ms: number) => {
      now += ms;
      return Promise.resolve();
    },
  };
  const node = { endpoint: 'q:1', counts: () => Promise.resolve({ ready: 0, delayed: 0 }) };
  const ledger = {
    look: () => {
      if (isDown(now)) return Promise.reject(new LedgerDown('away'));
      return Promise.resolve({ state: 'done', exitCode: 0, worker: undefined, agoMs: 0 });
    },
  };
  const parts: DrainParts = {
    ...{ clock, ledger: ledger as unknown as Ledger, nodes: [node as unknown as QueueNode] },
    ...{ within: 0, idle: () => true, stalled: () => false },
  };
  const drain = async (others: Partial<DrainParts> = {}, hasRetry = false) => {
    const it = new Drain();
    if (hasRetry) it.onVerdict(job, { kind: 'retry', delayMs: 1 });
    const end = await it.wait({ ...parts, ...others }, new AbortController().signal);
    return { ...end, now };
  };
  return { drain, now: () => now };
}

describe('the ledger is down', () => {
  it('and nothing can start: the drain ends after a while', async () => {
    const { drain } = scene(() => true);
    const { ledgerDown, now } = await drain({ idle: () => false, stalled: () => true });
    expect(ledgerDown).toBe(true);
    expect(now).toBeGreaterThanOrEqual(longestOutage);
  });

  it('and can’t tell what became of a retry', async () => {
    const { drain } = scene(() => true);
    expect(await drain({}, true)).toMatchObject({ ledgerDown: true, unseen: [] });
  });

  it('but not for so long, again and again', async () => {
    const { drain } = scene((now) => now < 5 * longestOutage && now % longestOutage !== 0);
    const { ledgerDown, now } = await drain({}, true);
    expect(ledgerDown).toBe(false);
    expect(now).toBeLessThan(longestOutage + 1_000);
  });

  it('and nothing needs it', async () => {
    const { drain } = scene(() => true);
    expect(await drain()).toMatchObject({ ledgerDown: false });
  });

  it('then is back, with jobs to wait for', async () => {
    const { drain, now } = scene(() => false);
    const outage = (): boolean => now() % longestOutage < longestOutage - 1_000;
    const idle = (): boolean => now() > 3 * longestOutage;
    expect(await drain({ stalled: outage, idle })).toMatchObject({ ledgerDown: false });
  });
});
