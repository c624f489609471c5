// Identifies a job by replicas that are said to be its: an id may name another job since its node was restarted.

import { dueMs, openEnvelope } from '../core/envelope.ts';
import { NodeError } from '../core/errors.ts';
import { keyOf } from '../core/key.ts';
import type { JobRef } from '../ledger/ledger.ts';
import type { FoundReplica } from '../queue/node.ts';
import { lookAt, type ReplicaOf } from '../queue/replica-of.ts';

export type IdentifiedReplica = ReplicaOf & FoundReplica;

export interface IdentifiedJob {
  readonly ref: JobRef;
  /** Those that are there, and the job's. */
  readonly replicas: readonly IdentifiedReplica[];
  /** The endpoints that can't be asked for theirs. */
  readonly silent: readonly string[];
  /** Those that are there, and another job's. */
  readonly others: readonly ReplicaOf[];
}

/**
 * - `absent`: there is no such job; `elsewhere`: unless it lies on a node that is no longer of this cluster.
 * - `unlike`: what was named isn't (or can't be shown to be) one job. `lone`: the job of the only replica that is left of several.
 * - `unreachable`: too few nodes answer.
 */
export type Unidentified =
  | { readonly result: 'absent'; readonly elsewhere: boolean }
  | { readonly result: 'unlike'; readonly lone?: IdentifiedJob }
  | { readonly result: 'unreachable'; readonly errors: readonly NodeError[] };

interface Found {
  readonly replica: ReplicaOf;
  /** Undefined when nothing is there, or why it can't be known. */
  readonly content: FoundReplica | NodeError | undefined;
}

/** What a receipt names. */
export interface NamedJob {
  /** Those on nodes of this cluster. */
  readonly replicas: readonly ReplicaOf[];
  /** How many there are with those on nodes that are no longer of it. */
  readonly named: number;
  /** The logical one. */
  readonly tube: string;
}

/**
 * The job of a receipt. A node without binlog counts its ids from 1 after a restart: one replica of several proves
 * nothing by itself, two must agree. A receipt of one replica is taken at its word.
 */
export async function identify({
  replicas,
  named,
  tube,
}: NamedJob): Promise<IdentifiedJob | Unidentified> {
  const found = await Promise.all(replicas.map(find));
  const errors = errorsOf(found);
  const present = presentOf(found);
  const alike = firstAlike(present, Math.min(2, named));
  const [first] = alike;
  if (first === undefined) {
    if (errors.length > 0) return { result: 'unreachable', errors };
    if (present.length === 0) return { result: 'absent', elsewhere: named > replicas.length };
    const ref = present.length === 1 ? refOf(present, tube) : undefined;
    if (ref === undefined) return { result: 'unlike' };
    return { result: 'unlike', lone: { ref, replicas: present, silent: [], others: [] } };
  }
  const ref = refOf(alike, tube);
  if (ref === undefined) return { result: 'unlike' };
  const others = present.filter((each) => !alike.includes(each));
  return { ref, replicas: alike, silent: errors.map(({ node }) => node), others };
}

/** Undefined: no job of dq's. */
function refOf([replica]: readonly IdentifiedReplica[], tube: string): JobRef | undefined {
  if (replica === undefined) return undefined;
  const { envelope } = replica;
  const job = openEnvelope(envelope);
  return job && { tube, key: keyOf(envelope), dueMs: dueMs(job.dueNs) };
}

/** A job whose key is known: only what has that key is its, and it is known even if no node answers. */
export async function identifyByKey(
  replicas: readonly ReplicaOf[],
  ref: JobRef,
): Promise<IdentifiedJob | Unidentified> {
  const found = await Promise.all(replicas.map(find));
  const present = presentOf(found);
  const own = present.filter(({ envelope }) => keyOf(envelope) === ref.key);
  const silent = errorsOf(found).map(({ node }) => node);
  if (own.length === 0 && silent.length === 0) return { result: 'absent', elsewhere: false };
  const others = present.filter((each) => !own.includes(each));
  return { ref, replicas: own, silent, others };
}

async function find(replica: ReplicaOf): Promise<Found> {
  try {
    return { replica, content: await lookAt(replica) };
  } catch (error) {
    if (error instanceof NodeError) return { replica, content: error };
    throw error;
  }
}

function errorsOf(found: readonly Found[]): NodeError[] {
  return found.flatMap(({ content }) => (content instanceof NodeError ? [content] : []));
}

function presentOf(found: readonly Found[]): IdentifiedReplica[] {
  return found.flatMap(({ replica: { node }, content }) =>
    content === undefined || content instanceof NodeError ? [] : [{ node, ...content }],
  );
}

/** Those that have the same envelope as so many of them; none: there aren't. */
function firstAlike(present: readonly IdentifiedReplica[], least: number): IdentifiedReplica[] {
  for (const { envelope } of present) {
    const alike = present.filter((other) => other.envelope.equals(envelope));
    if (alike.length >= least) return alike;
  }
  return [];
}
