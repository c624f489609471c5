// dq delete: jobs that are not to run, by their receipts, or all of a selection.

import type { Buffer } from 'node:buffer';
import type { FoundJob } from '../cluster.ts';
import { systemClock } from '../core/clock.ts';
import { dueMs } from '../core/envelope.ts';
import { DqError, NodeError } from '../core/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import {
  identify,
  identifyByKey,
  type IdentifiedJob,
  type Unidentified,
} from '../produce/identify.ts';
import { explain, revokeIdentified, revokeJob, type Revocation } from '../produce/revoke.ts';
import { readStates } from '../survey/selection.ts';
import type { ChosenJob } from './chosen-jobs.ts';
import type { Context } from './context.ts';
import {
  changeMany,
  hasFilter,
  refuseWords,
  type Deed,
  type ManyOptions,
  type Outcome,
} from './many-jobs.ts';
import { changeNamed, type NamedDeed, type NamedOutcome } from './named-jobs.ts';

export async function deleteJobs(
  receipts: readonly string[],
  options: ManyOptions,
  context: Context,
): Promise<void> {
  let doubtMs = 0;
  const note: Note = (revocation) => {
    if (revocation.result === 'deleted') doubtMs = Math.max(doubtMs, revocation.doubtMs);
  };
  try {
    if (options.all === true || hasFilter(options)) {
      refuseWords(receipts, 'dq delete --match TEXT, or dq delete "$receipt"');
      await changeMany(deletion(note), options, context);
    } else {
      assertNamed(receipts, options);
      await changeNamed(receipts, namedDeletion(note), context);
    }
  } finally {
    // Whoever puts an equal job after this command has it run
    if (doubtMs > 0) await systemClock.sleep(doubtMs);
  }
}

type Note = (revocation: Revocation) => void;

function assertNamed(receipts: readonly string[], { state, dryRun }: ManyOptions): void {
  if (state !== undefined) {
    readStates(state); // an unknown one is told first
    throw new DqError('usage', `all jobs that are ${state}?`, {
      hint: `dq delete --state ${state} --all`,
    });
  }
  if (dryRun === true) throw new DqError('usage', '--dry-run shows what a selection would delete');
  if (receipts.length > 0) return;
  throw new DqError('usage', 'no receipt was given', {
    hint: 'dq delete "$receipt": what put printed; or --match TEXT, or --all',
  });
}

function namedDeletion(note: Note): NamedDeed {
  return { past: 'deleted', change: (found, ledger) => deleteNamed(found, ledger, note) };
}

async function deleteNamed(found: FoundJob, ledger: Ledger, note: Note): Promise<NamedOutcome> {
  const job = await identify(found);
  const revocation = await revokeIdentified(job, ledger);
  note(revocation);
  const { result } = revocation;
  const others = 'result' in job ? [] : job.others;
  const unreached = result === 'deleted' ? revocation.unreached : [];
  return { result, error: explain(revocation), unreached, others, later: laterOf(job) };
}

/** A worker that meets a replica of a deleted job drops it, but none meets what is buried. */
function laterOf(job: IdentifiedJob | Unidentified): string {
  const isDead = !('result' in job) && job.replicas.some(({ stats }) => stats.state === 'buried');
  return isDead ? 'what is buried stays: delete it again when it is back' : 'when it is back';
}

const deletion = (note: Note): Deed => ({
  ...{ verb: 'delete', past: 'deleted', asks: true, most: Infinity, isMeant: () => true },
  onlyDrops: () => false,
  unseen: 'its jobs may be out of sight',
  change: async ({ key, dueNs, replicas, envelope }, tube, ledger) => {
    if (key === undefined || dueNs === undefined) return deleteBytes(replicas, envelope);
    const ref = { tube, key, dueMs: dueMs(dueNs) };
    const known = envelope && replicas.map((replica) => ({ ...replica, envelope }));
    const job = known ? { ref, replicas: known, silent: [] } : await identifyByKey(replicas, ref);
    const revocation = 'result' in job ? job : await revokeJob(job, ledger);
    note(revocation);
    const error = explain(revocation);
    return { result: revocation.result, ...(error && { error: error.message }) };
  },
});

/** No job of dq's, and nothing in the ledger. */
async function deleteBytes(
  [replica]: ChosenJob['replicas'],
  bytes: Buffer | undefined,
): Promise<Outcome> {
  if (replica === undefined || bytes === undefined) return { result: 'absent' };
  try {
    return { result: (await replica.node.delete(replica.id, bytes)) ? 'deleted' : 'absent' };
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    return { result: 'unreachable', error: error.message };
  }
}
