// The ledger on a real Redis, by its own clock: what is written there, and how it lives beside go-queue.

import { Redis } from 'ioredis';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StrangeEntry } from '../../src/core/errors.ts';
import { defaultTerms, type Claim, type Ledger, type Terms } from '../../src/ledger/ledger.ts';
import { RedisLedger } from '../../src/ledger/redis/redis-ledger.ts';
import { startRedis } from '../support/servers.ts';

const job = { tube: 'mail', key: '0cc175b9c0f1b6a831c399e269772661', dueMs: Date.now() };
const written = `dq:${job.tube}:${job.key}`;

let url: string;
const open: { close(): void }[] = [];

beforeAll(async () => {
  url = `redis://${(await startRedis()).endpoint}`;
});

let direct: Redis;

beforeEach(async () => {
  direct = new Redis(url);
  open.push({
    close: () => {
      direct.disconnect();
    },
  });
  await direct.flushall();
});

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

function newLedger(terms: Terms = defaultTerms, goQueue = false): Ledger {
  const ledger = new RedisLedger({ redis: url, terms, goQueue });
  open.push(ledger);
  return ledger;
}

async function claimIn(ledger: Ledger, token = 'a'): Promise<Claim> {
  const answer = await ledger.claim(job, { token, maxDeaths: 5 });
  if (answer.kind !== 'granted') throw new Error(`answered ${answer.kind}`);
  return answer.claim;
}

describe('what lies in Redis', () => {
  it('is a line of text with the instants of its own clock, for as long as the job is remembered', async () => {
    await claimIn(newLedger());
    const text = await direct.get(written);
    const form =
      /^dq1 claimed token=a attempt=1 failures=0 deaths=0 claimedAt=(\d{13}) leaseUntil=(\d{13}) suspectAt=0$/;
    const [, claimedAt = '', leaseUntil = ''] = form.exec(text ?? '') ?? [];
    const [seconds] = await direct.time();
    expect(Number(seconds) * 1_000 - Number(claimedAt)).toBeLessThan(60_000);
    expect(Number(leaseUntil) - Number(claimedAt)).toBe(defaultTerms.lease);

    const hour = 3_600_000;
    expect(await direct.pttl(written)).toBeGreaterThan(defaultTerms.ttl + hour - 60_000);
  });

  it('moves on by itself: a lease is over, a suspicion passes, a claim is taken over', async () => {
    const ledger = newLedger({ ...defaultTerms, lease: 30, suspicion: 30 });
    await claimIn(ledger, 'a');
    let answer = await ledger.claim(job, { token: 'b', maxDeaths: 5 });
    while (answer.kind === 'claimed') {
      expect(answer.waitMs).toBeGreaterThan(0);
      answer = await ledger.claim(job, { token: 'b', maxDeaths: 5 });
    }
    const claim = { token: 'b', attempt: 2, failures: 0, deaths: 1 };
    expect(answer).toEqual({ kind: 'granted', claim });
  });

  it('is reached by scripts that Redis may forget', async () => {
    const ledger = newLedger();
    const owner = await claimIn(ledger);
    await direct.script('FLUSH');
    const renewals = Array.from({ length: 20 }, () => ledger.renew(job, owner));
    expect(await Promise.all(renewals)).toEqual(renewals.map(() => true));
  });

  it('when written by another version of dq, is neither run nor taken for done', async () => {
    await direct.set(written, 'dq2 whatever');
    const ledger = newLedger();
    await expect(claimIn(ledger)).rejects.toThrow(StrangeEntry);
    const says = new RegExp(`^redis \\S+: written by another version of dq: ${written}$`);
    await expect(claimIn(ledger)).rejects.toThrow(says);
    await expect(ledger.done(job, owner, 0)).rejects.toThrow(StrangeEntry);
    expect(await direct.get(written)).toBe('dq2 whatever');
  });

  it.each([
    ['no string', () => direct.rpush(written, 'x'), /not written by dq: WRONGTYPE [^@]*$/],
    ['no whole entry', () => direct.set(written, 'dq1 claimed'), /not written by dq: /],
  ])('when it is %s, says so, and that others can be asked', async (_, spoil, says) => {
    await spoil();
    const ledger = newLedger();
    await expect(claimIn(ledger)).rejects.toThrow(StrangeEntry);
    await expect(claimIn(ledger)).rejects.toThrow(says);
    await ledger.ready();
  });
});

const owner: Claim = { token: 'a', attempt: 1, failures: 0, deaths: 0 };
/** As a consumer of go-queue writes it. */
const value = 'hDfX2mQz81LpVw0K';

