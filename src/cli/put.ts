// dq put: jobs that are due now, or after a delay.

import { systemClock } from '../core/clock.ts';
import { newStamp } from '../produce/stamp.ts';
import type { Context } from './context.ts';
import { durationOf } from './numbers.ts';
import { putJobs, readJobOptions, readPayload, type JobOptions } from './put-jobs.ts';

export interface PutOptions extends JobOptions {
  readonly delay?: string;
}

export async function put(
  words: readonly string[],
  options: PutOptions,
  context: Context,
): Promise<void> {
  const payload = readPayload(words, options, 'put');
  const delay = options.delay === undefined ? 0 : durationOf('--delay', options.delay);
  const stamp = newStamp(Math.random());
  const due = { next: () => stamp(systemClock.now() + delay), distinct: true };
  await putJobs(payload, { due, ...readJobOptions(options) }, context);
}
