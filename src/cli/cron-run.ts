// dq cron run: the ticks of a schedule, each run once over all hosts that run it.

import { resolve } from 'node:path';
import type { Background } from '../consume/background.ts';
import type { Report } from '../consume/events.ts';
import type { Config } from '../config/schema.ts';
import { systemClock } from '../core/clock.ts';
import { DqError } from '../core/errors.ts';
import { newController } from '../core/signals.ts';
import type { Entry } from '../schedule/entry.ts';
import { hostTube, refuseTickTubes, tickTube } from '../schedule/tick-job.ts';
import { Timetable } from '../schedule/timetable.ts';
import { unlessDown } from '../schedule/unless-down.ts';
import type { Context } from './context.ts';
import { cronHost } from './cron-host.ts';
import { eventReport } from './event-report.ts';
import { exitCodes } from './exit-codes.ts';
import { hostName } from './host-name.ts';
import { optional, wholeNumber } from './numbers.ts';
import { openCluster } from './open-cluster.ts';
import { runAtStart } from './reboot-entries.ts';
import {
  isConfiguration,
  readSchedule,
  refuseSettings,
  usableEntries,
  warningsOf,
} from './schedule-source.ts';
import { stopSignals } from './stop-signals.ts';
import { stateOf, watchSchedule } from './watch-schedule.ts';

export interface CronRunOptions {
  readonly concurrency?: string;
}

const defaultConcurrency = 32;
const mostHandlers = 1_000;
const longestTube = 200;

export async function cronRun(
  words: readonly string[],
  options: CronRunOptions,
  context: Context,
): Promise<void> {
  const [file, second] = words;
  if (second !== undefined) {
    throw new DqError('usage', `one file only: what is ${JSON.stringify(second)}?`);
  }
  if (file === '-') {
    throw new DqError('usage', 'a schedule on stdin could not be read again at a reload', {
      hint: 'write it to a file: crontab -l > crontab; dq cron run ./crontab',
    });
  }
  const concurrency =
    optional(options.concurrency, (text) => wholeNumber('--concurrency', text, 1, mostHandlers)) ??
    defaultConcurrency;
  const config = await context.config();
  const host = hostName(context);
  refuseTickTubes([config.tube]);
  refuseLongTubes(config.tube, host);
  const report = await eventReport(context.printer);
  await refuseTwoSchedules(file, config, context);
  const read = source(file, context, report);
  const path = resolve(context.cwd, file ?? config.file ?? '');
  const state = await stateOf(path);
  const entries = await read();
  if (process.pid === 1)
    warn(report, 'dq is process 1 and reaps no orphans: use an init, such as docker run --init');

  const cluster = openCluster(config, context);
  const ledgerNow = (): Promise<number | undefined> =>
    unlessDown(cluster.board(tickTube(config.tube)).then((board) => board.now()));
  const timetable = new Timetable(config.tube, host, systemClock, ledgerNow);
  timetable.replace(entries);
  const signals = stopSignals(['SIGTERM', 'SIGINT']);
  const over = newController();
  try {
    let defect: Error | undefined;
    const inBackground: Background = (work) => {
      work.catch((error: unknown) => {
        defect ??= error instanceof Error ? error : new Error(String(error));
        signals.finish();
      });
    };
    const parts = {
      cluster,
      timetable,
      file: path,
      ledgerNow,
      report,
      concurrency,
      inBackground,
      context,
    };
    const { worker, planner, heartbeat, leases, atStart } = await cronHost(parts);
    report({ level: 'info', event: 'working', tube: tickTube(config.tube), concurrency });
    const watched = { path, state, read, report, clock: systemClock };
    const replan = (): void => {
      planner.replan();
    };
    const until = signals.stop;
    const tasks = [
      planner.run(until).then(() => heartbeat.end()),
      watchSchedule(watched, timetable, replan, until),
      runAtStart(atStart, signals),
    ];
    for (const task of [...tasks, leases.run(over.signal)]) inBackground(task);
    const { unsettled } = await worker.run(until, signals.hurry);
    await Promise.allSettled(tasks);
    if (defect !== undefined) throw defect;
    context.exit(unsettled > 0 ? (signals.code ?? exitCodes.unavailable) : exitCodes.done);
  } finally {
    over.abort();
    signals.release();
    await cluster.close();
  }
}

function refuseLongTubes(tube: string, host: string): void {
  const own = hostTube(tube, host);
  if (own.length <= longestTube) return;
  throw new DqError('usage', `the tube ${own} would be longer than ${longestTube} letters`, {
    hint: 'shorten tube: or DQ_HOST',
  });
}

async function refuseTwoSchedules(
  file: string | undefined,
  { cron }: Config,
  context: Context,
): Promise<void> {
  if (file === undefined || cron === undefined || (await isConfiguration(file, context))) return;
  throw new DqError('usage', 'the configuration has a cron: of its own', {
    hint: `either dq cron run, or a configuration without it for ${file}`,
  });
}

/** Reads the schedule, the first time and at each reload, and tells what it warns of that it didn't the last time. */
function source(
  file: string | undefined,
  context: Context,
  report: Report,
): () => Promise<readonly Entry[]> {
  let told: readonly string[] = [];
  return async () => {
    const schedule = await readSchedule(file, context);
    refuseSettings(schedule, 'run');
    const entries = usableEntries(schedule);
    const warnings = warningsOf(schedule);
    if (entries.length === 0) warnings.push(`${schedule.file}: there is no entry: nothing runs`);
    for (const warning of warnings) if (!told.includes(warning)) warn(report, warning);
    told = warnings;
    return entries;
  };
}

function warn(report: Report, reason: string): void {
  report({ level: 'warn', event: 'warning', reason });
}
