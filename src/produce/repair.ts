// Repairs a job: as many new replicas as it lacks, in the light of what the ledger says before and after.
//
// A repaired replica is younger than the job, and workers take a replica that is younger than a revocation for one that
// was put again. So the ledger is asked just before the put: a job that is revoked after that, and whose repairer dies,
// is still told from one that was put again. It is asked once more after the put, and what is over is taken back. Whoever
// reserves the new replica before that, 10 s later at the earliest, asks the ledger as well.

import type { Buffer } from 'node:buffer';
import type { Clock } from '../core/clock.ts';
import { LedgerDown, NodeError } from '../core/errors.ts';
import { longestDelay } from '../core/job-defaults.ts';
import type { JobRef, Ledger, Standing } from '../ledger/ledger.ts';
import type { QueueNode, ReplicaStats } from '../queue/node.ts';
import { Puts } from '../queue/puts.ts';
import type { ReplicaOf } from '../queue/replica-of.ts';
import { isOver } from './endings.ts';
import { takeBack } from './replicator.ts';

export interface WornJob {
  readonly ref: JobRef;
  readonly envelope: Buffer;
  /** At least one. */
  readonly replicas: readonly (ReplicaOf & { readonly stats: ReplicaStats })[];
}

/**
 * - `repairable`; `over`: it is done or deleted, or buried: that is its end, and its replicas stay as they are.
 * - `late`: its end might be forgotten; `young`: it may still be being put, or be taken back.
 */
export type Fitness = 'repairable' | 'over' | 'late' | 'young';

export interface Ages {
  /** How long the ledger remembers a job after it was due, in ms. */
  readonly ttl: number;
  /**
   * How old its oldest replica must be, in ms. While it is being put, its replicas may be taken back without a word in
   * the ledger, and a new one would be left of a job that was refused.
   */
  readonly least: number;
}

/** A put takes no longer, with its undoing, in ms. */
export const longestPut = 60_000;

export function fitnessOf(
  { ref, replicas }: WornJob,
  standing: Standing | undefined,
  now: number,
  { ttl, least }: Ages,
): Fitness {
  if (replicas.some(({ stats }) => stats.state === 'buried') || isOver(standing)) return 'over';
  if (now - ref.dueMs > ttl) return 'late';
  return replicas.every(({ stats }) => stats.age * 1_000 < least) ? 'young' : 'repairable';
}

export interface RepairParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** All that are there to take one. */
  readonly nodes: readonly QueueNode[];
  /** On how many nodes it should be. */
  readonly wanted: number;
}

/**
 * - `repaired`: it has all replicas; `incomplete`: too few nodes took one.
 * - `over`: it was done, deleted or buried in the meantime, nothing was added.
 */
export interface Repair {
  readonly result: 'repaired' | 'incomplete' | 'over';
  readonly added: readonly ReplicaOf[];
  /** The nodes that refused, or couldn't be asked. */
  readonly failed: readonly NodeError[];
}

/** Longer ago, the answer of the ledger is too old to put upon, in ms. Half the margin of a revocation. */
const longestTrust = 1_000;

/** Nobody reserves it before the ledger was asked again, in whole seconds. */
const leastDelay = 10;

/** @throws LedgerDown: what was added, and couldn't be judged, was taken back. */
export async function repairJob(job: WornJob, parts: RepairParts): Promise<Repair> {
  const holders = new Set(job.replicas.map(({ node }) => node));
  const spare = parts.nodes.filter((node) => !holders.has(node));
  const added: ReplicaOf[] = [];
  const failed: NodeError[] = [];
  for (const node of turned(spare, job.ref.key)) {
    if (holders.size + added.length >= parts.wanted) break;
    const outcome = await addOne(job, node, parts);
    if (outcome === 'over') return { result: 'over', added: [], failed };
    if (outcome instanceof NodeError) failed.push(outcome);
    else added.push(outcome);
  }
  const isWhole = holders.size + added.length >= parts.wanted;
  return { result: isWhole ? 'repaired' : 'incomplete', added, failed };
}

/** The same order for the same job, others for others. */
function turned(nodes: readonly QueueNode[], key: string): QueueNode[] {
  if (nodes.length === 0) return [];
  const at = parseInt(key.slice(0, 8), 16) % nodes.length;
  return [...nodes.slice(at), ...nodes.slice(0, at)];
}

async function addOne(
  job: WornJob,
  node: QueueNode,
  { ledger, clock }: RepairParts,
): Promise<ReplicaOf | NodeError | 'over'> {
  const { ref, envelope } = job;
  for (let asked = -Infinity; clock.now() - asked > longestTrust;) {
    asked = clock.now();
    if (isOver(await ledger.look(ref))) return 'over';
  }
  const put = { envelope, options: putOptions(job, clock), distinct: false };
  const { answers, life } = await node.putAll(new Puts([put]));
  const [id] = answers as [bigint | NodeError];
  if (id instanceof NodeError) return id;
  const undo = () => takeBack([{ node, life, id }], put);
  return (await isStillWanted(ref, ledger, undo)) ? { node, id } : 'over';
}

/** The same as the replicas it has; beanstalkd counts whole seconds, and workers hold a job for the rest. */
function putOptions({ ref, replicas: [replica] }: WornJob, clock: Clock) {
  if (replica === undefined) throw new Error('a job without a replica can not be repaired');
  const { priority, ttr } = replica.stats;
  const delay = Math.max(leastDelay, Math.floor((ref.dueMs - clock.now()) / 1_000));
  return { delay: Math.min(delay, longestDelay), priority, ttr };
}

async function isStillWanted(
  ref: JobRef,
  ledger: Ledger,
  undo: () => Promise<unknown>,
): Promise<boolean> {
  try {
    const standing = await ledger.look(ref);
    if (!isOver(standing)) return true;
    // A node that can't be asked keeps it: who reserves it meets its job's state.
    // With the others it is buried when it is reserved: a dead job keeps what it has
    if (standing.state !== 'dead') await undo();
    return false;
  } catch (error) {
    if (error instanceof LedgerDown) await undo();
    throw error;
  }
}
