// Changes all jobs of a selection: chosen, asked about, then changed so many at a time until a signal comes.

import { systemClock } from '../core/clock.ts';
import { DqError, StrangeEntry } from '../core/errors.ts';
import { inLanes } from '../core/lanes.ts';
import { localZone } from '../core/zone.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { SurveyedJob } from '../survey/job.ts';
import {
  readSelection,
  remarkOnMatch,
  type Selection,
  type SelectionOptions,
} from '../survey/selection.ts';
import { blindness } from './blindness.ts';
import { choose, describe, nameOf, show, type ChosenJob } from './chosen-jobs.ts';
import { assertAskable, confirm, type ConfirmOptions } from './confirm.ts';
import type { Context } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { openCluster } from './open-cluster.ts';
import { progressBar } from './progress-bar.ts';
import { stopSignals } from './stop-signals.ts';

export interface ManyOptions extends SelectionOptions, ConfirmOptions {
  readonly all?: boolean;
}

export interface Outcome {
  readonly result: string;
  readonly error?: string;
}

export interface Deed {
  readonly verb: 'delete' | 'kick';
  /** The result of a job to which it was done. */
  readonly past: 'deleted' | 'kicked';
  /** Which of the selected ones. */
  readonly isMeant: (job: SurveyedJob) => boolean;
  /** No more than that: those that were due first. */
  readonly most: number;
  /** Of these it only deletes what is left. */
  readonly onlyDrops: (job: ChosenJob) => boolean;
  /** What it means that a node can't be asked. */
  readonly unseen: string;
  /** Whether the user is asked before. */
  readonly asks: boolean;
  readonly change: (job: ChosenJob, tube: string, ledger: Ledger) => Promise<Outcome>;
}

/**
 * Enough to fill the pipelines while each job holds a payload for each replica; what is held of jobs whose bytes are
 * known has an end, and with more of them each commit of the embedded queue is of more.
 */
const atOnce = { unknown: 128, known: 4_096 };

export function hasFilter({ match, dueBefore, dueAfter }: ManyOptions): boolean {
  return [match, dueBefore, dueAfter].some((each) => each !== undefined);
}

/** @throws DqError (unavailable): what was done until then is told. */
export async function changeMany(
  deed: Deed,
  options: ManyOptions,
  context: Context,
): Promise<void> {
  const { printer } = context;
  const selection: Selection = readSelection(options, { now: systemClock.now(), zone: localZone });
  if (deed.asks) assertAskable(options, deed.verb);
  const cluster = openCluster(await context.config(), context);
  try {
    const { tube } = cluster.config;
    const bar = await progressBar(printer);
    const chosen = await choose(cluster, selection, deed.isMeant, bar);
    const { nodes, unseen } = chosen;
    const jobs = chosen.jobs.slice(0, deed.most);
    if (unseen.length > 0) printer.warn(`${unseen.join(', ')} can't be asked: ${deed.unseen}`);
    if (blindness(unseen, cluster.config) !== undefined) context.exit(exitCodes.unavailable);
    const what = intention(deed, jobs, (count) => describe(count, tube, nodes));
    if (options.dryRun === true) {
      await show(jobs, printer);
      printer.note(`would ${what}`);
    } else if (jobs.length === 0) {
      printer.note(`nothing to ${deed.verb} in tube ${tube}`);
      const remark = remarkOnMatch(options.match);
      if (remark !== undefined) printer.note(remark);
    } else if (!deed.asks || (await confirm(`${what}?`, options, context))) {
      await changeAll(jobs, deed, tube, await cluster.ledger(), context);
    } else {
      printer.warn(`nothing was ${deed.past}`);
      context.exit(exitCodes.notSo);
    }
  } finally {
    await cluster.close();
  }
}

function intention(
  { verb, onlyDrops }: Deed,
  jobs: readonly ChosenJob[],
  counted: (count: number) => string,
): string {
  const ended = jobs.filter(onlyDrops).length;
  const what = `${verb} ${counted(jobs.length - ended)}`;
  return ended === 0 ? what : `${what}, and delete what is buried of ${ended} that ended`;
}

async function changeAll(
  jobs: readonly ChosenJob[],
  { change, past }: Deed,
  tube: string,
  ledger: Ledger,
  { printer, exit }: Context,
): Promise<void> {
  const signals = stopSignals();
  const results = new Map<string, number>();
  const changeOne = async (job: ChosenJob): Promise<void> => {
    const outcome = await change(job, tube, ledger).catch(unreadable);
    results.set(outcome.result, (results.get(outcome.result) ?? 0) + 1);
    if (printer.json) await printer.line({ ...nameOf(job), ...outcome });
  };
  try {
    await inLanes(jobs, lanesFor(jobs), changeOne, signals.stop);
  } finally {
    signals.release();
    printer.note(summaryOf(results, jobs.length, past, tube));
  }
  if (results.has('unreachable') || results.has('unreadable')) exit(exitCodes.unavailable);
  if (totalOf(results) < jobs.length && signals.code !== undefined) exit(signals.code);
}

function lanesFor(jobs: readonly ChosenJob[]): number {
  return jobs.every(({ envelope }) => envelope !== undefined) ? atOnce.known : atOnce.unknown;
}

/** @throws whatever isn't about this job alone. */
function unreadable(error: unknown): Outcome {
  if (!(error instanceof StrangeEntry)) throw error;
  return { result: 'unreadable', error: error.message };
}

const told: Readonly<Record<string, string>> = {
  claimed: 'running, left',
  pending: 'not buried any more',
  done: 'done already',
  absent: 'gone before',
  unreachable: 'out of reach',
  unreadable: 'unreadable in the ledger, left',
};

function summaryOf(
  results: ReadonlyMap<string, number>,
  all: number,
  past: Deed['past'],
  tube: string,
): string {
  const others = [...results].filter(([result]) => result !== past);
  const parts = others.map(([result, count]) => `${count} ${told[result] ?? result}`);
  const left = all - totalOf(results);
  if (left > 0) parts.push(`${left} not tried`);
  return [`${past} ${describe(results.get(past) ?? 0, tube)}`, ...parts].join('; ');
}

function totalOf(results: ReadonlyMap<string, number>): number {
  return [...results.values()].reduce((sum, count) => sum + count, 0);
}

/** @throws DqError (usage) */
export function refuseWords([word]: readonly string[], hint: string): void {
  if (word === undefined) return;
  throw new DqError('usage', `either named jobs or a selection: what is ${JSON.stringify(word)}?`, {
    hint,
  });
}
