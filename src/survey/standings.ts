// What the ledger knows of many jobs; when it can't be asked, of all or of one, that is told once.

import { dueMs } from '../core/envelope.ts';
import { LedgerDown, StrangeEntry } from '../core/errors.ts';
import type { JobRef, Ledger, Standing } from '../ledger/ledger.ts';

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

/** What the ledger said of a job. */
export interface Looked {
  /** Undefined: the ledger doesn't know it, or couldn't be asked. */
  readonly standing: Standing | undefined;
  /** Why the ledger couldn't be asked for its standing. */
  readonly unasked: LedgerDown | undefined;
}

export class Standings {
  readonly #ground: LedgerGround;
  /** Why the ledger can't be asked at all. */
  #trouble: LedgerDown | undefined;
  #toldOfStrange = false;

  constructor(ground: LedgerGround) {
    this.#ground = ground;
  }

  /** Of each, in their order. */
  async of(jobs: readonly Known[]): Promise<readonly Looked[]> {
    const refs: JobRef[] = [];
    for (const { key, dueNs } of jobs) {
      if (key !== undefined) refs.push({ tube: this.#ground.tube, key, dueMs: dueMs(dueNs) });
    }
    const answers = (await this.#ask(refs)).values();
    const unasked = this.#trouble;
    if (unasked !== undefined) return jobs.map(() => ({ standing: undefined, unasked }));
    return jobs.map(({ key }) => this.#read(key === undefined ? undefined : answers.next().value));
  }

  async #ask(refs: readonly JobRef[]): ReturnType<Ledger['lookAll']> {
    if (refs.length === 0 || this.#trouble !== undefined) return [];
    try {
      return await this.#ground.ledger.lookAll(refs);
    } catch (error) {
      if (!(error instanceof LedgerDown)) throw error;
      this.#trouble = error;
      this.#ground.onTrouble(error);
      return [];
    }
  }

  #read(answer: Standing | StrangeEntry | undefined): Looked {
    if (!(answer instanceof StrangeEntry)) return { standing: answer, unasked: undefined };
    if (!this.#toldOfStrange) this.#ground.onTrouble(answer);
    this.#toldOfStrange = true;
    return { standing: undefined, unasked: answer };
  }
}
