// From replicas to jobs: what the counts of several nodes say about the jobs of a tube. Pure.

import type { ReplicaState } from './node.ts';
import type { Totals } from './gauge.ts';

export type StateCounts = Readonly<Record<ReplicaState, number>>;

/** The most telling first: a job whose replicas are in several states counts in the first of them. */
const states = ['reserved', 'ready', 'delayed', 'buried'] as const satisfies ReplicaState[];

/**
 * At least so many jobs there are, and exactly so many when each has all its replicas. A node holds one replica of a
 * job, so there are as many jobs as replicas on the fullest node; a job has at most `copies` replicas, so there are
 * as many as all replicas divided by them.
 * @param nodes the counts of each node that answered.
 * @param copies how many of these nodes may hold a replica of the same job; at least 1.
 */
export function estimateJobs(nodes: readonly StateCounts[], copies: number): StateCounts {
  let left = atLeast(nodes.map(sum), copies);
  const jobs = { ready: 0, reserved: 0, delayed: 0, buried: 0 };
  for (const state of states) {
    const of = nodes.map((counts) => counts[state]);
    jobs[state] = Math.min(left, atLeast(of, copies));
    left -= jobs[state];
  }
  return jobs;
}

function atLeast(replicas: readonly number[], copies: number): number {
  return Math.ceil(most(replicas, copies));
}

function most(replicas: readonly number[], copies: number): number {
  const all = replicas.reduce((one, other) => one + other, 0);
  return Math.max(0, ...replicas, all / copies);
}

export function sum({ ready, reserved, delayed, buried }: StateCounts): number {
  return ready + reserved + delayed + buried;
}

/** By the same reasoning; jobs per second, of replicas per second. */
export function estimateRates(nodes: readonly Totals[], copies: number): Totals {
  return {
    put: most(
      nodes.map(({ put }) => put),
      copies,
    ),
    deleted: most(
      nodes.map(({ deleted }) => deleted),
      copies,
    ),
  };
}

/** How many a second; totals that went back began at 0 again. */
export function ratesBetween(before: Totals, after: Totals, seconds: number): Totals {
  const anew = after.put < before.put || after.deleted < before.deleted;
  const from = anew ? { put: 0, deleted: 0 } : before;
  return {
    put: (after.put - from.put) / seconds,
    deleted: (after.deleted - from.deleted) / seconds,
  };
}
