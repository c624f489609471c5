// dq cron list: the entries of a schedule, when each runs next, and how its last run ended.

import { systemClock } from '../core/clock.ts';
import { DqError } from '../core/errors.ts';
import { formatInstant, formatLocal } from '../core/instant.ts';
import { escapeControl } from '../output/escape.ts';
import type { Entry } from '../schedule/entry.ts';
import { readRecord, type TickRecord } from '../schedule/record.ts';
import { tickTube } from '../schedule/tick-job.ts';
import { ticksAfter } from '../schedule/ticks.ts';
import type { Context } from './context.ts';
import { openCluster } from './open-cluster.ts';
import { configuredSchedule, readScheduleFile, usableEntries } from './schedule-source.ts';

export async function cronList(words: readonly string[], context: Context): Promise<void> {
  const [file, second] = words;
  if (second !== undefined) {
    throw new DqError('usage', `one file only: what is ${JSON.stringify(second)}?`);
  }
  const config = await context.config();
  const schedule =
    file === undefined ? configuredSchedule(config) : await readScheduleFile(file, context.cwd);
  const entries = usableEntries(schedule);
  const cluster = openCluster(config, context);
  try {
    const board = await cluster.board(tickTube(config.tube));
    const texts = await board.records(entries.map(({ name }) => name));
    for (const [at, entry] of entries.entries()) {
      const text = texts[at];
      await print(entry, text === undefined ? undefined : readRecord(text), context);
    }
  } finally {
    await cluster.close();
  }
}

async function print(
  entry: Entry,
  last: TickRecord | undefined,
  { printer }: Context,
): Promise<void> {
  const next = nextOf(entry);
  if (printer.json) {
    const due = next === undefined ? null : formatInstant(next);
    const { name, schedule } = entry;
    await printer.line({ entry: name, schedule, next: due, last: last ?? null });
    return;
  }
  const paint = await printer.paint();
  const when = next === undefined ? entry.schedule : formatLocal(next, entry.zone);
  await printer.data(`${paint.strong(escapeControl(entry.name))}  next ${when}`);
  if (last === undefined) return;
  const colour = last.result === 'done' ? paint.good : paint.warn;
  const why = last.reason === undefined ? '' : `: ${last.reason}`;
  const about = `${last.tick} on ${last.host}, ${last.ms} ms${why}`;
  await printer.data(`    ${colour(last.result)} ${escapeControl(about)}`);
}

function nextOf(entry: Entry): number | undefined {
  const next = ticksAfter(entry, systemClock.now() - entry.delay).next();
  return next.done === true ? undefined : next.value + entry.delay;
}
