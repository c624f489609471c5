// dq peek: one job whole, by its receipt; or the next job of each state.

import { findJob, type Cluster, type FoundJob } from '../cluster.ts';
import { DqError, messageOf, NodeError, reasonsOf, type LedgerDown } from '../core/errors.ts';
import { jobSheet } from '../output/job-sheet.ts';
import type { Printer } from '../output/printer.ts';
import { surveyJson, type JobFacts, type ReplicaFacts } from '../output/survey-json.ts';
import { absence } from '../produce/revoke.ts';
import { addressOf } from '../queue/replica-of.ts';
import { firstJobs, inspect, type Inspection } from '../survey/inspect.ts';
import { tellBlindness } from './blindness.ts';
import type { Context } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { factsOf } from './job-facts.ts';
import { warnOfElsewhere } from './named-jobs.ts';
import { openCluster } from './open-cluster.ts';

export async function peek(receipts: readonly string[], context: Context): Promise<void> {
  const [receipt] = receipts;
  const cluster = openCluster(await context.config(), context);
  try {
    if (receipt === undefined) await peekFirst(cluster, context);
    else await peekReceipt(receipt, cluster, context);
  } finally {
    await cluster.close();
  }
}

async function peekFirst(cluster: Cluster, context: Context): Promise<void> {
  const { printer } = context;
  const { tube } = cluster.config;
  const ground = await groundOf(tube, cluster, printer);
  const jobs = await firstJobs(await cluster.nodes(tube), ground);
  if (jobs.length === 0) printer.note(`nothing is ready, delayed or buried in ${tube}`);
  for (const job of jobs) await show(factsOf(job, true), printer);
  tellBlindness(ground.unseen, cluster.config, context);
}

async function peekReceipt(receipt: string, cluster: Cluster, context: Context): Promise<void> {
  const { printer } = context;
  const named = await findJob(receipt, cluster);
  const { replicas, tube } = named;
  warnOfElsewhere(named, printer);
  const seen = await inspect(replicas, await groundOf(tube, cluster, printer));
  const [job, ...others] = seen.jobs;
  if (job === undefined) throw nothingThere(named, seen);
  const facts = factsOf(job, true);
  await show({ ...facts, replicas: [...facts.replicas, ...missing(seen)] }, printer);
  for (const other of others) await show(factsOf(other, true), printer);
  if (others.length === 0) return;
  printer.warn(
    `the replicas of this receipt are ${seen.jobs.length} different jobs: a node that restarted without a binlog counts its ids from 1 again`,
  );
  context.exit(exitCodes.notSo);
}

function nothingThere({ receipt, elsewhere }: FoundJob, { unreached }: Inspection): DqError {
  if (unreached.length === 0) {
    const hint = absence(elsewhere.length > 0);
    return new DqError('absent', `no such job: ${receipt}`, { hint });
  }
  const reasons = reasonsOf(unreached.map(({ error }) => error));
  return new DqError(
    'unavailable',
    `${receipt}: none of its nodes that answer has it (${reasons})`,
  );
}

function missing({ absent, unreached }: Inspection): ReplicaFacts[] {
  return [
    ...absent.map((place) => ({ ...addressOf(place), state: 'absent' })),
    ...unreached.map((place) => ({
      ...addressOf(place),
      state: 'unreachable',
      error: messageOf(place.error),
    })),
  ];
}

async function groundOf(tube: string, cluster: Cluster, printer: Printer) {
  const unseen: string[] = [];
  const onTrouble = (trouble: NodeError | LedgerDown): void => {
    const isNode = trouble instanceof NodeError;
    if (isNode) unseen.push(trouble.node);
    printer.warn(isNode ? `${trouble.node}: ${trouble.message}` : trouble.message);
  };
  return { tube, ledger: await cluster.ledger(), onTrouble, unseen };
}

async function show(job: JobFacts, printer: Printer): Promise<void> {
  if (printer.json) await printer.line(surveyJson(job));
  else await printer.data(jobSheet(job, await printer.paint()));
}
