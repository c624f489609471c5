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

export class Standings {
  readonly #ground: LedgerGround;
  /** Nothing is known of any job. */
  #trouble: LedgerDown | undefined;
  /** By key: the entries that can't be read. */
  readonly #strange = new Map<string, StrangeEntry>();

  constructor(ground: LedgerGround) {
    this.#ground = ground;
  }

  /** Why the ledger couldn't be asked for this one. */
  troubleOf(key: string | undefined): LedgerDown | undefined {
    return this.#trouble ?? (key === undefined ? undefined : this.#strange.get(key));
  }

  /** Of each, in their order. */
  async of(jobs: readonly Known[]): Promise<readonly (Standing | undefined)[]> {
    const { tube, ledger } = this.#ground;
    const refs: JobRef[] = [];
    for (const { key, dueNs } of jobs) {
      if (key !== undefined) refs.push({ tube, key, dueMs: dueMs(dueNs) });
    }
    if (refs.length === 0 || this.#trouble !== undefined) return [];
    try {
      const looked = await ledger.lookAll(refs).catch((error: unknown) => {
        if (!(error instanceof StrangeEntry)) throw error;
        return Promise.all(refs.map((ref) => this.#lookAlone(ref)));
      });
      const standings = looked.values();
      return jobs.map(({ key }) => (key === undefined ? undefined : standings.next().value));
    } catch (error) {
      if (!(error instanceof LedgerDown)) throw error;
      this.#trouble = error;
      this.#ground.onTrouble(error);
      return [];
    }
  }

  /** One entry that can't be read spoils the answer for all that were asked for with it. */
  async #lookAlone(ref: JobRef): Promise<Standing | undefined> {
    try {
      return await this.#ground.ledger.look(ref);
    } catch (error) {
      if (!(error instanceof StrangeEntry)) throw error;
      if (this.#strange.size === 0) this.#ground.onTrouble(error);
      this.#strange.set(ref.key, error);
      return undefined;
    }
  }
}
