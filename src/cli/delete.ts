// dq delete: jobs that are not to run, by their receipts.

import { DqError } from '../core/errors.ts';
import { parseReceipt } from '../core/receipt.ts';
import type { Printer } from '../output/printer.ts';
import { explain, revoke, type ReplicaOf, type Revocation } from '../produce/revoke.ts';
import { Cluster } from '../cluster.ts';
import type { Context } from './context.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';

interface Target {
  readonly receipt: string;
  /** The logical tube. */
  readonly tube: string;
  readonly replicas: readonly ReplicaOf[];
}

export async function deleteJobs(receipts: readonly string[], context: Context): Promise<void> {
  if (receipts.length === 0) {
    throw new DqError('usage', 'no receipt was given', {
      hint: 'dq delete "$receipt": what put printed',
    });
  }
  const addresses = receipts.map(parseReceipt);
  const cluster = new Cluster(await context.config());
  try {
    const targets = addresses.map((parts, at) => findTarget(receipts[at] ?? '', parts, cluster));
    const ledger = await cluster.ledger();
    const codes: number[] = [];
    for (const target of targets) {
      const revocation = await revoke(target.replicas, target.tube, ledger);
      codes.push(await tell(target.receipt, revocation, context.printer));
    }
    context.exit(Math.max(...codes));
  } finally {
    await cluster.close();
  }
}

function findTarget(
  receipt: string,
  parts: ReturnType<typeof parseReceipt>,
  cluster: Cluster,
): Target {
  const tubes = new Set<string>();
  const replicas = parts.map(({ endpoint, tube, id }) => {
    const found = cluster.find(endpoint, tube);
    if (found === undefined) {
      throw new DqError('usage', `no such node in the configuration: ${endpoint}`, {
        hint: `the receipt ${receipt} comes from another cluster, or -c is missing`,
      });
    }
    tubes.add(found.tube);
    return { node: found.node, id };
  });
  const [tube, another] = tubes;
  if (tube === undefined || another !== undefined) {
    throw new DqError('usage', `the receipt ${receipt} names more than one tube`);
  }
  return { receipt, tube, replicas };
}

async function tell(receipt: string, revocation: Revocation, printer: Printer): Promise<number> {
  const error = explain(revocation);
  if (printer.json) {
    const { result } = revocation;
    await printer.line({
      receipt,
      result,
      ...(error === undefined ? {} : { error: error.message }),
    });
  }
  if (error !== undefined) {
    if (!printer.json)
      printer.warn(
        `${receipt}: ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`,
      );
    return exitCodeOf(error.kind);
  }
  const unreached = revocation.result === 'deleted' ? revocation.unreached : [];
  const later = unreached.length === 0 ? '' : `; on ${unreached.join(', ')} when it is back`;
  printer.note(`deleted ${receipt}${later}`);
  return exitCodes.done;
}
