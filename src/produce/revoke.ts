// Revokes a job: the ledger first, so that no replica that is out of reach can run it, then every replica.

import { DqError, messageOf, type NodeError } from '../core/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import {
  identify,
  type IdentifiedJob,
  type IdentifiedReplica,
  type ReplicaOf,
  type Unidentified,
} from './identify.ts';
import { onEach } from './on-each.ts';

/**
 * - `deleted`: it will not run; a replica that is out of reach is deleted when it turns up.
 * - `done`, `claimed`: it ran, or runs.
 */
export type Revocation =
  | { readonly result: 'deleted'; readonly key: string; readonly unreached: readonly string[] }
  | { readonly result: 'done' | 'claimed'; readonly key: string }
  | Unidentified;

/**
 * The job of a receipt.
 * @param tube the logical tube of the job.
 * @throws LedgerDown: nothing was deleted.
 */
export async function revoke(
  replicas: readonly ReplicaOf[],
  tube: string,
  ledger: Ledger,
): Promise<Revocation> {
  const job = await identify(replicas, tube);
  return 'result' in job ? job : revokeJob(job, ledger);
}

/** As much of a job as it takes to delete it. */
export interface RevocableJob extends Pick<IdentifiedJob, 'ref' | 'silent'> {
  readonly replicas: readonly Pick<IdentifiedReplica, 'node' | 'id' | 'envelope'>[];
}

/** @throws LedgerDown: nothing was deleted. */
export async function revokeJob(job: RevocableJob, ledger: Ledger): Promise<Revocation> {
  const { key } = job.ref;
  const answer = await ledger.revoke(job.ref, false);
  if (answer !== 'revoked') return { result: answer, key };
  // Where one is left the ledger's mark deletes it when it turns up
  const unreached = await onEach(job.replicas, ({ node, id, envelope }) =>
    node.delete(id, envelope),
  );
  return { result: 'deleted', key, unreached: [...unreached, ...job.silent] };
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

/** @param done what wasn't done to it. */
export function explainUnidentified(found: Unidentified, done: 'deleted' | 'kicked'): DqError {
  switch (found.result) {
    case 'absent':
      return new DqError('absent', 'no such job');
    case 'unlike':
      return new DqError(
        'absent',
        `the replicas are not one and the same job; nothing was ${done}`,
        { hint: 'a node that restarted without a binlog counts its ids from 1 again' },
      );
    case 'unreachable':
      return new DqError(
        'unavailable',
        `too few of its nodes answer; nothing was ${done} (${reasons(found.errors)})`,
      );
  }
}

function reasons(errors: readonly NodeError[]): string {
  return errors.map((error) => `${error.node}: ${messageOf(error)}`).join('; ');
}