describe('what is asked in one tick', () => {
  const jobs = Array.from({ length: 600 }, (_, at) => ({ ...job, key: `job${at}` }));
  const keyOf = (at: number): string => `dq:${job.tube}:job${at}`;

  it('is asked at once, and each gets its own answer', async () => {
    const ledger = newLedger();
    await direct.set(keyOf(1), 'dq1 done exitCode=0 at=1767225600000 by=x');
    await direct.set(
      keyOf(2),
      'dq1 dead reason=failed exitCode=1 at=1 attempt=5 failures=5 deaths=0',
    );
    await direct.set(keyOf(3), 'dq1 retry attempt=1 failures=1 deaths=0 notBefore=9767225600000');
    await direct.set(keyOf(599), 'dq1 retry attempt=4 failures=1 deaths=2 notBefore=0');
    await ledger.ready();
    await direct.config('RESETSTAT');
    const asked = jobs.map((each, at) => ledger.claim(each, { token: `t${at}`, maxDeaths: 5 }));
    const answers = await Promise.all(asked);
    const fresh = (at: number) => {
      const claim = { token: `t${at}`, attempt: 1, failures: 0, deaths: 0 };
      return { kind: 'granted', claim };
    };
    expect(answers[0]).toEqual(fresh(0));
    expect(answers[1]).toEqual({ kind: 'done' });
    expect(answers[2]).toEqual({ kind: 'dead', reason: 'failed' });
    expect(answers[3]).toMatchObject({ kind: 'retry' });
    expect(answers.slice(4, 599)).toEqual(answers.slice(4, 599).map((_, at) => fresh(at + 4)));
    const last = { token: 't599', attempt: 5, failures: 1, deaths: 2 };
    expect(answers[599]).toEqual({ kind: 'granted', claim: last });
    expect(await direct.get(keyOf(300))).toMatch(/^dq1 claimed token=t300 attempt=1 /);
    const [, calls] = /cmdstat_evalsha:calls=(\d+)/.exec(await direct.info('commandstats')) ?? [];
    expect(Number(calls)).toBeLessThan(6);
  });

  it('is kept for as long as each job needs', async () => {
    const ledger = newLedger();
    const day = 86_400_000;
    const later = { ...job, key: 'job1', dueMs: Date.now() + 10 * day };
    const owner = { token: 'a', attempt: 1, failures: 0, deaths: 0 };
    await Promise.all([ledger.done(jobs[0]!, owner, 0), ledger.done(later, owner, 7)]);
    expect(await direct.get(keyOf(1))).toMatch(/^dq1 done exitCode=7 at=\d{13} by=a$/);
    const [soon, late] = await Promise.all([direct.pttl(keyOf(0)), direct.pttl(keyOf(1))]);
    expect(Math.round(soon / day)).toBe(3);
    expect(Math.round(late / day)).toBe(13);
  });

  it('fails for that job only whose entry is not of this dq', async () => {
    const ledger = newLedger();
    await direct.set(keyOf(1), 'dq2 whatever');
    await direct.rpush(keyOf(2), 'x');
    await direct.set(keyOf(3), 'dq1 claimed');
    const claims = jobs.slice(0, 5).map((each) => ledger.claim(each, { token: 'a', maxDeaths: 5 }));
    const answers = await Promise.allSettled(claims);
    expect(answers.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    for (const answer of answers.slice(1, 4)) {
      expect(answer).toMatchObject({ reason: expect.any(StrangeEntry) as Error });
    }
    expect(await direct.get(keyOf(4))).toMatch(/^dq1 claimed token=a /);
  });

  it('is answered for each: looking at many tells which entry is not of this dq', async () => {
    const ledger = newLedger();
    await direct.set(keyOf(1), 'dq2 whatever');
    await direct.set(keyOf(299), 'dq1 dead');
    await ledger.revoke(jobs[300]!, false);
    const standings = await ledger.lookAll(jobs);
    for (const at of [1, 299]) expect(standings[at]).toBeInstanceOf(StrangeEntry);
    const message = expect.stringMatching(
      `written by another version of dq: ${keyOf(1)}`,
    ) as string;
    expect(standings[1]).toMatchObject({ message });
    expect(standings[300]).toMatchObject({ state: 'revoked' });
    expect(standings.filter((each) => each !== undefined).length).toBe(3);
  });

  it('is asked of a Redis that has forgotten the script', async () => {
    const ledger = newLedger();
    await ledger.claim(jobs[0]!, { token: 'a', maxDeaths: 5 });
    await direct.script('FLUSH');
    const claims = jobs.slice(1).map((each) => ledger.claim(each, { token: 'a', maxDeaths: 5 }));
    const kinds = (await Promise.all(claims)).map((answer) => answer.kind);
    expect(new Set(kinds)).toEqual(new Set(['granted']));
  });
});

describe.each([true, false])("a value of go-queue's (goQueue: %s)", (goQueue) => {
  it('means that the job is done, by nobody we know', async () => {
    const key = goQueue ? job.key : written;
    const ledger = newLedger(defaultTerms, goQueue);
    await direct.set(key, value);
    expect(await ledger.claim(job, { token: 'a', maxDeaths: 5 })).toEqual({ kind: 'done' });
    expect(await ledger.look(job)).toEqual({ state: 'done', exitCode: 0, agoMs: 0, by: '' });
    expect(await ledger.renew(job, owner)).toBe(false);
    expect(await ledger.revoke(job, true)).toBe('done');
    expect(await ledger.kick(job)).toBe('done');
    await ledger.done(job, owner, 0);
    expect(await direct.get(key)).toBe(value);
  });
});

it('shares its keys with go-queue, whose consumers then find the job taken', async () => {
  const ledger = newLedger(defaultTerms, true);
  await claimIn(ledger);
  expect(await direct.set(job.key, value, 'PX', 3_600_500, 'NX')).toBeNull();
  await ledger.done(job, owner, 0);
  expect(await direct.set(job.key, value, 'PX', 3_600_500, 'NX')).toBeNull();
  expect(await direct.keys('*')).toEqual([job.key]);
});
