// Watches repairers: one of them at a time, for which jobs they put replicas, with what delay, and what they leave.

import { defaultTerms } from '../../../src/ledger/ledger.ts';
import type { Entry } from '../../../src/ledger/machine.ts';
import type { Repair, WornJob } from '../../../src/produce/repair.ts';
import type { Absences } from './absences.ts';
import type { JobHistory } from './job-history.ts';
import type { Process } from './process.ts';
import type { Store, Stored } from './stored.ts';
import type { World } from './world.ts';

/** Nobody may reserve a new replica before its repairer could ask the ledger again, in ms. */
const leastDelay = 10_000;

/** As for a claim: how long a repairer must be alone for another one to have its lock, in ms. */
const longestAfterOutage = defaultTerms.suspicion - 4_000;

interface Written {
  readonly node: Store;
  readonly id: bigint;
  /** What the ledger held of the job when it was put. */
  readonly entry: Entry | undefined;
}

interface Visit {
  /** When it asked for the lock. */
  readonly since: number;
  /** Why the job it looks at must be left as it is. */
  unfit: string | undefined;
  readonly written: Written[];
}

export class RepairWatch {
  readonly #world: World;
  readonly #absences: Absences;
  readonly #visits = new Map<Process, Visit>();

  constructor(world: World, absences: Absences) {
    this.#world = world;
    this.#absences = absences;
  }

  /** It has the lock. */
  begins(process: Process, since: number): void {
    const rivals = this.#mayHaveLost(process, since) ? [] : this.#visits;
    for (const [other, visit] of rivals) {
      if (!other.alive || this.#mayHaveLost(other, visit.since)) continue;
      this.#world.violated(`${process.name} repairs while ${other.name} does`);
    }
    this.#visits.set(process, { since, unfit: undefined, written: [] });
  }

  /** It is about to give the lock back. */
  ends(process: Process): void {
    this.#visits.delete(process);
  }

  /** @param now by its clock. */
  saw(process: Process, { ref, replicas }: WornJob, now: number): void {
    const visit = this.#visits.get(process);
    if (visit === undefined) return;
    if (replicas.some(({ stats }) => stats.state === 'buried'))
      visit.unfit = 'has a buried replica';
    else if (now - ref.dueMs > defaultTerms.ttl) visit.unfit = 'is late';
  }

  stored(node: Store, { id, key, putAt, until }: Stored, by: Process): void {
    const visit = this.#visits.get(by);
    const job = this.#world.history.jobs.get(key);
    if (visit === undefined || job === undefined) return;
    visit.written.push({ node, id, entry: this.#world.ledger.entry(key) });
    if (visit.unfit !== undefined) {
      this.#world.violated(`${by.name} repaired ${job.name}, which ${visit.unfit}`);
    }
    const delay = Math.round(until - putAt);
    if (delay < leastDelay) {
      this.#world.violated(`${by.name} put ${job.name} to be run in ${delay} ms`);
    }
  }

  /** What was over when it put a replica, and is, was so when it asked again. */
  answered(process: Process, job: JobHistory, { added }: Repair): void {
    const entry = this.#world.ledger.entry(job.key);
    if (entry?.state !== 'done' && entry?.state !== 'revoked') return;
    for (const written of this.#visits.get(process)?.written ?? []) {
      const isKept = added.some(({ node, id }) => {
        return node.endpoint === written.node.name && id === written.id;
      });
      if (!isKept || written.entry !== entry) continue;
      this.#world.violated(`${process.name} left a replica of ${job.name}, which was over`);
    }
  }

  #mayHaveLost(repairer: Process, since: number): boolean {
    const { injected, ledger } = this.#world;
    if (injected.has('ledger-forget')) return true;
    const most = ledger.wasAway(since) ? longestAfterOutage : defaultTerms.lease;
    return this.#absences.since(repairer, since) >= most;
  }
}
