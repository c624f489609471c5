// Why a job succeeded twice: the reasons that the design knows, each shown by what was done to the worker or the ledger.

import type { Run } from './record.ts';
import type { WorkerProcess } from './worker-process.ts';

/**
 * - `dead`: its worker was killed between the success and its writing down.
 * - `absent`: its worker was paused, or alone cut off from the ledger, for longer than a lease.
 * - `forgotten`: the ledger knew of the success, or of the claim, and lost its data.
 */
export type Reason = 'dead' | 'absent' | 'forgotten';

export const reasonTexts: Readonly<Record<Reason, string>> = {
  dead: 'its worker was dead before it could write the success down',
  absent: 'its worker was away for longer than a lease',
  forgotten: 'the ledger lost its data',
};

export interface Circumstances {
  readonly workers: readonly WorkerProcess[];
  /** When the ledger lost its data, ms since the epoch. */
  readonly ledgerLostAt: number | undefined;
}

/** Less than that is no absence, in ms: a lease. */
const lease = 20_000;
/** A run may begin so many ms after its claim was asked for: dq's own limit. */
const oldestGrant = 5_000;

/** @param first succeeded, and so did `next`, which began later. Undefined: there is no reason, a promise is broken. */
export function whyTwice(
  first: Run,
  next: Run,
  { workers, ledgerLostAt }: Circumstances,
): Reason | undefined {
  const worker = workers.find(({ pid }) => pid === first.worker);
  const nextWorker = workers.find(({ pid }) => pid === next.worker);
  const doneAt = worker?.doneAt(first.key, first.attempt);
  // One that ran on, or one that began with what it had been granted before
  if (wasAway(worker, first.startedAt, doneAt ?? Infinity)) return 'absent';
  if (wasAway(nextWorker, first.startedAt, next.startedAt)) return 'absent';
  if (doneAt === undefined && (worker === undefined || worker.killedAt !== undefined)) {
    return 'dead';
  }
  if (ledgerLostAt === undefined) return undefined;
  const mayBeClaimedBefore = first.startedAt < ledgerLostAt + oldestGrant;
  return mayBeClaimedBefore && next.startedAt > ledgerLostAt ? 'forgotten' : undefined;
}

function wasAway(worker: WorkerProcess | undefined, since: number, until: number): boolean {
  const absences = worker?.absences ?? [];
  return absences.some(({ from, to }) => to - from >= lease && from < until && to > since);
}
