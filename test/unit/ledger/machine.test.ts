// Each transition of the ledger's state machine, as the table of states has it.

import { describe, expect, it } from 'vitest';
import { defaultTerms, type Claim } from '../../../src/ledger/ledger.ts';
import * as machine from '../../../src/ledger/machine.ts';
import type { Entry } from '../../../src/ledger/machine.ts';

const terms = defaultTerms;
const now = 1_767_225_600_000;
const moment = { now, dueMs: now - 5_000 };
const hour = 3_600_000;

const owner: Claim = { token: 'owner', attempt: 3, failures: 1, deaths: 1 };
const counts = { attempt: 3, failures: 1, deaths: 1 };
const request = { token: 'other', maxDeaths: 5 };

const claimed = {
  state: 'claimed',
  claim: owner,
  claimedAt: now - 7_000,
  leaseUntil: now + 18_000,
  suspectAt: 0,
} as const;
const waiting = { state: 'retry', ...counts, notBefore: now } as const;
const done = { state: 'done', exitCode: 0, at: now - 9_000, by: 'owner' } as const;
const dead = { state: 'dead', reason: 'failed', exitCode: 1, at: now - 9_000, ...counts } as const;
const revoked = { state: 'revoked', at: now - 9_000, final: false } as const;
const entries: Entry[] = [claimed, waiting, done, dead, revoked];

function claim(
  entry: Entry | undefined,
  more: { age?: number; maxDeaths?: number; token?: string } = {},
): ReturnType<typeof machine.claim> {
  return machine.claim(entry, { ...request, ...more }, moment, terms);
}

/** What a new owner holds. */
function held(holder: Claim): Entry {
  const leaseUntil = now + terms.lease;
  return { state: 'claimed', claim: holder, claimedAt: now, leaseUntil, suspectAt: 0 };
}

