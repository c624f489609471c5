// The gathering puts the replicas of a job together, as they turn up on one node after the other.

import type { Buffer } from 'node:buffer';
import { nodesOf, type SurveyedReplica } from './job.ts';

/** So many bytes of envelopes are kept for jobs that wait for more replicas; others are read again. */
const mostKept = 16 * 1024 * 1024;

export interface Gathered {
  readonly key: string;
  readonly dueNs: bigint;
  /** Undefined: not kept. */
  readonly envelope: Buffer | undefined;
  readonly replicas: SurveyedReplica[];
}

export class Gathering {
  readonly #waiting = new Map<string, Gathered>();
  readonly #given = new Set<string>();
  #kept = 0;

  /**
   * @param enough on so many nodes a job is complete; a replica that turns up after that is left out.
   * @returns the job that is complete now.
   */
  add(job: Required<Gathered>, enough: number): Gathered | undefined {
    const { key, replicas } = job;
    if (this.#given.has(key)) return undefined;
    const gathered = this.#waiting.get(key) ?? job;
    if (gathered !== job) gathered.replicas.push(...replicas);
    if (nodesOf(gathered.replicas) < enough) {
      if (gathered === job) this.#waiting.set(key, this.#sparing(job));
      return undefined;
    }
    this.#waiting.delete(key);
    if (gathered !== job) this.#kept -= gathered.envelope?.length ?? 0;
    this.#given.add(key);
    return gathered;
  }

  /** What never became complete. */
  *rest(): Generator<Gathered> {
    yield* this.#waiting.values();
  }

  #sparing(job: Gathered): Gathered {
    const size = job.envelope?.length ?? 0;
    if (this.#kept + size > mostKept) return { ...job, envelope: undefined };
    this.#kept += size;
    return job;
  }
}
