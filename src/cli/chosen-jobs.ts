// The jobs that a selection means, found by a survey, and how they are called and shown.

import type { Buffer } from 'node:buffer';
import type { Cluster } from '../cluster.ts';
import { dueMs, sealEnvelope } from '../core/envelope.ts';
import { NodeError, StrangeEntry } from '../core/errors.ts';
import { formatReceipt } from '../core/receipt.ts';
import type { Printer } from '../output/printer.ts';
import type { Progress } from '../output/progress.ts';
import { addressesOf } from '../queue/replica-of.ts';
import type { SurveyedJob } from '../survey/job.ts';
import type { Selection } from '../survey/selection.ts';
import { survey } from '../survey/survey.ts';

export type ChosenJob = Pick<SurveyedJob, 'key' | 'dueNs' | 'state' | 'replicas'> & {
  /** What its replicas hold; undefined: not kept, there were too many. */
  readonly envelope: Buffer | undefined;
};

/** So many bytes of envelopes are kept; others are read again. */
const mostKept = 64 * 1024 * 1024;

export interface Chosen {
  /** Those that were due first at the front. */
  readonly jobs: readonly ChosenJob[];
  /** How many nodes were asked, and which of them didn't answer. */
  readonly nodes: number;
  readonly unseen: readonly string[];
}

/** @throws LedgerDown: which jobs are meant depends on it. */
export async function choose(
  cluster: Cluster,
  selection: Selection,
  isMeant: (job: SurveyedJob) => boolean,
  bar: Progress,
): Promise<Chosen> {
  const { tube, replicas } = cluster.config;
  const nodes = await cluster.nodes(tube);
  const unseen: string[] = [];
  const jobs: ChosenJob[] = [];
  const found = survey({
    ...{ nodes, tube, replicas, ledger: await cluster.ledger(), selection, whole: true },
    onTrouble: (trouble) => {
      if (trouble instanceof NodeError) unseen.push(trouble.node);
      else if (!(trouble instanceof StrangeEntry)) throw trouble;
    },
    onProgress: (progress) => {
      bar.show(progress, jobs.length);
    },
  });
  let kept = 0;
  for await (const group of found) {
    for (const job of group.filter(isMeant)) {
      const { key, dueNs, state, replicas, payload } = job;
      kept += payload.length;
      const envelope = key === undefined || kept < mostKept ? envelopeOf(job) : undefined;
      jobs.push({ key, dueNs, state, replicas, envelope });
    }
  }
  bar.hide();
  jobs.sort(byDue);
  return { jobs, nodes: nodes.length, unseen };
}

/** Without a due instant the bytes are no job of dq's. */
function envelopeOf({ dueNs, payload }: SurveyedJob): Buffer {
  return dueNs === undefined ? payload : sealEnvelope({ dueNs, payload });
}

function byDue({ dueNs: one = 0n }: ChosenJob, { dueNs: other = 0n }: ChosenJob): number {
  return one < other ? -1 : Number(one > other);
}

/** By its key, or by where its bytes lie. */
export function nameOf({
  key,
  replicas,
}: ChosenJob): { readonly key: string } | { readonly receipt: string } {
  return key === undefined ? { receipt: formatReceipt(addressesOf(replicas)) } : { key };
}

/** What would be changed, a line a job. */
export async function show(jobs: readonly ChosenJob[], printer: Printer): Promise<void> {
  for (const job of jobs) {
    const name = nameOf(job);
    const due = job.dueNs === undefined ? null : new Date(dueMs(job.dueNs)).toISOString();
    const { state } = job;
    if (printer.json) await printer.line({ ...name, due, state, result: 'selected' });
    else await printer.data([...Object.values(name), due ?? '-', state].join('  '));
    if (printer.closed) return;
  }
}

/** `1,203 jobs of tube mail on 3 nodes` */
export function describe(count: number, tube: string, nodes = 1): string {
  const jobs = `${count.toLocaleString('en-US')} ${count === 1 ? 'job' : 'jobs'} of tube ${tube}`;
  return nodes === 1 ? jobs : `${jobs} on ${nodes} nodes`;
}
