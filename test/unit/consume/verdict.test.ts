// The verdict: what becomes of a job after its run.

import { expect, test } from 'vitest';
import { judge } from '../../../src/consume/verdict.ts';

const claim = { token: 'w/1', attempt: 3, failures: 1, deaths: 1 };

test('a success is done, with its exit code', () => {
  expect(judge({ kind: 'succeeded', exitCode: 0 }, claim, 5, 0)).toEqual({
    kind: 'done',
    exitCode: 0,
  });
});

test('a rejection is dead at once', () => {
  expect(judge({ kind: 'rejected', exitCode: 65, why: '' }, claim, 5, 0)).toEqual({
    kind: 'dead',
    death: { reason: 'rejected', exitCode: 65 },
  });
});

test('the second failure waits twice as long as the first', () => {
  const failed = { kind: 'failed', exitCode: 1, why: '' } as const;
  expect(judge(failed, { ...claim, failures: 0 }, 5, 0)).toEqual({ kind: 'retry', delayMs: 2_000 });
  expect(judge(failed, claim, 5, 0)).toEqual({ kind: 'retry', delayMs: 4_000 });
});

test('the last failure allowed is the first that buries', () => {
  const failed = { kind: 'failed', exitCode: 7, why: '' } as const;
  expect(judge(failed, claim, 3, 0).kind).toBe('retry');
  expect(judge(failed, claim, 2, 0)).toEqual({
    kind: 'dead',
    death: { reason: 'failed', exitCode: 7 },
  });
});

test('a run that dq ended counts as no failure, but as a claim', () => {
  expect(judge({ kind: 'stopped' }, claim, 1, 0)).toEqual({
    kind: 'giveBack',
    giveBack: { started: true, delayMs: 0 },
  });
});

test('a run that nobody heard leaves the job to others, and counts as a claim', () => {
  expect(judge({ kind: 'unheard', why: '' }, claim, 1, 0)).toEqual({
    kind: 'giveBack',
    giveBack: { started: true, delayMs: 1_000 },
  });
});

test('a handler that could not be started leaves the job to others', () => {
  expect(judge({ kind: 'unstartable', why: '' }, claim, 1, 0)).toEqual({
    kind: 'giveBack',
    giveBack: { started: false, delayMs: 1_000 },
  });
});