describe('claim', () => {
  it('of an unknown job is its first attempt', () => {
    const granted = { token: 'other', attempt: 1, failures: 0, deaths: 0 };
    expect(claim(undefined)).toEqual({
      entry: held(granted),
      answer: { kind: 'granted', claim: granted },
    });
  });

  it('of an unknown job that is due longer ago than the ledger remembers finds it dead', () => {
    const late = { now, dueMs: now - terms.ttl - 1 };
    const { entry, answer } = machine.claim(undefined, request, late, terms);
    expect(answer).toEqual({ kind: 'dead', reason: 'late' });
    expect(entry).toMatchObject({ state: 'dead', reason: 'late', at: now, attempt: 0 });
    const justInTime = { now, dueMs: now - terms.ttl };
    const { answer: granted } = machine.claim(undefined, request, justInTime, terms);
    expect(granted.kind).toBe('granted');
  });

  it('of a job that waits for its next attempt is granted when that is due', () => {
    const granted = { token: 'other', attempt: 4, failures: 1, deaths: 1 };
    expect(claim(waiting)).toEqual({
      entry: held(granted),
      answer: { kind: 'granted', claim: granted },
    });
    const tooEarly = { ...waiting, notBefore: now + 1 };
    expect(claim(tooEarly)).toEqual({ entry: tooEarly, answer: { kind: 'retry', waitMs: 1 } });
  });

  it('of a job that is over changes nothing', () => {
    expect(claim(done)).toEqual({ entry: done, answer: { kind: 'done' } });
    expect(claim(dead)).toEqual({ entry: dead, answer: { kind: 'dead', reason: 'failed' } });
    expect(claim(revoked)).toEqual({ entry: revoked, answer: { kind: 'revoked' } });
  });

  it.each([
    { age: 6, kind: 'granted' },
    { age: 7, kind: 'revoked' },
    { age: 9, kind: 'revoked' },
    { age: undefined, kind: 'revoked' },
  ])('of a job revoked 9 s ago, by a replica $age s old: $kind', ({ age, kind }) => {
    const { answer } = claim(revoked, age === undefined ? {} : { age });
    expect(answer.kind).toBe(kind);
    const forGood = claim({ ...revoked, final: true }, age === undefined ? {} : { age });
    expect(forGood.answer.kind).toBe('revoked');
  });

  it('of a job put again too late after it was revoked finds it dead', () => {
    const late = { now, dueMs: now - terms.ttl - 1 };
    const { answer } = machine.claim(revoked, { ...request, age: 0 }, late, terms);
    expect(answer).toEqual({ kind: 'dead', reason: 'late' });
  });

  it('by the token that holds it grants the same again, with the lease anew', () => {
    const suspected = { ...claimed, leaseUntil: now - 11_000, suspectAt: now - 10_500 };
    expect(claim(suspected, { token: 'owner' })).toEqual({
      entry: { ...claimed, leaseUntil: now + terms.lease },
      answer: { kind: 'granted', claim: owner },
    });
  });

  it.each([
    { claimedMsAgo: 0, leaseLeft: 20_000, waitMs: 1_000 },
    { claimedMsAgo: 999, leaseLeft: 19_001, waitMs: 1_000 },
    { claimedMsAgo: 7_000, leaseLeft: 18_000, waitMs: 7_000 },
    { claimedMsAgo: 3_600_000, leaseLeft: 18_000, waitMs: 18_000 },
    { claimedMsAgo: 0, leaseLeft: 1, waitMs: 1 },
    { claimedMsAgo: -60_000, leaseLeft: 80_000, waitMs: 1_000 },
  ])(
    'waits $waitMs ms for a claim of $claimedMsAgo ms ago with a lease for $leaseLeft ms more',
    ({ claimedMsAgo, leaseLeft, waitMs }) => {
      const entry = {
        ...claimed,
        claimedAt: now - claimedMsAgo,
        leaseUntil: now + leaseLeft,
      };
      expect(claim(entry)).toEqual({ entry, answer: { kind: 'claimed', waitMs } });
    },
  );

  it('takes over in two steps', () => {
    const over = { ...claimed, leaseUntil: now };
    const suspected = { ...over, suspectAt: now };
    const waits = { kind: 'claimed', waitMs: terms.suspicion };
    expect(claim(over)).toEqual({ entry: suspected, answer: waits });
    expect(claim(suspected)).toEqual({ entry: suspected, answer: waits });

    const almost = { ...over, suspectAt: now - terms.suspicion + 1 };
    expect(claim(almost)).toEqual({ entry: almost, answer: { kind: 'claimed', waitMs: 1 } });

    const granted = { token: 'other', attempt: 4, failures: 1, deaths: 2 };
    expect(claim({ ...over, suspectAt: now - terms.suspicion })).toEqual({
      entry: held(granted),
      answer: { kind: 'granted', claim: granted },
    });
  });

  it('takes nothing over while the owner may be coming back, as the ledger was away', () => {
    const entry = { ...claimed, leaseUntil: 0, suspectAt: now - 60_000 };
    const after = (connectedMs: number) =>
      machine.claim(entry, request, { ...moment, connectedMs }, terms).answer;
    expect(after(1_000)).toEqual({ kind: 'claimed', waitMs: terms.suspicion - 1_000 });
    expect(after(terms.suspicion)).toMatchObject({ kind: 'granted' });
  });

  it('finds a job dead that lost as many workers as its claimer allows', () => {
    const suspected = { ...claimed, leaseUntil: 0, suspectAt: now - terms.suspicion };
    const buried = { ...dead, reason: 'lost', exitCode: undefined, at: now, deaths: 2 };
    expect(claim(suspected, { maxDeaths: 2 })).toEqual({
      entry: buried,
      answer: { kind: 'dead', reason: 'lost' },
    });
    expect(claim(suspected, { maxDeaths: 3 }).answer.kind).toBe('granted');
  });
});

