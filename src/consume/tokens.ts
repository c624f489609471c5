// Tokens: a new one for each attempt, the same one again for a claim whose answer was lost.

import type { JobRef } from '../ledger/ledger.ts';

/** A claim that may stand in the ledger although nobody runs it. */
export interface LostClaim {
  readonly job: JobRef;
  readonly token: string;
}

export class Tokens {
  readonly #worker: string;
  readonly #lost = new Map<string, LostClaim>();
  #count = 0;

  /** @param worker a name without blanks that no other worker has; it can be read in the ledger. */
  constructor(worker: string) {
    this.#worker = worker;
  }

  for(job: JobRef): string {
    const lost = this.#lost.get(name(job));
    if (lost !== undefined) return this.#take(lost).token;
    this.#count += 1;
    return `${this.#worker}/${this.#count}`;
  }

  /** The answer to the claim never came. */
  lost(claim: LostClaim): void {
    this.#lost.set(name(claim.job), claim);
  }

  /** One of the lost claims: it belongs to the caller alone, to be asked again and undone. */
  takeLost(): LostClaim | undefined {
    for (const claim of this.#lost.values()) return this.#take(claim);
    return undefined;
  }

  #take(claim: LostClaim): LostClaim {
    this.#lost.delete(name(claim.job));
    return claim;
  }
}

function name({ tube, key }: JobRef): string {
  return `${tube}:${key}`;
}
