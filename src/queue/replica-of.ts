// Where a replica lies, or lay: a node, and an id of it.

import type { ReplicaAddress } from '../core/receipt.ts';
import type { FoundReplica, QueueNode } from './node.ts';

export interface ReplicaOf {
  readonly node: QueueNode;
  readonly id: bigint;
}

/**
 * What lies there now: an id names another job after its node lost its data. Undefined: nothing of the node's tube.
 * Rejects with the node's NodeError.
 */
export async function lookAt({ node, id }: ReplicaOf): Promise<FoundReplica | undefined> {
  // Both questions go at once: what lies between two trips may change
  const [stats, envelope] = await Promise.all([node.stats(id), node.peek(id)]);
  if (stats?.tube !== node.tube || envelope === undefined) return undefined;
  return { id, stats, envelope };
}

export function addressOf({ node, id }: ReplicaOf): ReplicaAddress {
  return { endpoint: node.endpoint, tube: node.tube, id };
}

/** What a receipt is made of. */
export function addressesOf(replicas: readonly ReplicaOf[]): ReplicaAddress[] {
  return replicas.map(addressOf);
}
