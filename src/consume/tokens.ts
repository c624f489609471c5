// Tokens: a new one for each claim, and the claims whose answers were lost.

import type { JobRef } from '../ledger/ledger.ts';

/** A claim that may stand in the ledger although nobody runs it. */
export interface LostClaim {
  readonly job: JobRef;
  readonly token: string;
}

/** The name of the worker that made the token. */
export function workerOf(token: string): string {
  return token.slice(0, token.lastIndexOf('/'));
}

export class Tokens {
  readonly #worker: string;
  readonly #lost: LostClaim[] = [];
  #count = 0;

  /** @param worker a name without blanks that no other worker has; it can be read in the ledger. */
  constructor(worker: string) {
    this.#worker = worker;
  }

  next(): string {
    this.#count += 1;
    return `${this.#worker}/${this.#count}`;
  }

  /** The answer to the claim never came. */
  lost(claim: LostClaim): void {
    this.#lost.push(claim);
  }

  /** It is the caller's from now on, to be asked again with the same token, and undone. */
  takeLost(): LostClaim | undefined {
    return this.#lost.shift();
  }
}
