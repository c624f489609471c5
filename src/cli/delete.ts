// dq delete: jobs that are not to run, by their receipts.

import { DqError } from '../core/errors.ts';
import { parseReceipt } from '../core/receipt.ts';
import type { Printer } from '../output/printer.ts';
import { explain, revoke, type Revocation } from '../produce/revoke.ts';
import { findJob } from '../cluster.ts';
import type { Context } from './context.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { openCluster } from './open-cluster.ts';

export async function deleteJobs(receipts: readonly string[], context: Context): Promise<void> {
  if (receipts.length === 0) {
    throw new DqError('usage', 'no receipt was given', {
      hint: 'dq delete "$receipt": what put printed',
    });
  }
  receipts.forEach(parseReceipt);
  const cluster = openCluster(await context.config(), context);
  try {
    const jobs = await Promise.all(receipts.map((receipt) => findJob(receipt, cluster)));
    const ledger = await cluster.ledger();
    const codes: number[] = [];
    for (const { receipt, replicas, tube } of jobs) {
      const revocation = await revoke(replicas, tube, ledger);
      codes.push(await tell(receipt, revocation, context.printer));
    }
    context.exit(Math.max(...codes));
  } finally {
    await cluster.close();
  }
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
