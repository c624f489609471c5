// The end of a drain whose ledger stays away: it gives up after a while, and not for an outage that passes; or has an
// entry that can't be read: that is told, and all else waited for.

import { describe, expect, it } from 'vitest';
import { Drain, longestOutage, type DrainParts } from '../../../src/consume/drain.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { LedgerDown, StrangeEntry } from '../../../src/core/errors.ts';
import type { JobRef, Ledger } from '../../../src/ledger/ledger.ts';
import type { QueueNode } from '../../../src/queue/node.ts';

const job = { tube: 'default', key: 'k', dueMs: 0 };

const done: Ledger['look'] = () =>
  Promise.resolve({ state: 'done', exitCode: 0, agoMs: 0, by: 'a' });

/** On a clock that passes while it is slept. */
function scene(isDown: (now: number) => boolean, look: Ledger['look'] = done) {
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
    look: (ref: JobRef) => (isDown(now) ? Promise.reject(new LedgerDown('away')) : look(ref)),
  };
  const parts: DrainParts = {
    ...{ clock, ledger: ledger as unknown as Ledger, nodes: [node as unknown as QueueNode] },
    ...{ within: 0, idle: () => true, stalled: () => false },
  };
  const drain = async (others: Partial<DrainParts> = {}, ...retries: readonly JobRef[]) => {
    const it = new Drain();
    for (const each of retries) it.onVerdict(each, { kind: 'retry', delayMs: 1 });
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
    expect(await drain({}, job)).toMatchObject({ ledgerDown: true, unseen: [] });
  });

  it('but not for so long, again and again', async () => {
    const { drain } = scene((now) => now < 5 * longestOutage && now % longestOutage !== 0);
    const { ledgerDown, now } = await drain({}, job);
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

it('waits for other retries than the one whose entry can’t be read, and tells of that', async () => {
  const other = { ...job, key: 'other' };
  const strange = new StrangeEntry('written by another version of dq');
  let looks = 0;
  const { drain } = scene(
    () => false,
    ({ key }) => {
      if (key === job.key) return Promise.reject(strange);
      looks += 1;
      return looks < 5
        ? Promise.resolve({ state: 'retry', attempt: 1, failures: 1, deaths: 0, inMs: 1 })
        : done(other);
    },
  );
  const end = await drain({}, job, other);
  expect(end).toMatchObject({ strange, ledgerDown: false, unseen: [] });
  expect(looks).toBe(5);
  expect(end.now).toBeLessThan(longestOutage);
});
