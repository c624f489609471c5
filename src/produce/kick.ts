// Kicks a job: the ledger first, so that it may run again, then every replica of it that is buried.

import { DqError } from '../core/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { isPutAfter } from '../ledger/machine.ts';
import { explainUnidentified } from './revoke.ts';
import type { IdentifiedJob, Unidentified } from './identify.ts';
import { onEach } from './on-each.ts';

/**
 * - `kicked`: it may run. `unreached`: the endpoints whose replica stays as it is.
 * - `done`, `deleted`: it will not run; replicas that were buried are gone.
 * - `pending`: nothing of it was buried, it waits or runs.
 */
export type Kicking =
  | { readonly result: 'kicked'; readonly key: string; readonly unreached: readonly string[] }
  | { readonly result: 'done' | 'deleted' | 'pending'; readonly key: string }
  | Unidentified;

/** @throws LedgerDown: nothing was kicked. */
export async function kickJob(job: IdentifiedJob, ledger: Ledger): Promise<Kicking> {
  const { key } = job.ref;
  const buried = job.replicas.filter(({ stats }) => stats.state === 'buried');
  if (buried.length === 0 && (await ledger.look(job.ref))?.state !== 'dead') {
    return { result: 'pending', key };
  }
  const answer = await ledger.kick(job.ref);
  switch (answer) {
    case 'kicked':
    case 'pending': {
      // A job that was dead has replicas that wait; of one that waits or runs anyhow, they wait for a reason
      const replicas = answer === 'kicked' ? job.replicas : buried;
      const unreached = await onEach(replicas, ({ node, id }) => node.kick(id));
      return { result: 'kicked', key, unreached: [...unreached, ...job.silent] };
    }
    case 'done':
      await onEach(buried, ({ node, id, envelope }) => node.delete(id, envelope));
      return { result: 'done', key };
    case 'revoked': {
      const agoMs = await revokedAgo(job, ledger);
      await onEach(buried, ({ node, id, envelope, stats }) =>
        isPutAfter(stats.age, agoMs) ? node.kick(id) : node.delete(id, envelope),
      );
      return { result: 'deleted', key };
    }
  }
}

async function revokedAgo({ ref }: IdentifiedJob, ledger: Ledger): Promise<number> {
  const standing = await ledger.look(ref);
  // No longer revoked: it was put again, and a kick is harmless
  return standing?.state === 'revoked' ? standing.agoMs : Infinity;
}

/** The line that tells the user why nothing was kicked; undefined when it was. */
export function explainKick(kicking: Kicking): DqError | undefined {
  switch (kicking.result) {
    case 'kicked':
      return undefined;
    case 'pending':
      return new DqError('absent', 'the job is not buried: it waits or runs');
    case 'done':
      return new DqError('absent', 'the job is done; what was buried of it is gone');
    case 'deleted':
      return new DqError('absent', 'the job was deleted; what was buried of it is gone');
    default:
      return explainUnidentified(kicking, 'kicked');
  }
}
