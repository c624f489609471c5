// Revokes a job: the ledger first, so that no replica that is out of reach can run it, then every replica.

import type { Buffer } from 'node:buffer';
import { dueMs, openEnvelope } from '../core/envelope.ts';
import { DqError, NodeError, messageOf } from '../core/errors.ts';
import { keyOf } from '../core/key.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { QueueNode } from '../queue/node.ts';

/** One replica of the job's receipt, on the node that has it. */
export interface ReplicaOf {
  readonly node: QueueNode;
  readonly id: bigint;
}

/**
 * - `deleted`: it will not run; a replica that is out of reach is deleted when it turns up.
 * - `absent`: there is no such job; `done`, `claimed`: it ran, or runs.
 * - `unlike`: what the receipt names isn't (or can't be shown to be) one job; `unreachable`: too few nodes answer.
 */
export type Revocation =
  | { readonly result: 'deleted'; readonly key: string; readonly unreached: readonly string[] }
  | { readonly result: 'done' | 'claimed'; readonly key: string }
  | { readonly result: 'absent' | 'unlike' }
  | { readonly result: 'unreachable'; readonly errors: readonly NodeError[] };

interface Found {
  readonly replica: ReplicaOf;
  /** The envelope, undefined when nothing is there, or why it can't be known. */
  readonly envelope: Buffer | NodeError | undefined;
}

/**
 * @param tube the logical tube of the job.
 * @throws LedgerDown: nothing was deleted.
 */
export async function revoke(
  replicas: readonly ReplicaOf[],
  tube: string,
  ledger: Ledger,
): Promise<Revocation> {
  const found = await Promise.all(replicas.map(find));
  const job = agree(found);
  if ('result' in job) return job;
  const content = openEnvelope(job.envelope);
  if (content === undefined) return { result: 'unlike' };
  const key = keyOf(job.envelope);
  const answer = await ledger.revoke({ tube, key, dueMs: dueMs(content.dueNs) }, false);
  if (answer !== 'revoked') return { result: answer, key };
  const unreached = await deleteAll(job.replicas, job.envelope);
  const silent = found.flatMap(({ envelope }) => (envelope instanceof NodeError ? [envelope] : []));
  return { result: 'deleted', key, unreached: [...unreached, ...silent.map(({ node }) => node)] };
}

async function find(replica: ReplicaOf): Promise<Found> {
  const { node, id } = replica;
  try {
    const stats = await node.stats(id);
    const envelope = stats?.tube === node.tube ? await node.peek(id) : undefined;
    return { replica, envelope };
  } catch (error) {
    if (error instanceof NodeError) return { replica, envelope: error };
    throw error;
  }
}

/**
 * A node without binlog counts its ids from 1 after a restart, so an id may name another job. One replica of
 * several proves nothing by itself: two must agree. A receipt of one replica is taken at its word.
 */
function agree(
  found: readonly Found[],
): { envelope: Buffer; replicas: ReplicaOf[] } | Exclude<Revocation, { result: 'deleted' }> {
  const errors = found.flatMap(({ envelope }) => (envelope instanceof NodeError ? [envelope] : []));
  const present = found.flatMap(({ replica, envelope }) =>
    envelope === undefined || envelope instanceof NodeError ? [] : [{ replica, envelope }],
  );
  for (const { envelope } of present) {
    const alike = present.filter((other) => other.envelope.equals(envelope));
    if (alike.length < Math.min(2, found.length)) continue;
    return { envelope, replicas: alike.map(({ replica }) => replica) };
  }
  if (errors.length > 0) return { result: 'unreachable', errors };
  return { result: present.length === 0 ? 'absent' : 'unlike' };
}

/** The endpoints whose replica is left: the ledger's mark deletes it when it turns up. */
async function deleteAll(replicas: readonly ReplicaOf[], envelope: Buffer): Promise<string[]> {
  const left = await Promise.all(
    replicas.map(async ({ node, id }) => {
      try {
        await node.delete(id, envelope);
        return [];
      } catch (error) {
        if (error instanceof NodeError) return [node.endpoint];
        throw error;
      }
    }),
  );
  return left.flat();
}

/** The line that tells the user why nothing, or not everything, was deleted; undefined when all went well. */
export function explain(revocation: Revocation): DqError | undefined {
  switch (revocation.result) {
    case 'deleted':
      return undefined;
    case 'absent':
      return new DqError('absent', 'no such job');
    case 'done':
      return new DqError('absent', 'the job is done');
    case 'claimed':
      return new DqError('absent', 'the job is running; nothing was deleted');
    case 'unlike':
      return new DqError(
        'absent',
        'the replicas are not one and the same job; nothing was deleted',
        {
          hint: 'a node that restarted without a binlog counts its ids from 1 again',
        },
      );
    case 'unreachable':
      return new DqError(
        'unavailable',
        `too few of its nodes answer; nothing was deleted (${reasons(revocation.errors)})`,
      );
  }
}

function reasons(errors: readonly NodeError[]): string {
  return errors.map((error) => `${error.node}: ${messageOf(error)}`).join('; ');
}
