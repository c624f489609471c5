// Revokes a job: the ledger first, so that no replica that is out of reach can run it, then every replica.

import { openEnvelope } from '../core/envelope.ts';
import { DqError, reasonsOf } from '../core/errors.ts';
import { formatReceipt } from '../core/receipt.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { isPutAfter } from '../ledger/machine.ts';
import { addressesOf } from '../queue/replica-of.ts';
import {
  identify,
  type IdentifiedJob,
  type IdentifiedReplica,
  type NamedJob,
  type Unidentified,
} from './identify.ts';
import { onEach } from './on-each.ts';
import { isStamp } from './stamp.ts';

/**
 * - `deleted`: it will not run; a replica that is out of reach is deleted when it turns up. An equal one that is put
 *   before so many ms are over (`doubtMs`) may be as well.
 * - `done`, `claimed`: it ran, or runs.
 */
export type Revocation =
  | {
      readonly result: 'deleted';
      readonly key: string;
      readonly unreached: readonly string[];
      readonly doubtMs: number;
    }
  | { readonly result: 'done' | 'claimed'; readonly key: string }
  | Unidentified;

/** @throws LedgerDown: nothing was deleted. */
export async function revoke(job: NamedJob, ledger: Ledger): Promise<Revocation> {
  return revokeIdentified(await identify(job), ledger);
}

/**
 * The replica that is left of several may be another job's by now: it goes only if the ledger says that its job,
 * whichever that is, has ended.
 * @throws LedgerDown: nothing was deleted.
 */
export async function revokeIdentified(
  job: IdentifiedJob | Unidentified,
  ledger: Ledger,
): Promise<Revocation> {
  if (!('result' in job)) return revokeJob(job, ledger);
  if (job.result !== 'unlike' || job.lone === undefined) return job;
  return (await dropEnded(job.lone, ledger)) ?? job;
}

/** Undefined: its job may run. */
async function dropEnded(lone: IdentifiedJob, ledger: Ledger): Promise<Revocation | undefined> {
  const { ref, replicas } = lone;
  const standing = await ledger.look(ref);
  if (standing?.state === 'done') return dropBuried(lone);
  if (standing?.state !== 'revoked') return undefined;
  const { agoMs } = standing;
  if (replicas.some(({ stats }) => isPutAfter(stats.age, agoMs))) return undefined;
  const unreached = await onEach(replicas, remove);
  return { result: 'deleted', key: ref.key, unreached, doubtMs: doubtOf(lone, ledger) };
}

/** As much of a job as it takes to delete it. */
export interface RevocableJob extends Pick<IdentifiedJob, 'ref' | 'silent'> {
  readonly replicas: readonly IdentifiedReplica[];
}

/** @throws LedgerDown: nothing was deleted. */
export async function revokeJob(job: RevocableJob, ledger: Ledger): Promise<Revocation> {
  const { key } = job.ref;
  const answer = await ledger.revoke(job.ref, false);
  if (answer === 'claimed') return { result: answer, key };
  if (answer === 'done') return dropBuried(job);
  // Where one is left the ledger's mark deletes it when it turns up
  const unreached = await onEach(job.replicas, remove);
  const doubtMs = doubtOf(job, ledger);
  return { result: 'deleted', key, unreached: [...unreached, ...job.silent], doubtMs };
}

function doubtOf({ replicas: [replica] }: RevocableJob, { revocationDoubt }: Ledger): number {
  const job = replica && openEnvelope(replica.envelope);
  return job !== undefined && isStamp(job.dueNs) ? 0 : revocationDoubt;
}

/** Of a job that is done: no worker meets what is buried. */
async function dropBuried({ ref, replicas }: RevocableJob): Promise<Revocation> {
  await onEach(replicas.filter(isBuried), remove);
  return { result: 'done', key: ref.key };
}

function isBuried({ stats }: IdentifiedReplica): boolean {
  return stats.state === 'buried';
}

function remove({ node, id, envelope }: IdentifiedReplica): Promise<unknown> {
  return node.delete(id, envelope);
}

/** The line that tells the user why nothing was deleted; undefined when it was. */
export function explain(revocation: Revocation): DqError | undefined {
  switch (revocation.result) {
    case 'deleted':
      return undefined;
    case 'done':
      return new DqError('absent', 'the job is done');
    case 'claimed':
      return new DqError('absent', 'the job is running; nothing was deleted');
    default:
      return explainUnidentified(revocation, 'deleted');
  }
}

/** A receipt tells no key: without a replica the ledger can't be asked. */
export function absence(elsewhere: boolean): string {
  return elsewhere
    ? 'nothing is left of it on nodes of the configuration; it may lie on others that the receipt names'
    : 'it is done, was deleted or was never there: nothing is left of it';
}

/** @param done what wasn't done to it. */
export function explainUnidentified(found: Unidentified, done: 'deleted' | 'kicked'): DqError {
  switch (found.result) {
    case 'absent':
      return new DqError('absent', 'no such job', { hint: absence(found.elsewhere) });
    case 'unlike':
      return new DqError('absent', `${unlikeness(found)}; nothing was ${done}`, {
        hint: `a node that restarted without a binlog counts its ids from 1 again${remedy(found, done)}`,
      });
    case 'unreachable':
      return new DqError(
        'unavailable',
        `too few of its nodes answer; nothing was ${done} (${reasonsOf(found.errors)})`,
      );
  }
}

type Unlike = Extract<Unidentified, { result: 'unlike' }>;

function unlikeness({ lone }: Unlike): string {
  if (lone === undefined) return 'the replicas are not one and the same job';
  return "one replica is left, which may be another job's by now";
}

function remedy({ lone }: Unlike, done: 'deleted' | 'kicked'): string {
  if (lone === undefined) return '';
  const receipt = formatReceipt(addressesOf(lone.replicas));
  const verb = done === 'deleted' ? 'delete' : 'kick';
  return `; dq peek ${receipt} shows it, dq ${verb} ${receipt} takes it for the job`;
}
