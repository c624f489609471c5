// Changes jobs that are named by their receipts, each for itself, and says what became of it.

import { findJob, type FoundJob } from '../cluster.ts';
import { StrangeEntry, type DqError } from '../core/errors.ts';
import { formatReceipt, parseReceipt } from '../core/receipt.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Printer } from '../output/printer.ts';
import { addressesOf, type ReplicaOf } from '../queue/replica-of.ts';
import type { Context } from './context.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { openCluster } from './open-cluster.ts';

export interface NamedOutcome {
  readonly result: string;
  /** Undefined: it was done. */
  readonly error: DqError | undefined;
  /** Endpoints whose replica is left as it is. */
  readonly unreached: readonly string[];
  /** What becomes of those. */
  readonly later: string;
  /** What was named, but is another job's, and left. */
  readonly others: readonly ReplicaOf[];
}

export interface NamedDeed {
  readonly past: 'deleted' | 'kicked';
  readonly change: (job: FoundJob, ledger: Ledger) => Promise<NamedOutcome>;
}

/** Everything is found before anything is changed. */
export async function changeNamed(
  receipts: readonly string[],
  { past, change }: NamedDeed,
  context: Context,
): Promise<void> {
  const { printer } = context;
  receipts.forEach(parseReceipt);
  const cluster = openCluster(await context.config(), context);
  try {
    const jobs = await Promise.all(receipts.map((receipt) => findJob(receipt, cluster)));
    const ledger = await cluster.ledger();
    let code: number = exitCodes.done;
    for (const job of jobs) {
      const { receipt } = job;
      const outcome = await change(job, ledger).catch(unreadable);
      const { result, error, unreached, later, others } = outcome;
      const left = others.map((other) => formatReceipt(addressesOf([other])));
      if (printer.json) {
        await printer.line({
          ...{ receipt, result, ...(error && { error: error.message }) },
          ...(left.length > 0 && { otherJobs: left }),
        });
      } else if (error === undefined) {
        const rest = unreached.length === 0 ? '' : `; on ${unreached.join(', ')} ${later}`;
        printer.note(`${past} ${without([...left, ...job.elsewhere], receipt)}${rest}`);
        if (left.length > 0) printer.warn(`${left.join(', ')}: another job, left as it is`);
      } else {
        const hint = error.hint === undefined ? '' : ` (${error.hint})`;
        printer.warn(`${receipt}: ${error.message}${hint}`);
      }
      warnOfElsewhere(job, printer);
      if (error !== undefined) code = Math.max(code, exitCodeOf(error.kind));
    }
    context.exit(code);
  } finally {
    await cluster.close();
  }
}

/** No worker of this configuration meets what lies there. */
export function warnOfElsewhere({ elsewhere }: FoundJob, printer: Printer): void {
  if (elsewhere.length === 0) return;
  printer.warn(`${elsewhere.join(', ')}: no such node in the configuration, left as it is`);
}

function without(left: readonly string[], receipt: string): string {
  const replicas = receipt.split(',');
  return replicas.filter((replica) => !left.includes(replica)).join(',');
}

/** @throws whatever isn't about this job alone. */
function unreadable(error: unknown): NamedOutcome {
  if (!(error instanceof StrangeEntry)) throw error;
  return { result: 'unreadable', error, unreached: [], later: '', others: [] };
}
