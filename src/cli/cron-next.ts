// dq cron next: the coming ticks of a schedule, with what a change of clocks does to them.

import { systemClock } from '../core/clock.ts';
import { dueMs } from '../core/envelope.ts';
import { DqError } from '../core/errors.ts';
import { formatInstant, formatLocal, parseInstant } from '../core/instant.ts';
import { localZone, offsetAt } from '../core/zone.ts';
import { escapeControl } from '../output/escape.ts';
import { cut } from '../output/table.ts';
import type { Entry } from '../schedule/entry.ts';
import { ticksAfter } from '../schedule/ticks.ts';
import { parseSchedule } from '../schedule/times.ts';
import { upcoming, type Upcoming } from '../schedule/upcoming.ts';
import type { Context } from './context.ts';
import { leastCommand, nameWidth, noTick, originOf, taskText } from './entry-text.ts';
import { optional, wholeNumber } from './numbers.ts';
import { readSchedule, usableEntries } from './schedule-source.ts';

export interface NextOptions {
  readonly schedule?: string;
  readonly tz?: string;
  readonly after?: string;
  readonly number?: string;
}

/** Without an origin it is no entry of a file, but a schedule of the command line. */
type Wanted = Pick<Entry, 'name' | 'times' | 'zone' | 'delay'> & { readonly origin?: Entry };

type Shown = Upcoming<Wanted> & { readonly local: string };

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
  const shown = upcoming(entries, after ?? now, count ?? 10).map((tick) => ({
    ...tick,
    local: formatLocal(tick.due, tick.entry.zone),
  }));
  if (printer.json) for (const tick of shown) await printer.line(jsonOf(tick));
  else for (const line of textLines(shown, printer.columns)) await printer.data(line);
  for (const entry of entries) {
    const first = ticksAfter(entry, (after ?? now) - entry.delay).next();
    if (first.done === true) printer.note(`${entry.name}: ${noTick(entry)}`);
  }
}

function jsonOf({ entry, due, local, note }: Shown): object {
  const origin =
    entry.origin === undefined ? { command: null, line: null } : originOf(entry.origin);
  return { entry: entry.name, due: formatInstant(due), local, note: note ?? null, ...origin };
}

const gap = '  ';

function textLines(shown: readonly Shown[], columns: number | undefined): string[] {
  const names = shown.map(({ entry }) => escapeControl(entry.name));
  const times = Math.max(0, ...shown.map(({ local }) => local.length));
  const width = nameWidth(names, columns, times + 2 * gap.length);
  return shown.map(({ entry, local, note }, at) => {
    const noted = note === undefined ? '' : `${gap}(${note})`;
    const name = names[at] ?? '';
    if (entry.origin === undefined) return `${local}${gap}${name}${noted}`;
    const start = [local.padEnd(times), cut(name, width).padEnd(width), ''].join(gap);
    const room = Math.max((columns ?? Infinity) - start.length - noted.length, leastCommand);
    return `${start}${cut(taskText(entry.origin), room)}${noted}`;
  });
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
  return usableEntries(await readSchedule(file, context)).map((entry) => ({
    ...entry,
    origin: entry,
    zone: tz === undefined ? entry.zone : zone,
  }));
}
