// The lease: renews the claims of running jobs, and tells the job whose renewal is refused.

import { havePassed, type Clock } from '../core/clock.ts';
import { LedgerDown } from '../core/errors.ts';
import type { Claim, JobRef, Ledger } from '../ledger/ledger.ts';
import type { Background } from './background.ts';
import { nowhere, Rounds, type Visited } from './rounds.ts';

/** A lease is 20 s; it is renewed this often, in ms. */
const renewEvery = 5_000;
/** When the ledger couldn't be asked, it is asked again after so many ms. */
const renewAgain = 1_000;
const step = 500;

export class Lease implements Visited {
  readonly job: JobRef;
  readonly claim: Claim;
  /** Called when the job is no longer this worker's. */
  readonly onLost: () => void;
  /** It is renewed `wait` ms after that (ms since the epoch). */
  triedAt: number;
  wait = renewEvery;
  busy = false;
  place = nowhere;

  constructor(job: JobRef, claim: Claim, now: number, onLost: () => void) {
    this.job = job;
    this.claim = claim;
    this.onLost = onLost;
    this.triedAt = now;
  }
}

export class Leases {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #rounds: Rounds<Lease>;

  constructor(ledger: Ledger, clock: Clock, background: Background) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#rounds = new Rounds<Lease>(clock, step, (lease) => {
      if (lease.busy || !havePassed(clock, lease.wait, lease.triedAt)) return;
      background(this.#renew(lease));
    });
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#rounds.run(signal);
  }

  hold(lease: Lease): void {
    this.#rounds.add(lease);
  }

  letGo(lease: Lease): void {
    this.#rounds.delete(lease);
  }

  async #renew(lease: Lease): Promise<void> {
    lease.busy = true;
    try {
      const ours = await this.#ledger.renew(lease.job, lease.claim);
      lease.wait = renewEvery;
      if (!ours && this.#rounds.has(lease)) lease.onLost();
    } catch (error) {
      if (!(error instanceof LedgerDown)) throw error;
      lease.wait = renewAgain;
    } finally {
      lease.triedAt = this.#clock.now();
      lease.busy = false;
    }
  }
}
