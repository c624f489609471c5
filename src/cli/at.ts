// dq at: jobs that are due at an instant.

import { systemClock } from '../core/clock.ts';
import { dueMs } from '../core/envelope.ts';
import { DqError } from '../core/errors.ts';
import { formatLocal, parseInstant } from '../core/instant.ts';
import { localZone, offsetAt } from '../core/zone.ts';
import { newStamp } from '../produce/stamp.ts';
import type { Context } from './context.ts';
import { putJobs, readJobOptions, readPayload, type Due, type JobOptions } from './put-jobs.ts';

export interface AtOptions extends JobOptions {
  readonly tz?: string;
  readonly distinct?: boolean;
}

/** An instant that has just gone by is meant as now; one that is longer past is a mistake. In ms. */
const longestPast = 60_000;

export async function at(
  words: readonly string[],
  options: AtOptions,
  context: Context,
): Promise<void> {
  const [time, ...rest] = words;
  if (time === undefined) {
    throw new DqError('usage', 'no time was given', { hint: "dq at 2027-01-01T00:00 'payload'" });
  }
  const payload = readPayload(rest, options, `at '${time}'`);
  const wanted = readJobOptions(options);
  const zone = options.tz ?? localZone;
  if (options.tz !== undefined) offsetAt(zone, 0); // refuses an unknown zone, needed or not
  const now = systemClock.now();
  const instant = parseInstant(time, { now, zone });
  const instantMs = dueMs(instant.ns);
  const said = formatLocal(instantMs, zone);
  if (instantMs < now - longestPast) {
    throw new DqError('usage', `${time} is past: ${said}`, {
      hint: 'to run it now: dq put',
    });
  }
  if (context.printer.onTerminal) context.printer.note(`due ${said}`);
  const due = dueOf(instant, options.distinct === true || instant.relative);
  await putJobs(payload, { due, ...wanted }, context);
}

function dueOf({ ns }: { readonly ns: bigint }, distinct: boolean): Due {
  if (!distinct) return { next: () => ns, distinct };
  const stamp = newStamp(Math.random());
  return { next: () => stamp(dueMs(ns)), distinct };
}
