// The lock of repair: one repairer of a tube at a time, as a lease in the ledger.

import { Buffer } from 'node:buffer';
import type { Clock } from '../core/clock.ts';
import { DqError, LedgerDown } from '../core/errors.ts';
import { keyOf } from '../core/key.ts';
import { newController } from '../core/signals.ts';
import type { Claim, JobRef, Ledger } from '../ledger/ledger.ts';

/** A lease is 20 s; it is renewed this often, in ms. */
const renewEvery = 5_000;

/** Repairers that disappear are no reason to refuse the next one. */
const anyNumber = 1_000_000;

export interface RepairLock {
  /** Aborts when the lock is another's. */
  readonly lost: AbortSignal;
  /** @throws LedgerDown: then the lease runs out by itself. */
  readonly release: () => Promise<void>;
}

/**
 * Waits for a repairer that seems to be gone, not for one that is at work.
 * @param token of a name that no other repairer has, without blanks; others are shown it.
 * @throws DqError (unavailable) when another is at work; LedgerDown.
 */
export async function lockForRepair(
  tube: string,
  token: string,
  ledger: Ledger,
  clock: Clock,
): Promise<RepairLock> {
  for (;;) {
    const key = keyOf(Buffer.from(tube));
    const job = { tube: `${tube}.repair`, key, dueMs: clock.now() };
    const answer = await ledger.claim(job, { token, maxDeaths: anyNumber });
    if (answer.kind === 'granted') return hold(job, answer.claim, ledger, clock);
    // This host's clock is behind by more than the ledger remembers
    if (answer.kind === 'dead') await ledger.kick(job);
    const holder = await ledger.look(job);
    if (holder?.state === 'claimed' && holder.leaseLeftMs > 0) {
      throw new DqError('unavailable', `${holder.claim.token} is repairing ${tube}`);
    }
    if ('waitMs' in answer) await clock.sleep(answer.waitMs);
  }
}

function hold(job: JobRef, claim: Claim, ledger: Ledger, clock: Clock): RepairLock {
  const released = newController();
  const lost = newController();
  const renewing = renew();
  return {
    lost: lost.signal,
    release: async () => {
      released.abort();
      await renewing;
      await ledger.giveBack(job, claim, { started: false, delayMs: 0 });
    },
  };

  async function renew(): Promise<void> {
    for (;;) {
      await clock.sleep(renewEvery, released.signal);
      if (released.signal.aborted || lost.signal.aborted) return;
      try {
        if (!(await ledger.renew(job, claim))) lost.abort();
      } catch (error) {
        // Then the repair itself can't go on.
        if (!(error instanceof LedgerDown)) throw error;
      }
    }
  }
}
