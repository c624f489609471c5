// dq cron next: the coming ticks of a schedule, with what a change of clocks does to them.

import { systemClock } from '../core/clock.ts';
import { dueMs } from '../core/envelope.ts';
import { DqError } from '../core/errors.ts';
import { formatInstant, formatLocal, parseInstant } from '../core/instant.ts';
import { localZone, offsetAt } from '../core/zone.ts';
import { escapeControl } from '../output/escape.ts';
import type { Entry } from '../schedule/entry.ts';
import { parseSchedule } from '../schedule/times.ts';
import { upcoming } from '../schedule/upcoming.ts';
import type { Context } from './context.ts';
import { optional, wholeNumber } from './numbers.ts';
import { configuredSchedule, readScheduleFile, usableEntries } from './schedule-source.ts';

export interface NextOptions {
  readonly schedule?: string;
  readonly tz?: string;
  readonly after?: string;
  readonly number?: string;
}

type Wanted = Pick<Entry, 'name' | 'times' | 'zone' | 'delay'>;

const mostTicks = 100_000;

export async function cronNext(
  words: readonly string[],
  options: NextOptions,
  context: Context,
): Promise<void> {
  const zone = options.tz ?? localZone;
  if (options.tz !== undefined) offsetAt(zone, 0); // refuses an unknown zone
  const count = optional(options.number, (text) => wholeNumber('--number', text, 1, mostTicks));
  const now = systemClock.now();
  const after = optional(options.after, (text) => dueMs(parseInstant(text, { now, zone }).ns));
  const entries = await wantedEntries(words, options, zone, context);
  const { printer } = context;
  for (const { entry, due, note } of upcoming(entries, after ?? now, count ?? 10)) {
    const local = formatLocal(due, entry.zone);
    if (printer.json) {
      await printer.line({ entry: entry.name, due: formatInstant(due), local, note: note ?? null });
    } else {
      const noted = note === undefined ? '' : `  (${note})`;
      await printer.data(`${local}  ${escapeControl(entry.name)}${noted}`);
    }
    if (printer.closed) return;
  }
}

async function wantedEntries(
  words: readonly string[],
  { schedule, tz }: NextOptions,
  zone: string,
  context: Context,
): Promise<readonly Wanted[]> {
  const [file, second] = words;
  if (second !== undefined || (file !== undefined && schedule !== undefined)) {
    throw new DqError('usage', 'either one file, or --schedule', {
      hint: "dq cron next --schedule '*/5 * * * *'",
    });
  }
  if (schedule !== undefined) {
    const parsed = parseSchedule(schedule, false, '');
    if (parsed.fault !== undefined)
      throw new DqError('usage', `--schedule: ${parsed.fault.message}`);
    return [{ name: schedule, times: parsed.times, zone, delay: 0 }];
  }
  const found =
    file === undefined
      ? configuredSchedule(await context.config())
      : await readScheduleFile(file, context.cwd);
  const entries = usableEntries(found);
  return tz === undefined ? entries : entries.map((entry) => ({ ...entry, zone }));
}
