// The gathering puts the replicas of a job together, as they turn up on one node after the other.

import type { Buffer } from 'node:buffer';
import { keyOf } from '../core/key.ts';
import { nodesOf, type SurveyedReplica } from './job.ts';

/** So many bytes of envelopes are kept for jobs that wait for more replicas; others are read again. */
const mostKept = 16 * 1024 * 1024;

/** Envelopes up to so many bytes are known by themselves while they wait: that is quicker than by their keys. */
const shortEnvelope = 256;

export interface Gathered {
  readonly key: string;
  readonly dueNs: bigint;
  /** Undefined: not kept. */
  readonly envelope: Buffer | undefined;
  readonly replicas: SurveyedReplica[];
}

export class Gathering {
  readonly #waiting = new Map<string, Gathered>();
  /** Keys. */
  readonly #given = new Set<string>();
  #kept = 0;

  /**
   * @param enough on so many nodes a job is complete; a replica that turns up after that is left out.
   * @returns the job that is complete now.
   */
  add(
    envelope: Buffer,
    dueNs: bigint,
    replica: SurveyedReplica,
    enough: number,
  ): Gathered | undefined {
    const name = nameOf(envelope);
    const waiting = this.#waiting.get(name);
    const job = waiting ?? this.#begin(envelope, dueNs);
    if (job === undefined) return undefined;
    job.replicas.push(replica);
    if (nodesOf(job.replicas) < enough) {
      if (waiting === undefined) this.#waiting.set(name, this.#sparing(job));
      return undefined;
    }
    if (waiting !== undefined) {
      this.#waiting.delete(name);
      this.#kept -= waiting.envelope?.length ?? 0;
    }
    this.#given.add(job.key);
    return job;
  }

  /** What never became complete. */
  rest(): Iterable<Gathered> {
    return this.#waiting.values();
  }

  /** Undefined: it was given already. */
  #begin(envelope: Buffer, dueNs: bigint): Gathered | undefined {
    const key = keyOf(envelope);
    return this.#given.has(key) ? undefined : { key, dueNs, envelope, replicas: [] };
  }

  #sparing(job: Gathered): Gathered {
    const size = job.envelope?.length ?? 0;
    if (this.#kept + size > mostKept) return { ...job, envelope: undefined };
    this.#kept += size;
    return job;
  }
}

/** The key of a long one can't be taken for a short one: that has a slash. */
function nameOf(envelope: Buffer): string {
  return envelope.length > shortEnvelope ? keyOf(envelope) : envelope.toString('latin1');
}
