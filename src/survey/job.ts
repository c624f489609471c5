// A job as a survey sees it: what all its replicas and the ledger say of it together.

import type { Buffer } from 'node:buffer';
import { openEnvelope } from '../core/envelope.ts';
import { keyOf } from '../core/key.ts';
import type { Standing } from '../ledger/ledger.ts';
import { isPutAfter } from '../ledger/machine.ts';
import type { QueueNode, ReplicaState, ReplicaStats } from '../queue/node.ts';
import type { ReplicaOf } from '../queue/replica-of.ts';
import type { Known, Looked } from './standings.ts';

/** The ledger's state where it has one, else that of the replica that is furthest on. */
export type JobState = Standing['state'] | ReplicaState;

export interface SurveyedReplica extends ReplicaOf {
  readonly stats: ReplicaStats;
}

export interface SurveyedJob extends Looked {
  /** The logical tube. */
  readonly tube: string;
  /** Undefined: no job of dq's, just bytes that somebody put into the tube. Each of them is shown by itself. */
  readonly key: string | undefined;
  /** Nanoseconds since the epoch; undefined without a key. */
  readonly dueNs: bigint | undefined;
  /** The bytes of each replica. */
  readonly envelope: Buffer;
  /** A view of the envelope, without a key of all of it. */
  readonly payload: Buffer;
  /** At least one; one node may have several. */
  readonly replicas: readonly SurveyedReplica[];
  readonly state: JobState;
}

/** What the bytes of a replica are. */
export interface Content {
  /** Undefined: no job of dq's. */
  readonly dueNs: bigint | undefined;
  /** A view of the bytes. */
  readonly payload: Buffer;
}

export function contentOf(envelope: Buffer): Content {
  return openEnvelope(envelope) ?? { dueNs: undefined, payload: envelope };
}

/** What the ledger may know it by. */
export function knownOf(envelope: Buffer): Known & { readonly envelope: Buffer } {
  const { dueNs } = contentOf(envelope);
  if (dueNs === undefined) return { key: undefined, dueNs, envelope };
  return { key: keyOf(envelope), dueNs, envelope };
}

/** @param envelope what all of these replicas hold. */
export function jobOf(
  tube: string,
  envelope: Buffer,
  replicas: readonly SurveyedReplica[],
  looked: Looked,
): SurveyedJob {
  const { key, dueNs } = knownOf(envelope);
  const { payload } = contentOf(envelope);
  const state = stateOf(looked.standing, replicas);
  return { tube, key, dueNs, envelope, payload, replicas, ...looked, state };
}

const furthestFirst: readonly ReplicaState[] = ['reserved', 'ready', 'delayed', 'buried'];

export function stateOf(
  standing: Standing | undefined,
  replicas: readonly Pick<SurveyedReplica, 'stats'>[],
): JobState {
  if (standing !== undefined && !isPutAgain(standing, replicas)) return standing.state;
  const states = replicas.map(({ stats }) => stats.state);
  return furthestFirst.find((state) => states.includes(state)) ?? 'buried';
}

/** A replica that is younger than the revocation is claimed as if the ledger didn't know it. */
function isPutAgain(
  standing: Standing,
  replicas: readonly Pick<SurveyedReplica, 'stats'>[],
): boolean {
  if (standing.state !== 'revoked') return false;
  return replicas.some(({ stats }) => isPutAfter(stats.age, standing.agoMs));
}

/** How many nodes have a replica of it. */
export function nodesOf(replicas: readonly SurveyedReplica[]): number {
  const another = (node: QueueNode, at: number): boolean =>
    replicas.findIndex((replica) => replica.node === node) === at;
  return replicas.filter(({ node }, at) => another(node, at)).length;
}
