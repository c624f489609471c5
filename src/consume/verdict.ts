// What becomes of a job after its run: the verdict, pure.

import { backoffMs, betweenAttempts } from '../core/backoff.ts';
import type { Claim, Death, GiveBack } from '../ledger/ledger.ts';
import type { Outcome } from './handler.ts';

export type Verdict =
  | { readonly kind: 'done'; readonly exitCode: number }
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'dead'; readonly death: Death }
  | { readonly kind: 'giveBack'; readonly giveBack: GiveBack };

/** How many of its workers may disappear before a job is dead. */
export const maxDeaths = 5;

/** A job that can't be run here is left to other workers for that long. */
const leftToOthers = 1_000;

/**
 * @param attempts how many failures a job may have before it is buried.
 * @param random in [0, 1), for the jitter of the backoff.
 */
export function judge(outcome: Outcome, claim: Claim, attempts: number, random: number): Verdict {
  switch (outcome.kind) {
    case 'succeeded':
      return { kind: 'done', exitCode: outcome.exitCode };
    case 'rejected':
      return { kind: 'dead', death: { reason: 'rejected', exitCode: outcome.exitCode } };
    case 'failed': {
      const failures = claim.failures + 1;
      if (failures >= attempts) {
        return { kind: 'dead', death: { reason: 'failed', exitCode: outcome.exitCode } };
      }
      return { kind: 'retry', delayMs: backoffMs(betweenAttempts, failures, random) };
    }
    case 'deferred':
      return {
        kind: 'giveBack',
        giveBack: { started: outcome.counts ?? false, delayMs: outcome.delayMs },
      };
    case 'stopped':
      return { kind: 'giveBack', giveBack: { started: true, delayMs: 0 } };
    case 'unheard':
      return { kind: 'giveBack', giveBack: { started: true, delayMs: leftToOthers } };
    case 'unstartable':
      return { kind: 'giveBack', giveBack: { started: false, delayMs: leftToOthers } };
  }
}
