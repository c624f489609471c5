// Overlap: one run of an entry at a time over the whole cluster, as a lease in the ledger keyed by the entry.

import { Buffer } from 'node:buffer';

import { Lease, type Leases } from '../consume/lease.ts';
import type { Clock } from '../core/clock.ts';
import { keyOf } from '../core/key.ts';
import { LedgerDown } from '../core/errors.ts';
import type { Claim, JobRef, Ledger } from '../ledger/ledger.ts';

/**
 * - `taken`: another tick of the entry runs.
 * - `unsure`: its host doesn't answer, or the ledger doesn't: ask again.
 */
export type Entrance = Inside | 'taken' | 'unsure';

export interface Inside {
  /** The next tick may enter. */
  readonly leave: () => Promise<void>;
  /** The same tick will enter again, here or elsewhere; the others wait until the lease is over. */
  readonly stay: () => void;
}

/** Deaths of holders don't count: the ticks they ran are counted themselves. */
const anyNumber = 1_000_000;

export interface OverlapParts {
  readonly ledger: Ledger;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly tube: string;
}

const tokenForm = 'tick/';

/** What stands in the ledger for an entry of which a tick runs. */
export function overlapJob(tube: string, name: string, dueMs: number): JobRef {
  return { tube: `${tube}.overlap`, key: keyOf(Buffer.from(name)), dueMs };
}

/** The tick that a claim of it was made for. */
export function tickOfToken(token = ''): number | undefined {
  return token.startsWith(tokenForm) ? Number(token.slice(tokenForm.length)) : undefined;
}

export class Overlap {
  readonly #parts: OverlapParts;

  constructor(parts: OverlapParts) {
    this.#parts = parts;
  }

  /** The same tick may enter again, on whichever host: its holder is dead then. */
  async enter(name: string, tick: number): Promise<Entrance> {
    const { ledger, clock, tube } = this.#parts;
    const job = overlapJob(tube, name, clock.now());
    try {
      const answer = await ledger.claim(job, {
        token: `${tokenForm}${tick}`,
        maxDeaths: anyNumber,
      });
      if (answer.kind === 'granted') return this.#hold(job, answer.claim);
      // This host's clock is behind by more than the ledger remembers.
      if (answer.kind === 'dead') await ledger.kick(job);
      const standing = await ledger.look(job);
      return standing?.state === 'claimed' && standing.leaseLeftMs > 0 ? 'taken' : 'unsure';
    } catch (error) {
      if (error instanceof LedgerDown) return 'unsure';
      throw error;
    }
  }

  #hold(job: JobRef, claim: Claim): Inside {
    const { ledger, leases, clock } = this.#parts;
    const lease = new Lease(job, claim, clock.now(), () => undefined);
    leases.hold(lease);
    const stay = (): void => {
      leases.letGo(lease);
    };
    return {
      stay,
      leave: async () => {
        stay();
        try {
          await ledger.giveBack(job, claim, { started: false, delayMs: 0 });
        } catch (error) {
          // The lease runs out by itself: until then the next tick waits.
          if (!(error instanceof LedgerDown)) throw error;
        }
      },
    };
  }
}
