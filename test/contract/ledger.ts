// What every ledger must do, whatever remembers it: a suite to be called with a way to make one.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Claim, ClaimAnswer, ClaimRequest } from '../../src/ledger/ledger.ts';
import type { JobRef, Ledger, Terms } from '../../src/ledger/ledger.ts';

export interface LedgerRig {
  /** Empty, and on `contractTerms`. */
  readonly ledger: Ledger;
  /** The ledger's clock, in ms since the epoch. */
  now(): number;
  pass(ms: number): Promise<void>;
}

export const contractTerms: Terms = { ttl: 3 * 86_400_000, lease: 20_000, suspicion: 10_000 };

/** @param forgets whether it forgets jobs some time after they were due, and so must refuse those found too late. */
export function ledgerContract(
  name: string,
  make: () => Promise<LedgerRig>,
  { forgets = true } = {},
): void {
  describe(`${name}: the contract of a ledger`, () => {
    let rig: LedgerRig;
    let ledger: Ledger;
    let job: JobRef;

    beforeEach(async () => {
      rig = await make();
      ledger = rig.ledger;
      job = { tube: 'mail', key: '0cc175b9c0f1b6a831c399e269772661', dueMs: rig.now() };
    });

    afterEach(() => {
      ledger.close();
    });

    const ask = (token: string, more: Partial<ClaimRequest> = {}): Promise<ClaimAnswer> =>
      ledger.claim(job, { token, maxDeaths: 5, ...more });

    const claim = async (token: string): Promise<Claim> => {
      const answer = await ask(token);
      if (answer.kind !== 'granted') throw new Error(`${token} was answered ${answer.kind}`);
      return answer.claim;
    };

    /** The owner disappears; who finds that out first makes it suspect. */
    const loseOwner = async (): Promise<void> => {
      await rig.pass(contractTerms.lease);
      await ask('finder');
      await rig.pass(contractTerms.suspicion);
    };

    describe('looking', () => {
      it('at many gives them in their order', async () => {
        const others = Array.from({ length: 1_200 }, (_, at) => ({ ...job, key: `key-${at}` }));
        await claim('a');
        await ledger.revoke({ ...job, key: 'key-700' }, false);
        const standings = await ledger.lookAll([...others, job, job]);
        expect(standings.length).toBe(1_202);
        const claimed = { state: 'claimed' };
        expect(standings.slice(1_200)).toMatchObject([claimed, claimed]);
        expect(standings.flatMap((each, at) => (each === undefined ? [] : [at]))).toEqual([
          700, 1_200, 1_201,
        ]);
        expect(standings[1_201]).toEqual(await ledger.look(job));
        expect(await ledger.lookAll([])).toEqual([]);
      });
    });

    describe('claim', () => {
      it('is granted to the first who asks, as the first attempt', async () => {
        expect(await ledger.look(job)).toBeUndefined();
        expect(await claim('a')).toEqual({ token: 'a', attempt: 1, failures: 0, deaths: 0 });
      });

      it('is granted to one of many who ask at once', async () => {
        const tokens = Array.from({ length: 20 }, (_, at) => `worker${at}`);
        const answers = await Promise.all(tokens.map((token) => ask(token)));
        expect(answers.filter(({ kind }) => kind === 'granted')).toHaveLength(1);
        expect(answers.filter(({ kind }) => kind === 'claimed')).toHaveLength(19);
      });

      it('holds for one tube and one key', async () => {
        await claim('a');
        const elsewhere = { ...job, tube: 'other' };
        const otherJob = { ...job, key: '92eb5ffee6ae2fec3ad71c777531578f' };
        for (const free of [elsewhere, otherJob]) {
          const answer = await ledger.claim(free, { token: 'b', maxDeaths: 5 });
          expect(answer.kind).toBe('granted');
        }
      });

      it('is granted again to the same token, with the lease anew and the time of the claim kept', async () => {
        const granted = await claim('a');
        await rig.pass(15_000);
        expect(await claim('a')).toEqual(granted);
        expect(await ledger.look(job)).toEqual({
          state: 'claimed',
          claim: granted,
          agoMs: 15_000,
          leaseLeftMs: 20_000,
        });
      });

      it('makes others wait for its age, a second at least, never longer than its lease lasts', async () => {
        await claim('a');
        const waits = [];
        for (const ms of [0, 500, 4_500, 11_000, 3_999]) {
          await rig.pass(ms);
          waits.push(await ask('b'));
        }
        const expected = [1_000, 1_000, 5_000, 4_000, 1];
        expect(waits).toEqual(expected.map((waitMs) => ({ kind: 'claimed', waitMs })));
      });
    });

    describe('the lease', () => {
      it('is prolonged by the owner only', async () => {
        const owner = await claim('a');
        await rig.pass(19_000);
        expect(await ledger.renew(job, { ...owner, token: 'b' })).toBe(false);
        expect(await ledger.renew(job, owner)).toBe(true);
        expect(await ledger.look(job)).toMatchObject({ agoMs: 19_000, leaseLeftMs: 20_000 });
      });

      it('is taken over in two steps, which counts a death and an attempt', async () => {
        await claim('a');
        await rig.pass(20_000);
        expect(await ask('b')).toEqual({ kind: 'claimed', waitMs: 10_000 });
        await rig.pass(9_999);
        expect(await ask('c')).toEqual({ kind: 'claimed', waitMs: 1 });
        await rig.pass(1);
        expect(await claim('b')).toEqual({ token: 'b', attempt: 2, failures: 0, deaths: 1 });
      });

      it('is not taken over before the second step, however long it is over', async () => {
        await claim('a');
        await rig.pass(3_600_000);
        expect(await ask('b')).toEqual({ kind: 'claimed', waitMs: 10_000 });
      });

      it.each(['renewed', 'claimed again'])('is cleared of suspicion when %s', async (how) => {
        const owner = await claim('a');
        await rig.pass(20_000);
        await ask('b');
        await rig.pass(9_000);
        if (how === 'renewed') expect(await ledger.renew(job, owner)).toBe(true);
        else expect(await claim('a')).toEqual(owner);
        await rig.pass(19_000);
        expect(await ask('b')).toEqual({ kind: 'claimed', waitMs: 1_000 });
        await rig.pass(1_000);
        expect(await ask('b')).toEqual({ kind: 'claimed', waitMs: 10_000 });
      });

      it('may be over when the owner settles', async () => {
        const owner = await claim('a');
        await loseOwner();
        expect(await ledger.retry(job, owner, 0)).toBe(true);
        expect(await claim('b')).toMatchObject({ attempt: 2, failures: 1, deaths: 0 });
      });

      it('once taken over, leaves its former owner nothing but success', async () => {
        const former = await claim('a');
        await loseOwner();
        const owner = await claim('b');
        expect(await ledger.renew(job, former)).toBe(false);
        expect(await ledger.retry(job, former, 0)).toBe(false);
        expect(await ledger.dead(job, former, { reason: 'failed' })).toBe(false);
        const giveBack = { started: true, delayMs: 0 };
        expect(await ledger.giveBack(job, former, giveBack)).toBe(false);
        expect(await ledger.look(job)).toMatchObject({ state: 'claimed', claim: owner });

        await ledger.done(job, former, 0);
        expect(await ledger.renew(job, owner)).toBe(false);
        expect(await ledger.look(job)).toEqual({
          state: 'done',
          exitCode: 0,
          agoMs: 0,
          by: 'a',
        });
      });

      it('taken over for the last time allowed, makes the job dead', async () => {
        await claim('a');
        await loseOwner();
        expect(await ask('b', { maxDeaths: 1 })).toEqual({ kind: 'dead', reason: 'lost' });
        expect(await ask('c')).toEqual({ kind: 'dead', reason: 'lost' });
        expect(await ledger.look(job)).toEqual({
          state: 'dead',
          reason: 'lost',
          exitCode: undefined,
          attempt: 1,
          failures: 0,
          deaths: 1,
          agoMs: 0,
        });
      });
    });

    describe('settling', () => {
      it('done: nobody runs it again, and the first success stays', async () => {
        const owner = await claim('a');
        await ledger.done(job, owner, 3);
        await rig.pass(70_000);
        await ledger.done(job, { ...owner, token: 'b' }, 0);
        expect(await ask('b')).toEqual({ kind: 'done' });
        expect(await ask('a')).toEqual({ kind: 'done' });
        expect(await ledger.renew(job, owner)).toBe(false);
        const standing = await ledger.look(job);
        expect(standing).toEqual({ state: 'done', exitCode: 3, agoMs: 70_000, by: 'a' });
      });

      it('retry: counts a failure, and holds the next attempt back', async () => {
        const owner = await claim('a');
        expect(await ledger.retry(job, owner, 4_000)).toBe(true);
        await rig.pass(1_000);
        expect(await ask('b')).toEqual({ kind: 'retry', waitMs: 3_000 });
        const counts = { attempt: 1, failures: 1, deaths: 0 };
        expect(await ledger.look(job)).toEqual({ state: 'retry', ...counts, inMs: 3_000 });
        await rig.pass(3_000);
        expect(await claim('b')).toEqual({ token: 'b', attempt: 2, failures: 1, deaths: 0 });
      });

      it('retry: leaves the former owner nothing', async () => {
        const owner = await claim('a');
        await ledger.retry(job, owner, 0);
        expect(await ledger.renew(job, owner)).toBe(false);
        expect(await ledger.retry(job, owner, 0)).toBe(false);
        expect(await ledger.look(job)).toMatchObject({ state: 'retry', failures: 1 });
      });

      it('dead: is told to everybody', async () => {
        const owner = await claim('a');
        const death = { reason: 'rejected', exitCode: 65 } as const;
        expect(await ledger.dead(job, owner, death)).toBe(true);
        expect(await ask('b')).toEqual({ kind: 'dead', reason: 'rejected' });
        await rig.pass(5_000);
        expect(await ledger.look(job)).toEqual({
          state: 'dead',
          ...death,
          attempt: 1,
          failures: 1,
          deaths: 0,
          agoMs: 5_000,
        });
      });

      it('giving back: counts no failure, and the attempt only when the handler had started', async () => {
        const first = await claim('a');
        expect(await ledger.giveBack(job, first, { started: false, delayMs: 0 })).toBe(true);
        const second = await claim('b');
        expect(second).toEqual({ token: 'b', attempt: 1, failures: 0, deaths: 0 });
        expect(await ledger.giveBack(job, second, { started: true, delayMs: 2_000 })).toBe(true);
        expect(await ask('c')).toEqual({ kind: 'retry', waitMs: 2_000 });
        await rig.pass(2_000);
        expect(await claim('c')).toEqual({ token: 'c', attempt: 2, failures: 0, deaths: 0 });
      });

      it('takes the word of an owner it has forgotten', async () => {
        const owner = { token: 'a', attempt: 3, failures: 1, deaths: 1 };
        expect(await ledger.renew(job, owner)).toBe(true);
        expect(await ledger.look(job)).toMatchObject({ state: 'claimed', claim: owner, agoMs: 0 });
        expect(await ask('b')).toEqual({ kind: 'claimed', waitMs: 1_000 });

        job = { ...job, key: 'another' };
        expect(await ledger.retry(job, owner, 0)).toBe(true);
        expect(await claim('b')).toEqual({ token: 'b', attempt: 4, failures: 2, deaths: 1 });
      });
    });

    describe('revoke', () => {
      it('stops a job that nobody runs', async () => {
        expect(await ledger.revoke(job, false)).toBe('revoked');
        expect(await ask('a')).toEqual({ kind: 'revoked' });
        await rig.pass(3_000);
        expect(await ledger.look(job)).toEqual({ state: 'revoked', agoMs: 3_000 });
      });

      it.each(['retry', 'dead'])('stops one that is in %s', async (state) => {
        const owner = await claim('a');
        if (state === 'retry') await ledger.retry(job, owner, 0);
        else await ledger.dead(job, owner, { reason: 'failed' });
        expect(await ledger.revoke(job, false)).toBe('revoked');
        expect(await ask('b')).toEqual({ kind: 'revoked' });
      });

      it('leaves one alone that runs or is done', async () => {
        const owner = await claim('a');
        expect(await ledger.revoke(job, true)).toBe('claimed');
        expect(await ledger.renew(job, owner)).toBe(true);
        await ledger.done(job, owner, 0);
        expect(await ledger.revoke(job, true)).toBe('done');
        expect(await ask('b')).toEqual({ kind: 'done' });
      });

      it('stops no replica that is surely younger than it', async () => {
        await ledger.revoke(job, false);
        await rig.pass(10_000);
        expect(await ask('a')).toEqual({ kind: 'revoked' });
        expect(await ask('a', { age: 12 })).toEqual({ kind: 'revoked' });
        expect(await ask('a', { age: 8 })).toEqual({ kind: 'revoked' });
        expect(await ask('a', { age: 7 })).toMatchObject({ kind: 'granted' });
      });

      it('for good, stops replicas of any age', async () => {
        await ledger.revoke(job, true);
        await rig.pass(10_000);
        expect(await ask('a', { age: 0 })).toEqual({ kind: 'revoked' });
        expect(await ledger.revoke(job, false)).toBe('revoked');
        await rig.pass(10_000);
        expect(await ask('a', { age: 0 })).toEqual({ kind: 'revoked' });
      });
    });

    describe('kick', () => {
      it('wakes a dead job with its counts at zero, and goes on counting its attempts', async () => {
        await ledger.dead(job, await claim('a'), { reason: 'failed', exitCode: 1 });
        expect(await ledger.kick(job)).toBe('kicked');
        const counts = { attempt: 1, failures: 0, deaths: 0 };
        expect(await ledger.look(job)).toEqual({ state: 'retry', ...counts, inMs: 0 });
        expect(await claim('b')).toEqual({ token: 'b', attempt: 2, failures: 0, deaths: 0 });
      });

      it('leaves a job alone that runs or waits', async () => {
        const owner = await claim('a');
        expect(await ledger.kick(job)).toBe('pending');
        expect(await ledger.renew(job, owner)).toBe(true);
        await ledger.retry(job, owner, 4_000);
        expect(await ledger.kick(job)).toBe('pending');
        expect(await ask('b')).toEqual({ kind: 'retry', waitMs: 4_000 });
      });

      it('leaves a job alone that is over', async () => {
        await ledger.revoke(job, false);
        expect(await ledger.kick(job)).toBe('revoked');
        expect(await ask('a')).toEqual({ kind: 'revoked' });
        job = { ...job, key: 'another' };
        await ledger.done(job, await claim('a'), 0);
        expect(await ledger.kick(job)).toBe('done');
      });
    });

    it('runs a job that is older than its memory, when told to', async () => {
      job = { ...job, dueMs: rig.now() - contractTerms.ttl - 1 };
      expect(await ledger.kick(job)).toBe('kicked');
      expect(await claim('a')).toMatchObject({ attempt: 1 });
    });

    if (forgets) {
      it('buries a job that is older than its memory', async () => {
        job = { ...job, dueMs: rig.now() - contractTerms.ttl };
        expect(await claim('a')).toMatchObject({ attempt: 1 });
        job = { ...job, key: 'another', dueMs: job.dueMs - 1 };
        expect(await ask('a')).toEqual({ kind: 'dead', reason: 'late' });
        expect(await ledger.look(job)).toMatchObject({ state: 'dead', reason: 'late', attempt: 0 });
      });
    }
  });
}