describe('the owner', () => {
  const suspected = { ...claimed, leaseUntil: now - 60_000, suspectAt: now - 9_000 };

  it.each([claimed, suspected])('renews, whether the lease is over or not', (entry) => {
    expect(machine.renew(entry, owner, moment, terms)).toEqual({
      entry: { ...claimed, leaseUntil: now + terms.lease },
      answer: true,
    });
  });

  it('renews a claim the ledger has lost', () => {
    const { entry, answer } = machine.renew(undefined, owner, moment, terms);
    expect({ entry, answer }).toEqual({ entry: held(owner), answer: true });
  });

  it.each([claimed, suspected, undefined])('may fail, and the job waits', (entry) => {
    expect(machine.retry(entry, owner, 4_000, moment)).toEqual({
      entry: { ...waiting, failures: 2, notBefore: now + 4_000 },
      answer: true,
    });
  });

  it.each([claimed, suspected, undefined])('may fail for the last time', (entry) => {
    expect(machine.dead(entry, owner, { reason: 'rejected', exitCode: 65 }, moment)).toEqual({
      entry: { ...dead, reason: 'rejected', exitCode: 65, at: now, failures: 2 },
      answer: true,
    });
  });

  it.each([claimed, suspected, undefined])('may give back, which is no failure', (entry) => {
    const notStarted = { started: false, delayMs: 1_000 };
    expect(machine.giveBack(entry, owner, notStarted, moment)).toEqual({
      entry: { ...waiting, attempt: 2, notBefore: now + 1_000 },
      answer: true,
    });
    const { entry: next } = machine.giveBack(entry, owner, { started: true, delayMs: 0 }, moment);
    expect(next).toEqual(waiting);
  });

  const notTheirs = entries.filter((entry) => entry !== claimed);
  const another = { ...claimed, claim: { ...owner, token: 'other' } };

  it.each([another, ...notTheirs])('is refused all of it when it is $state for others', (entry) => {
    const refused = { entry, answer: false };
    expect(machine.renew(entry, owner, moment, terms)).toEqual(refused);
    expect(machine.retry(entry, owner, 0, moment)).toEqual(refused);
    expect(machine.dead(entry, owner, { reason: 'failed' }, moment)).toEqual(refused);
    const giveBack = { started: false, delayMs: 0 };
    expect(machine.giveBack(entry, owner, giveBack, moment)).toEqual(refused);
  });

  it.each([another, claimed, waiting, dead, revoked, undefined])(
    'has its success written down whatever became of the job',
    (entry) => {
      const step = machine.done(entry, owner, 0, moment);
      expect(step.entry).toEqual({ ...done, at: now });
    },
  );

  it('leaves the first success as it is', () => {
    const step = machine.done(done, { ...owner, token: 'other' }, 9, moment);
    expect(step.entry).toBe(done);
  });
});

describe('revoke', () => {
  it.each([undefined, waiting, dead, revoked])('stops what nobody runs', (entry) => {
    for (const final of [false, true]) {
      expect(machine.revoke(entry, final, moment)).toEqual({
        entry: { state: 'revoked', at: now, final },
        answer: 'revoked',
      });
    }
  });

  it('stays for good once it is', () => {
    const { entry } = machine.revoke({ ...revoked, final: true }, false, moment);
    expect(entry).toEqual({ state: 'revoked', at: now, final: true });
  });

  it.each([claimed, done])('comes too late for $state', (entry) => {
    expect(machine.revoke(entry, true, moment)).toEqual({ entry, answer: entry.state });
  });
});

describe('kick', () => {
  it('wakes what is dead or unknown, with its failures and deaths forgotten', () => {
    const awake = { ...waiting, failures: 0, deaths: 0 };
    expect(machine.kick(dead, moment)).toEqual({ entry: awake, answer: 'kicked' });
    expect(machine.kick(undefined, moment)).toEqual({
      entry: { ...awake, attempt: 0 },
      answer: 'kicked',
    });
  });

  it.each([
    { entry: claimed, answer: 'pending' },
    { entry: waiting, answer: 'pending' },
    { entry: done, answer: 'done' },
    { entry: revoked, answer: 'revoked' },
  ])('answers $answer for $entry.state', ({ entry, answer }) => {
    expect(machine.kick(entry, moment)).toEqual({ entry, answer });
  });
});

describe('look', () => {
  it.each([
    [undefined, undefined],
    [claimed, { state: 'claimed', claim: owner, agoMs: 7_000, leaseLeftMs: 18_000 }],
    [waiting, { state: 'retry', ...counts, inMs: 0 }],
    [done, { state: 'done', exitCode: 0, agoMs: 9_000, by: 'owner' }],
    [dead, { state: 'dead', reason: 'failed', exitCode: 1, ...counts, agoMs: 9_000 }],
    [revoked, { state: 'revoked', agoMs: 9_000 }],
  ])('tells %j as durations', (entry, standing) => {
    expect(machine.look(entry, now)).toEqual(standing);
  });
});

describe('keepFor', () => {
  it.each(entries)('remembers $state for its ttl and an hour after it was due, or now', (entry) => {
    const longer = entry.state === 'dead' ? 30 * 24 * hour : 0;
    const kept = terms.ttl + hour + longer;
    expect(machine.keepFor(entry, { now, dueMs: now - 60_000 }, terms)).toBe(kept);
    expect(machine.keepFor(entry, { now, dueMs: now + 60_000 }, terms)).toBe(kept + 60_000);
  });
});
