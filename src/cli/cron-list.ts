// dq cron list: the entries of a schedule, when each runs next, and how its last run ended.

import { systemClock } from '../core/clock.ts';
import { DqError } from '../core/errors.ts';
import { formatInstant, formatWithOffset } from '../core/instant.ts';
import { escapeControl } from '../output/escape.ts';
import type { Paint } from '../output/paint.ts';
import type { Printer } from '../output/printer.ts';
import { cut, tableLines } from '../output/table.ts';
import { nameOf } from '../schedule/attendance.ts';
import type { Entry } from '../schedule/entry.ts';
import { standingsOf, type EntryStanding, type RunningTick } from '../schedule/standing.ts';
import { readRecord, type TickRecord } from '../schedule/record.ts';
import { tickTube } from '../schedule/tick-job.ts';
import { ticksAfter } from '../schedule/ticks.ts';
import type { Context } from './context.ts';
import { hostName } from './host-name.ts';
import { nameWidth, originOf, taskText } from './entry-text.ts';
import { openCluster } from './open-cluster.ts';
import { readSchedule, refuseSettings, usableEntries } from './schedule-source.ts';

interface Listed extends EntryStanding {
  readonly entry: Entry;
  /** When it is due, in ms. */
  readonly next: number | undefined;
  readonly last: TickRecord | undefined;
}

export async function cronList(words: readonly string[], context: Context): Promise<void> {
  const [file, second] = words;
  if (second !== undefined) {
    throw new DqError('usage', `one file only: what is ${JSON.stringify(second)}?`);
  }
  const { printer } = context;
  const config = await context.config();
  const schedule = await readSchedule(file, context);
  refuseSettings(schedule, 'list');
  const entries = usableEntries(schedule);
  const cluster = openCluster(config, context);
  try {
    const board = await cluster.board(tickTube(config.tube));
    const ledger = await cluster.ledger();
    const parts = { ledger, board, tube: config.tube, host: hostName(context) };
    const standings = await standingsOf(entries, parts);
    const texts = await board.records(entries.map(({ name }) => name));
    const listed = entries.map((entry, at): Listed => {
      const text = texts[at];
      const { running = [], plannedAgo, unlike = [] } = standings[at] ?? {};
      return {
        ...{ entry, running, plannedAgo, unlike },
        next: nextOf(entry),
        last: text === undefined ? undefined : readRecord(text),
      };
    });
    if (printer.json) for (const each of listed) await printer.line(jsonOf(each));
    else await printTable(listed, printer);
    tellUnattended(listed, printer);
  } finally {
    await cluster.close();
  }
}

/** A host that runs a schedule sees to each entry every 30 s; one that has trouble is given another minute, in ms. */
const longestAbsence = 90_000;

function tellUnattended(listed: readonly Listed[], printer: Printer): void {
  const shared = listed.filter(
    ({ entry: { times, hosts } }) => times !== 'reboot' && hosts !== 'each',
  );
  const left = shared.filter(({ plannedAgo = Infinity }) => plannedAgo > longestAbsence);
  if (left.length === 0) return;
  const least = Math.min(...left.map(({ plannedAgo = Infinity }) => plannedAgo));
  const what = left.length === shared.length ? 'this schedule' : `${left.length} of these entries`;
  const since = least === Infinity ? 'yet' : `since ${formatInstant(systemClock.now() - least)}`;
  printer.warn(`no host runs ${what} ${since}: start dq cron run, and see its log`);
}

function jsonOf({ entry, next, last, running: [running], plannedAgo, unlike }: Listed): object {
  const { name, schedule } = entry;
  const due = next === undefined ? null : formatInstant(next);
  return {
    ...{ entry: name, schedule, next: due, last: last ?? null },
    running: running === undefined ? null : { ...running, tick: formatInstant(running.tick) },
    plannedAgoMs: plannedAgo ?? null,
    unlike: unlike.map(({ host, file, zone }) => ({ host, file, zone })),
    ...originOf(entry),
  };
}

const columns = ['NAME', 'SCHEDULE', 'NEXT', 'LAST', 'COMMAND'].map((head) => ({ head }));
const gap = 2;

/** A line for each, and one more that tells what of a last run that wasn't well. */
async function printTable(listed: readonly Listed[], printer: Printer): Promise<void> {
  if (listed.length === 0) return;
  const paint = await printer.paint();
  const texts = listed.map(({ entry, next, last, running }) => ({
    name: escapeControl(entry.name),
    middle: [
      escapeControl(entry.schedule),
      next === undefined ? noTickShort(entry) : formatWithOffset(next, entry.zone),
      running.length === 0 ? escapeControl(last?.result ?? '-') : 'running',
    ],
    command: taskText(entry),
  }));
  const middleWidth = columns.slice(1, -1).reduce((width, { head }, at) => {
    const lengths = texts.map(({ middle }) => middle[at]?.length ?? 0);
    return width + gap + Math.max(head.length, ...lengths);
  }, gap);
  const width = printer.columns ?? Infinity;
  const names = nameWidth(
    texts.map(({ name }) => name),
    printer.columns,
    middleWidth,
  );
  const commands = Math.max(width - names - middleWidth, columns.at(-1)?.head.length ?? 0);
  const rows = texts.map(
    ({ name, middle: [schedule = '', next = '', last = ''], command }, at) => ({
      cells: [
        { text: cut(name, names), paint: paint.strong },
        { text: schedule },
        { text: next },
        { text: last, paint: colourOf(listed[at], paint) },
        { text: cut(command, commands) },
      ],
    }),
  );
  const [head = '', ...lines] = tableLines(columns, rows, {
    width: Infinity,
    paintHead: paint.dim,
  });
  await printer.data(head);
  for (const [at, line] of lines.entries()) {
    await printer.data(line);
    const each = listed[at];
    const more = each === undefined ? [] : aboutEntry(each);
    for (const text of more) await printer.data(`    ${escapeControl(text)}`);
  }
}

function noTickShort({ times }: Entry): string {
  return times === 'reboot' ? 'at the start' : 'never';
}

function colourOf(listed: Listed | undefined, paint: Paint): (text: string) => string {
  if (listed !== undefined && listed.running.length > 0) return paint.strong;
  const last = listed?.last;
  if (last === undefined) return paint.dim;
  return last.result === 'done' ? paint.good : paint.warn;
}

function aboutEntry({ last, running, unlike }: Listed): string[] {
  const lines = running.map(aboutRunning);
  if (last !== undefined && last.result !== 'done') lines.push(aboutRun(last));
  for (const other of unlike) lines.push(`another version on ${nameOf(other)}`);
  return lines;
}

function aboutRunning({ tick, forMs, worker }: RunningTick): string {
  // A claim is taken some milliseconds before its command starts
  const since = formatInstant(Math.max(tick, systemClock.now() - forMs));
  return `running since ${since} by ${worker}: the tick of ${formatInstant(tick)}`;
}

function aboutRun({ result, tick, host, ms, reason }: TickRecord): string {
  const why = reason === undefined ? '' : `: ${reason}`;
  return `${result}: ${tick} on ${host}, ${ms} ms${why}`;
}

function nextOf(entry: Entry): number | undefined {
  const next = ticksAfter(entry, systemClock.now() - entry.delay).next();
  return next.done === true ? undefined : next.value + entry.delay;
}
