// The Lua on a real Redis does what the pure machine does: the same stories, step by step, entry by entry.

import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JobRef, Terms } from '../../src/ledger/ledger.ts';
import { claim, keepFor, type Entry } from '../../src/ledger/machine.ts';
import { RedisLedger } from '../../src/ledger/redis/redis-ledger.ts';
import { claimAnswer } from '../../src/ledger/redis/replies.ts';
import { assembleScripts } from '../../src/ledger/redis/scripts.ts';
import { stories, Workers } from '../support/ledger-steps.ts';
import { MemoryLedger } from '../support/memory-ledger.ts';
import { startRedis } from '../support/servers.ts';

const terms: Terms = { ttl: 3_600_000, lease: 20_000, suspicion: 10_000 };
const begin = 1_767_225_600_000;
const clockOfTest = 'tonumber(redis.call("GET", "clock"))';

let direct: Redis;
let ledger: RedisLedger;

beforeAll(async () => {
  const url = `redis://${(await startRedis()).endpoint}`;
  direct = new Redis(url);
  ledger = new RedisLedger({ redis: url, terms, goQueue: false }, assembleScripts(clockOfTest));
});

afterAll(() => {
  direct.disconnect();
  ledger.close();
});

/** The text form, written down a second time, so that a change of it can't go unnoticed. */
function textOf(entry: Entry): string {
  switch (entry.state) {
    case 'claimed': {
      const { claim, claimedAt, leaseUntil, suspectAt } = entry;
      const times = `claimedAt=${claimedAt} leaseUntil=${leaseUntil} suspectAt=${suspectAt}`;
      return `dq1 claimed token=${claim.token} ${countsOf(claim)} ${times}`;
    }
    case 'retry':
      return `dq1 retry ${countsOf(entry)} notBefore=${entry.notBefore}`;
    case 'done':
      return `dq1 done exitCode=${entry.exitCode} at=${entry.at} by=${entry.by}`;
    case 'dead': {
      const { reason, exitCode, at } = entry;
      return `dq1 dead reason=${reason} exitCode=${exitCode ?? '-'} at=${at} ${countsOf(entry)}`;
    }
    case 'revoked':
      return `dq1 revoked at=${entry.at} final=${entry.final ? 1 : 0}`;
  }
}

function countsOf(of: { attempt: number; failures: number; deaths: number }): string {
  return `attempt=${of.attempt} failures=${of.failures} deaths=${of.deaths}`;
}

const dueIn = fc.oneof(
  fc.constantFrom(0, -terms.ttl, -terms.ttl - 1, 40 * 86_400_000),
  fc.integer({ min: -2 * terms.ttl, max: terms.ttl }),
);

it('plays every story as the pure machine does', async () => {
  let run = 0;
  const property = fc.asyncProperty(stories(terms, 40), dueIn, async (steps, dueInMs) => {
    let now = begin;
    await direct.set('clock', now);
    const job: JobRef = { tube: 'model', key: `job${run++}`, dueMs: begin + dueInMs };
    const clock = { now: () => now, sleep: () => Promise.reject(new Error('nobody sleeps')) };
    const model = new MemoryLedger(clock, terms);
    const modelled = new Workers(model, job);
    const real = new Workers(ledger, job);

    for (const step of steps) {
      now = await direct.incrby('clock', step.afterMs);
      const before = model.entry(job);
      const expected = await modelled.perform(step);
      expect(await real.perform(step)).toEqual(expected);

      const entry = model.entry(job);
      const key = `dq:model:${job.key}`;
      expect(await direct.get(key)).toBe(entry === undefined ? null : textOf(entry));
      if (entry === undefined || entry === before) continue;
      const kept = keepFor(entry, { now, dueMs: job.dueMs }, terms);
      const left = await direct.pttl(key);
      expect(left).toBeLessThanOrEqual(kept);
      expect(left).toBeGreaterThan(kept - 60_000);
    }
  });
  await fc.assert(property, { numRuns: 300 });
});

it('takes a suspected claim over when the pure machine does, however long it was connected', async () => {
  const script = assembleScripts(clockOfTest).claim;
  await direct.set('clock', begin);
  const time = fc.integer({ min: 0, max: 2 * terms.suspicion });
  const property = fc.asyncProperty(time, time, async (suspectedMs, connected) => {
    const connectedMs = Math.min(connected, terms.suspicion);
    const entry: Entry = {
      ...{ state: 'claimed', claim: { token: 'a', attempt: 1, failures: 0, deaths: 0 } },
      ...{ claimedAt: begin - 90_000, leaseUntil: begin - 70_000 },
      suspectAt: begin - suspectedMs,
    };
    await direct.set('suspected', textOf(entry));
    const { ttl, lease, suspicion } = terms;
    const words = [ttl, lease, suspicion, begin, 'b', 5, -1, connectedMs];
    const [reply = ''] = (await direct.eval(script.lua, 1, 'suspected', ...words)) as string[];
    const moment = { now: begin, dueMs: begin, connectedMs };
    const { answer } = claim(entry, { token: 'b', maxDeaths: 5 }, moment, terms);
    expect(claimAnswer('b', reply)).toEqual(answer);
  });
  await fc.assert(property, { examples: [[terms.suspicion, terms.suspicion]], numRuns: 200 });
});
