// dq at: jobs that are due at an instant.

import { systemClock } from '../core/clock.ts';
import { dueMs } from '../core/envelope.ts';
import { DqError } from '../core/errors.ts';
import { formatLocal, isInstant, parseInstant, type Frame } from '../core/instant.ts';
import { localZone, offsetAt } from '../core/zone.ts';
import { quoted } from '../output/quoted.ts';
import { newStamp } from '../produce/stamp.ts';
import type { Context } from './context.ts';
import { putJobs, readJobOptions, readPayload, type Due, type JobOptions } from './put-jobs.ts';

export interface AtOptions extends JobOptions {
  readonly tz?: string;
  readonly distinct?: boolean;
}

export interface AtWords {
  readonly words: readonly string[];
  /** They came after `--`: the second one is the payload, whatever it looks like. */
  readonly asWritten: boolean;
}

/** No instant has more words. */
const mostTimeWords = 10;
/** An instant that has just gone by is meant as now; one that is longer past is a mistake. In ms. */
const longestPast = 60_000;

export async function at(
  { words, asWritten }: AtWords,
  options: AtOptions,
  context: Context,
): Promise<void> {
  const [time, ...rest] = words;
  if (time === undefined) {
    throw new DqError('usage', 'no time was given', { hint: "dq at 2027-01-01T00:00 'payload'" });
  }
  const zone = options.tz ?? localZone;
  if (options.tz !== undefined) offsetAt(zone, 0); // refuses an unknown zone, needed or not
  const now = systemClock.now();
  if (!asWritten) refuseTornTime(words, { now, zone });
  const instant = parseInstant(time, { now, zone });
  const payload = readPayload(rest, options, `at ${quoted(time)}`);
  const wanted = readJobOptions(options);
  const instantMs = dueMs(instant.ns);
  const said = formatLocal(instantMs, zone);
  if (instantMs < now - longestPast) {
    throw new DqError('usage', `${time} is past: ${said}`, {
      hint: 'to run it now: dq put',
    });
  }
  if (context.printer.onTerminal || context.printer.verbose) context.printer.note(`due ${said}`);
  const due = dueOf(instant, options.distinct === true || instant.relative);
  await putJobs(payload, { due, ...wanted }, context);
}

/**
 * `at now + 5 minutes x` would be due now, and its payload a part of the time.
 * @throws DqError (usage) when the time goes on after the first word.
 */
function refuseTornTime(words: readonly string[], frame: Frame): void {
  let count = Math.min(words.length, mostTimeWords);
  while (count > 1 && !isTime(words.slice(0, count), frame)) count -= 1;
  if (count < 2) return;
  const whole = words.slice(0, count).join(' ');
  const [time = '', second = '', ...rest] = words;
  if (rest.length === 0 && isInstant(time, frame)) {
    throw new DqError('usage', `is ${JSON.stringify(second)} the payload, or a part of the time?`, {
      hint: `of the time: dq at ${quoted(whole)} …; the payload: dq at -- ${quoted(time)} ${quoted(second)}`,
    });
  }
  const payload = words.slice(count).join(' ') || 'payload';
  throw new DqError('usage', 'a time that has blanks is quoted', {
    hint: `dq at ${quoted(whole)} ${quoted(payload)}`,
  });
}

function isTime(words: readonly string[], frame: Frame): boolean {
  return words.at(-1)?.trim() !== '' && isInstant(words.join(' '), frame);
}

function dueOf({ ns }: { readonly ns: bigint }, distinct: boolean): Due {
  if (!distinct) return { next: () => ns, distinct };
  const stamp = newStamp(Math.random());
  return { next: () => stamp(dueMs(ns)), distinct };
}
