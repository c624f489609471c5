// The numbers and durations of `dq work`: options over configuration, each checked.

import type { Config } from '../config/schema.ts';
import { DqError } from '../core/errors.ts';
import { durationOf, optional, wholeNumber } from './numbers.ts';
import { lineForm, nullForm } from './records.ts';

export interface WorkOptions {
  readonly concurrency?: string;
  readonly attempts?: string;
  readonly timeout?: string;
  readonly grace?: string;
  /** True when no duration was given. */
  readonly drain?: string | true;
  readonly maxJobs?: string;
  readonly batch?: string;
  readonly batchWait?: string;
  readonly null?: true;
}

export interface WorkLimits {
  readonly concurrency: number;
  readonly attempts: number;
  readonly timeout: number | undefined;
  readonly grace: number;
  /** In ms; undefined: work on for ever. */
  readonly drain: number | undefined;
  readonly maxJobs: number | undefined;
  /** Undefined: a run for each job. */
  readonly batch: BatchLimits | undefined;
}

interface BatchLimits {
  readonly size: number;
  /** In ms. */
  readonly wait: number;
  /** The byte that ends a record. */
  readonly end: number;
}

const mostHandlers = 1_000;
/** So many claims one worker renews at most. */
const mostClaims = 10_000;

/** @throws DqError (usage) for what is no such number, or out of its range. */
export function readLimits(options: WorkOptions, { work: configured }: Config): WorkLimits {
  const given = optional(options.concurrency, (text) =>
    wholeNumber('--concurrency', text, 1, mostHandlers),
  );
  const concurrency = given ?? configured.concurrency;
  const attempts = optional(options.attempts, (text) =>
    wholeNumber('--attempts', text, 1, Infinity),
  );
  const timeout = optional(options.timeout, readTimeout);
  const grace = optional(options.grace, (text) => durationOf('--grace', text));
  const maxJobs = optional(options.maxJobs, (text) => wholeNumber('--max-jobs', text, 1, Infinity));
  const { drain } = options;
  return {
    concurrency,
    attempts: attempts ?? configured.attempts,
    timeout: timeout ?? configured.timeout,
    grace: grace ?? configured.grace,
    drain: drain === true ? 0 : optional(drain, (text) => durationOf('--drain', text)),
    maxJobs,
    batch: readBatch(options, concurrency),
  };
}

/** Nothing, with a unit or without, is never meant. */
function readTimeout(text: string): number {
  const timeout = Number(text) === 0 ? 0 : durationOf('--timeout', text);
  if (timeout === 0) throw new DqError('usage', '--timeout must be more than 0s');
  return timeout;
}

function readBatch(options: WorkOptions, concurrency: number): BatchLimits | undefined {
  const { batch, batchWait } = options;
  if (batch === undefined) {
    const stray = batchWait === undefined ? '--null' : '--batch-wait';
    if (batchWait === undefined && options.null === undefined) return undefined;
    throw new DqError('usage', `${stray} is for batches`, { hint: 'say how large: --batch 100' });
  }
  return {
    size: wholeNumber('--batch', batch, 1, Math.max(1, Math.floor(mostClaims / concurrency))),
    wait: optional(batchWait, (text) => durationOf('--batch-wait', text)) ?? 0,
    end: (options.null === true ? nullForm : lineForm).end,
  };
}
