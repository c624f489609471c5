// What the ledger knows of many jobs; when it can't be asked, that is told once, and nothing is known of any.

import { dueMs } from '../core/envelope.ts';
import { LedgerDown } from '../core/errors.ts';
import type { Ledger, Standing } from '../ledger/ledger.ts';

export interface LedgerGround {
  /** The logical tube. */
  readonly tube: string;
  readonly ledger: Ledger;
  readonly onTrouble: (trouble: LedgerDown) => void;
}

/** Without a key it is no job of dq's, and the ledger isn't asked. */
export type Known =
  | { readonly key: string; readonly dueNs: bigint }
  | { readonly key: undefined; readonly dueNs: undefined };

export class Standings {
  readonly #ground: LedgerGround;
  #trouble: LedgerDown | undefined;

  constructor(ground: LedgerGround) {
    this.#ground = ground;
  }

  /** Why the ledger can't be asked. */
  get trouble(): LedgerDown | undefined {
    return this.#trouble;
  }

  /** By key. */
  async of(jobs: readonly Known[]): Promise<ReadonlyMap<string | undefined, Standing | undefined>> {
    const { tube, ledger, onTrouble } = this.#ground;
    const refs = jobs.flatMap(({ key, dueNs }) =>
      key === undefined ? [] : [{ tube, key, dueMs: dueMs(dueNs) }],
    );
    if (refs.length === 0 || this.#trouble !== undefined) return new Map();
    try {
      const standings = await ledger.lookAll(refs);
      return new Map(refs.map(({ key }, at) => [key, standings[at]]));
    } catch (error) {
      if (!(error instanceof LedgerDown)) throw error;
      this.#trouble = error;
      onTrouble(error);
      return new Map();
    }
  }
}
