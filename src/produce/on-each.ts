// Does the same to every replica of a job, wherever it lies.

import { NodeError } from '../core/errors.ts';
import type { ReplicaOf } from '../queue/replica-of.ts';

/** @returns the endpoints that can't be reached, or refuse. */
export async function onEach<Replica extends Pick<ReplicaOf, 'node'>>(
  replicas: readonly Replica[],
  act: (replica: Replica) => Promise<unknown>,
): Promise<string[]> {
  const left = await Promise.all(
    replicas.map(async (replica) => {
      try {
        await act(replica);
        return [];
      } catch (error) {
        if (error instanceof NodeError) return [replica.node.endpoint];
        throw error;
      }
    }),
  );
  return left.flat();
}
