// What holds in every story of a job, whoever does what and when.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClaimAnswer } from '../../../src/ledger/ledger.ts';
import type { JobRef, Terms } from '../../../src/ledger/ledger.ts';
import type { Entry } from '../../../src/ledger/machine.ts';
import { stories, Workers, type Step } from '../../support/ledger-steps.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';

const terms: Terms = { ttl: 3 * 86_400_000, lease: 20_000, suspicion: 10_000 };
const begin = 1_767_225_600_000;
const job: JobRef = { tube: 'mail', key: 'key', dueMs: begin };

interface Scene extends Step {
  readonly now: number;
  readonly before: Entry | undefined;
  readonly after: Entry | undefined;
  readonly answer: unknown;
}

async function play(steps: readonly Step[]): Promise<Scene[]> {
  let now = begin;
  const clock = { now: () => now, sleep: () => Promise.reject(new Error('nobody sleeps')) };
  const ledger = new MemoryLedger(clock, terms);
  const workers = new Workers(ledger, job);
  const scenes: Scene[] = [];
  for (const step of steps) {
    now += step.afterMs;
    const before = ledger.entry(job);
    const answer = await workers.perform(step);
    scenes.push({ ...step, now, before, after: ledger.entry(job), answer });
  }
  return scenes;
}

function inEveryStory(property: (scenes: Scene[]) => void): Promise<void> {
  const checked = fc.asyncProperty(stories(terms, 60), async (steps) => {
    property(await play(steps));
  });
  return fc.assert(checked, { numRuns: 500 });
}

function claimAnswers(scenes: readonly Scene[]): (Scene & { answer: ClaimAnswer })[] {
  return scenes.filter((scene): scene is Scene & { answer: ClaimAnswer } => {
    return scene.deed.kind === 'claim';
  });
}

describe('in every story', () => {
  it('a job that is done stays done', () =>
    inEveryStory((scenes) => {
      for (const { before, after } of scenes)
        if (before?.state === 'done') expect(after).toBe(before);
    }));

  it('waits for a claim are longer than 0, and no longer than the lease or the suspicion', () =>
    inEveryStory((scenes) => {
      for (const { answer } of claimAnswers(scenes)) {
        if (answer.kind !== 'claimed' && answer.kind !== 'retry') continue;
        expect(answer.waitMs).toBeGreaterThan(0);
        if (answer.kind === 'claimed') {
          expect(answer.waitMs).toBeLessThanOrEqual(Math.max(terms.lease, terms.suspicion));
        }
      }
    }));

  it('a claim goes to another token only when its owner let go of it, or was silent long enough', () =>
    inEveryStory((scenes) => {
      let heard = 0;
      for (const { before, after, now } of scenes) {
        if (after?.state !== 'claimed') continue;
        const passedOn = before?.state === 'claimed' && before.claim.token !== after.claim.token;
        if (passedOn) expect(now - heard).toBeGreaterThanOrEqual(terms.lease + terms.suspicion);
        if (after.leaseUntil === now + terms.lease) heard = now;
      }
    }));

  it('the token that holds a claim is granted the same claim when it asks again', () =>
    inEveryStory((scenes) => {
      for (const { before, token, answer } of claimAnswers(scenes)) {
        if (before?.state !== 'claimed' || before.claim.token !== token) continue;
        expect(answer).toEqual({ kind: 'granted', claim: before.claim });
      }
    }));

  it('failures and deaths never shrink, but by a kick', () =>
    inEveryStory((scenes) => {
      for (const { before, after, deed } of scenes) {
        const [were, are] = [countsOf(before), countsOf(after)];
        if (were === undefined || are === undefined || deed.kind === 'kick') continue;
        expect(are.failures).toBeGreaterThanOrEqual(were.failures);
        expect(are.deaths).toBeGreaterThanOrEqual(were.deaths);
      }
    }));

  it('no attempt is counted twice, nor uncounted but by a claim that never started', () =>
    inEveryStory((scenes) => {
      for (const { before, after, deed } of scenes) {
        const [were, are] = [countsOf(before), countsOf(after)];
        if (were === undefined || are === undefined) continue;
        const unstarted = deed.kind === 'giveBack' && !deed.started && after !== before;
        if (unstarted) expect(are.attempt).toBe(were.attempt - 1);
        else expect(are.attempt - were.attempt).toBeOneOf([0, 1]);
      }
    }));

  it('one change counts at most one failure or one death', () =>
    inEveryStory((scenes) => {
      for (const { before, after } of scenes) {
        const [were, are] = [countsOf(before), countsOf(after)];
        if (were === undefined || are === undefined) continue;
        const more = are.failures + are.deaths - were.failures - were.deaths;
        expect(more).toBeLessThanOrEqual(1);
      }
    }));

  it('a job that was told to be dead is revoked, done or kicked, and nothing else', () =>
    inEveryStory((scenes) => {
      for (const { before, after, deed } of scenes) {
        if (before?.state !== 'dead' || after === before) continue;
        expect(deed.kind).toBeOneOf(['revoke', 'done', 'kick']);
      }
    }));

  it('looking changes nothing', () =>
    inEveryStory((scenes) => {
      for (const { before, after, deed } of scenes) {
        if (deed.kind === 'look') expect(after).toBe(before);
      }
    }));
});

function countsOf(
  entry: Entry | undefined,
): { attempt: number; failures: number; deaths: number } | undefined {
  switch (entry?.state) {
    case 'claimed':
      return entry.claim;
    case 'retry':
    case 'dead':
      return entry;
    default:
      return undefined;
  }
}
