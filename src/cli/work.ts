// dq work: runs a command for each job, in the foreground, until it is stopped or has nothing left to do.

import { Batches } from '../consume/batches.ts';
import { batchCommand, commandHandler, type CommandOptions } from '../consume/command-handler.ts';
import { Drain } from '../consume/drain.ts';
import { workerName } from '../consume/name.ts';
import { Worker, type WorkerOptions, type WorkSummary } from '../consume/worker.ts';
import { remoteNode } from '../config/nodes.ts';
import type { Config } from '../config/schema.ts';
import { systemClock } from '../core/clock.ts';
import { DqError } from '../core/errors.ts';
import type { Printer } from '../output/printer.ts';
import { errorBacklog } from '../output/standard.ts';
import { refuseTickTubes } from '../schedule/tick-job.ts';
import { resolveHandler } from '../run/command.ts';
import type { Context } from './context.ts';
import { eventReport } from './event-report.ts';
import { exitCodes } from './exit-codes.ts';
import { hindrancesOf } from './hindrances.ts';
import { openCluster } from './open-cluster.ts';
import { stopSignals, type StopSignals } from './stop-signals.ts';
import { readLimits, type WorkLimits, type WorkOptions } from './work-limits.ts';

export interface WorkWords {
  /** What came after `--`. */
  readonly handler: readonly string[];
  /** What came before it. */
  readonly stray: readonly string[];
}

export async function work(
  words: WorkWords,
  options: WorkOptions,
  context: Context,
): Promise<void> {
  refuseStrayWords(words, options);
  const command = resolveHandler(words.handler, context);
  const config = await context.configOfTubes();
  refuseTickTubes(config.tubes);
  const limits = readLimits(options, config);
  const report = await eventReport(context.printer);
  const { timeout } = limits;
  const output = context.printer.json ? report : undefined;
  const backlog = errorBacklog;
  const handlerOptions = { command, timeout, config: config.file, report: output, backlog };

  const cluster = openCluster(config, context);
  const signals = stopSignals();
  try {
    const ledger = await cluster.ledger();
    const tubes = await Promise.all(
      config.tubes.map(async (name) => ({ name, nodes: await cluster.nodes(name) })),
    );
    const drain = new Drain();
    const { concurrency, batch, attempts, grace, maxJobs } = limits;
    const worker = new Worker({
      ...handlerOf(handlerOptions, limits),
      ...{ name: workerName(), tubes, ledger, report, backlog, attempts, grace },
      ...{ clock: systemClock, random: Math.random },
      ...(maxJobs === undefined ? {} : { maxJobs }),
      // Who drains an empty queue needs no ledger
      ...(limits.drain === undefined ? { asksLedger: true } : { onVerdict: drain.onVerdict }),
    });
    warnOfLoneLedger(config, context.printer);
    const about = { tube: config.tubes.join(','), concurrency };
    const size = batch === undefined ? {} : { batch: batch.size };
    report({ level: 'info', event: 'working', ...about, ...size });
    const ended = worker.run(signals.stop, signals.hurry);
    let hindrances: readonly string[] = [];
    if (limits.drain !== undefined) {
      const nodes = tubes.flatMap((tube) => tube.nodes);
      const idle = (): boolean => worker.idle;
      const stalled = (): boolean => worker.stalled;
      const parts = { clock: systemClock, ledger, nodes, within: limits.drain, idle, stalled };
      const end = await drain.wait(parts, AbortSignal.any([signals.stop, whenEnded(ended)]));
      hindrances = hindrancesOf(end, config);
      signals.finish();
    }
    const summary = await ended;
    const code = exitCodeOf(summary, signals, limits, hindrances.length > 0);
    context.exit(code);
    if (code === exitCodes.unavailable) {
      for (const hindrance of hindrances) context.printer.warn(hindrance);
    }
    if (summary.unsettled > 0) context.printer.warn(fateOfUnsettled(summary.unsettled));
  } finally {
    signals.release();
    await cluster.close();
  }
}

/** The first of them may have been taken for the duration of --drain. */
function refuseStrayWords({ stray, handler }: WorkWords, { drain }: WorkOptions): void {
  if (stray.length === 0) return;
  const before = typeof drain === 'string' && !/^\d/.test(drain) ? [drain] : [];
  const words = [...before, ...stray];
  throw new DqError('usage', `what is ${JSON.stringify(words[0])}?`, {
    hint: `the handler comes after --: dq work -- ${[...words, ...handler].join(' ')}`,
  });
}

/** With batches there is a slot for each job of them. */
function handlerOf(
  options: CommandOptions,
  { concurrency, batch }: WorkLimits,
): Pick<WorkerOptions, 'handler' | 'concurrency' | 'onLull' | 'onStopping'> {
  if (batch === undefined) return { handler: commandHandler(options), concurrency };
  const { size, wait, end } = batch;
  const batches = new Batches({
    ...{ size, wait, concurrency, clock: systemClock, run: batchCommand(options, end) },
    fits: ({ payload }) => !payload.includes(end),
  });
  const { handle: handler, onLull, stop: onStopping } = batches;
  return { handler, concurrency: concurrency * size, onLull, onStopping };
}

/** The embedded ledger is this machine's: workers elsewhere don't know of it. */
function warnOfLoneLedger({ nodes, redis }: Config, printer: Printer): void {
  const remote = redis === undefined ? remoteNode(nodes) : undefined;
  if (remote === undefined) return;
  printer.warn(
    `without redis: only the workers of this machine agree on the jobs of ${remote.endpoint}`,
  );
}

function whenEnded(ended: Promise<unknown>): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
  };
  ended.then(abort, abort);
  return controller.signal;
}

function fateOfUnsettled(count: number): string {
  const again = count === 1 ? 'a job ended: it may' : `${count} jobs ended: they may`;
  return `the ledger could not be told how ${again} run again`;
}

function exitCodeOf(
  { unsettled, buried }: WorkSummary,
  signals: StopSignals,
  limits: WorkLimits,
  isHindered: boolean,
): number {
  if (unsettled > 0) return signals.code ?? exitCodes.unavailable;
  if (signals.code !== undefined || limits.drain === undefined) return exitCodes.done;
  if (isHindered) return exitCodes.unavailable;
  return buried > 0 ? exitCodes.notSo : exitCodes.done;
}
