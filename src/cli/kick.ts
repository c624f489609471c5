// dq kick: buried jobs that may run again, by their receipts, so many of them, or all of a selection.

import type { FoundJob } from '../cluster.ts';
import { dueMs } from '../core/envelope.ts';
import { DqError } from '../core/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { identify, identifyByKey } from '../produce/identify.ts';
import { explainKick, kickJob } from '../produce/kick.ts';
import type { SurveyedJob } from '../survey/job.ts';
import { neverRunsAgain } from '../survey/states.ts';
import type { Context } from './context.ts';
import { changeMany, hasFilter, refuseWords, type Deed, type ManyOptions } from './many-jobs.ts';
import { changeNamed, type NamedOutcome } from './named-jobs.ts';
import { wholeNumber } from './numbers.ts';

export async function kickJobs(
  words: readonly string[],
  options: ManyOptions,
  context: Context,
): Promise<void> {
  const [first, second] = words;
  const isCount = first !== undefined && second === undefined && /^-?\d+$/.test(first);
  if (isCount) {
    if (options.all === true) throw new DqError('usage', `either ${first} or --all`);
    const most = wholeNumber('N', first, 1, Infinity);
    await changeMany({ ...kicking, most, asks: false }, options, context);
  } else if (options.all === true || hasFilter(options)) {
    refuseWords(words, 'dq kick --match TEXT, or dq kick "$receipt"');
    await changeMany(kicking, options, context);
  } else if (first === undefined) {
    await changeMany({ ...kicking, most: 1, asks: false }, options, context);
  } else {
    refuseNumbers(words);
    if (options.state !== undefined)
      refuseWords(words, 'dq kick --state dead, or dq kick "$receipt"');
    if (options.dryRun === true) {
      throw new DqError('usage', '--dry-run shows what a selection would kick');
    }
    await changeNamed(words, { past: 'kicked', change: kickNamed }, context);
  }
}

/** @throws DqError (usage) */
function refuseNumbers(words: readonly string[]): void {
  const number = words.find((word) => /^\d+$/.test(word));
  if (number === undefined) return;
  throw new DqError('usage', `either one number or receipts: what is ${JSON.stringify(number)}?`, {
    hint: 'dq kick 100, or dq kick "$receipt"',
  });
}

async function kickNamed(found: FoundJob, ledger: Ledger): Promise<NamedOutcome> {
  const job = await identify(found);
  const kicked = 'result' in job ? job : await kickJob(job, ledger);
  const unreached = kicked.result === 'kicked' ? kicked.unreached : [];
  const others = 'result' in job ? [] : job.others;
  const later = 'it stays as it is';
  return { result: kicked.result, error: explainKick(kicked), unreached, others, later };
}

const kicking: Deed = {
  ...{ verb: 'kick', past: 'kicked', asks: true, most: Infinity, isMeant: isBuried },
  onlyDrops: ({ state }) => neverRunsAgain(state),
  unseen: 'what is buried there stays so',
  change: async ({ key, dueNs, replicas }, tube, ledger) => {
    if (key === undefined || dueNs === undefined) return { result: 'absent' };
    const job = await identifyByKey(replicas, { tube, key, dueMs: dueMs(dueNs) });
    const kicked = 'result' in job ? job : await kickJob(job, ledger);
    const error = explainKick(kicked);
    return { result: kicked.result, ...(error && { error: error.message }) };
  },
};

/** What is no job of dq's would be buried again. */
function isBuried({ key, replicas, state }: SurveyedJob): boolean {
  if (key === undefined) return false;
  return state === 'dead' || replicas.some(({ stats }) => stats.state === 'buried');
}
