// The gathering puts the replicas of a job together, as they turn up on one node after the other.

import { Buffer } from 'node:buffer';
import { keyOf } from '../core/key.ts';
import { contentOf, nodesOf, type Content, type SurveyedReplica } from './job.ts';
import type { Known } from './standings.ts';

/** So many bytes of envelopes are kept for jobs that wait for more replicas; others are read again. */
const mostKept = 16 * 1024 * 1024;

/** Envelopes up to so many bytes are known by themselves while they wait: that is quicker than by their keys. */
const shortEnvelope = 256;

/** A job; or, without a key, bytes that are none of dq's. */
export type Gathered = Known & {
  readonly replicas: SurveyedReplica[];
  /** What each of them holds; undefined: not kept. */
  readonly held: Held | undefined;
};

export interface Held {
  readonly envelope: Buffer;
  /** A view of the envelope. */
  readonly payload: Buffer;
}

export class Gathering {
  readonly #isWanted: (content: Content) => boolean;
  /** By their names. */
  readonly #waiting = new Map<string, Gathered>();
  /** Keys. */
  readonly #given = new Set<string>();
  #kept = 0;

  /** @param isWanted whether jobs with this content are gathered at all. */
  constructor(isWanted: (content: Content) => boolean) {
    this.#isWanted = isWanted;
  }

  /**
   * @param envelope each byte as the character of its number.
   * @param enough on so many nodes a job is complete; a replica that turns up after that is left out.
   * @returns the job that is complete now.
   */
  add(envelope: string, replica: SurveyedReplica, enough: number): Gathered | undefined {
    const name = nameOf(envelope);
    const waiting = this.#waiting.get(name);
    const job = waiting ?? this.#begin(envelope);
    if (job === undefined) return undefined;
    job.replicas.push(replica);
    if (job.key === undefined) return job;
    if (job.replicas.length < enough || nodesOf(job.replicas) < enough) {
      if (waiting === undefined) this.#waiting.set(name, this.#sparing(job));
      return undefined;
    }
    if (waiting !== undefined) {
      this.#waiting.delete(name);
      this.#kept -= waiting.held?.envelope.length ?? 0;
    }
    this.#given.add(job.key);
    return job;
  }

  /** What never became complete. */
  rest(): Iterable<Gathered> {
    return this.#waiting.values();
  }

  /** Undefined: it isn't wanted, or was given already. */
  #begin(bytes: string): Gathered | undefined {
    const envelope = Buffer.from(bytes, 'latin1');
    const content = contentOf(envelope);
    if (!this.#isWanted(content)) return undefined;
    const { dueNs, payload } = content;
    const held = { envelope, payload };
    if (dueNs === undefined) return { key: undefined, dueNs, replicas: [], held };
    const key = keyOf(envelope);
    return this.#given.has(key) ? undefined : { key, dueNs, replicas: [], held };
  }

  #sparing(job: Gathered): Gathered {
    const size = job.held?.envelope.length ?? 0;
    if (this.#kept + size > mostKept) return { ...job, held: undefined };
    this.#kept += size;
    return job;
  }
}

/** No byte is this character: whatever somebody put into the tube, it isn't taken for the key of a long one. */
const longMark = '\u0100';

function nameOf(envelope: string): string {
  if (envelope.length <= shortEnvelope) return envelope;
  return `${longMark}${keyOf(Buffer.from(envelope, 'latin1'))}`;
}
