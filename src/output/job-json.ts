// The JSON of a job that was put: `put` and `at` under --json. Stable: other people's scripts read it.

import { dueMs } from '../core/envelope.ts';
import type { NodeError } from '../core/errors.ts';
import type { ReplicaAddress } from '../core/receipt.ts';

export interface PutJob {
  readonly receipt: string;
  readonly key: string;
  readonly dueNs: bigint;
  /** The logical tube. */
  readonly tube: string;
  readonly addresses: readonly ReplicaAddress[];
  readonly failed: readonly NodeError[];
}

export function putJson({ receipt, key, dueNs, tube, addresses, failed }: PutJob): object {
  return {
    receipt,
    key,
    due: new Date(dueMs(dueNs)).toISOString(),
    tube,
    replicas: addresses.map(({ endpoint, tube: lies, id }) => ({
      node: endpoint,
      tube: lies,
      id: String(id),
    })),
    failed: failed.map(({ node, message }) => ({ node, error: message })),
  };
}
