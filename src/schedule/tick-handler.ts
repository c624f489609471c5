// The handler of ticks: judges whether a tick still runs, keeps entries from overlapping, runs, and records the end.

import type { Report } from '../consume/events.ts';
import type { Handler, Outcome, Task } from '../consume/handler.ts';
import type { Clock } from '../core/clock.ts';
import { DqError } from '../core/errors.ts';
import { formatReceipt } from '../core/receipt.ts';
import type { RunLine } from './command-runner.ts';
import type { Put, Run } from './entry.ts';
import type { EndOfRun } from './heartbeat.ts';
import type { Overlap } from './overlap.ts';
import { judgeTick, wasMissed } from './punctuality.ts';
import type { EntryRun, Recorder } from './record.ts';
import { endedAs, runCommand, runHook, tickFacts, type Facts } from './run-command.ts';
import { realmOf } from './tick-job.ts';
import type { Tick, Timetable } from './timetable.ts';

export interface TickParts {
  readonly timetable: Timetable;
  readonly overlap: Overlap;
  readonly runLine: RunLine;
  readonly putJob: (task: Put, dueNs: bigint) => Promise<void>;
  readonly recorder: Recorder;
  readonly noteRun: (entry: string, tick: number) => EndOfRun;
  readonly clock: Clock;
  /** By the ledger's clock, ms since the epoch; undefined: it can't be asked. */
  readonly ledgerNow: () => Promise<number | undefined>;
  readonly report: Report;
  /** The configuration, for dq inside a command. */
  readonly config: string | undefined;
}

/** A tick that can't enter now is looked at again after so many ms. */
const lookAgain = 1_000;
/** A put that found too few nodes is tried so often. */
const putAttempts = 5;

export function tickHandler(parts: TickParts): Handler {
  return async (task, { signal }) => {
    const tick = parts.timetable.find(task);
    if (tick === undefined) return wait('the schedule was changed', { counts: false });
    const { entry } = tick;
    // Later claims are re-runs after a death, or waited for their turn: they were judged before.
    if (task.attempt === 1) {
      const now = await parts.ledgerNow();
      if (now === undefined) return wait('the ledger is away', { counts: false });
      const punctuality = judgeTick(entry, tick.tick, now);
      if (punctuality !== 'run') return skip(parts, tick, task, punctuality);
    }
    if (entry.task.kind === 'put') return runPut(parts, tick, task, entry.task);
    return runAlone(parts, tick, task, entry.task, signal);
  };
}

/** @param counts so that the next claim isn't the first one any more: the tick was judged. */
function wait(why: string, { counts }: { counts: boolean }): Outcome {
  return { kind: 'deferred', delayMs: lookAgain, counts, why };
}

function waitForTurn({ attempt }: Task, why: string): Outcome {
  return wait(why, { counts: attempt === 1 });
}

async function skip(
  parts: TickParts,
  tick: Tick,
  task: Task,
  result: 'late' | 'missed',
): Promise<Outcome> {
  await parts.recorder.keep(runOf(tick, task, parts.clock.now()), { result });
  return { kind: 'succeeded', exitCode: 0, why: result };
}

/** It isn't kept: how the run before it ended is worth more, and the one that goes on is seen in the ledger. */
function skipOverlap(parts: TickParts, tick: Tick, task: Task): Outcome {
  const result = 'overlap';
  parts.recorder.tell(runOf(tick, task, parts.clock.now()), { result });
  return { kind: 'succeeded', exitCode: 0, why: result };
}

async function runPut(parts: TickParts, tick: Tick, task: Task, put: Put): Promise<Outcome> {
  const run = runOf(tick, task, parts.clock.now());
  try {
    await parts.putJob(put, task.dueNs);
  } catch (error) {
    if (!(error instanceof DqError)) throw error;
    const { message } = error;
    if (task.failures + 1 < putAttempts) return { kind: 'failed', why: message };
    await parts.recorder.keep(run, { result: 'failed', reason: message });
    return { kind: 'succeeded', exitCode: 0, why: message };
  }
  await parts.recorder.keep(run, { result: 'done' });
  return { kind: 'succeeded', exitCode: 0 };
}

async function runAlone(
  parts: TickParts,
  tick: Tick,
  task: Task,
  run: Run,
  signal: AbortSignal,
): Promise<Outcome> {
  if (run.overlap === 'allow') {
    const ended = parts.noteRun(tick.entry.name, tick.tick);
    return runOnce(parts, tick, task, run, signal).finally(ended);
  }
  const entrance = await parts.overlap.enter(realmOf(tick.entry, parts.timetable.host), tick.tick);
  if (entrance === 'unsure') return waitForTurn(task, 'whether an earlier run goes on is unknown');
  if (entrance === 'taken') {
    const ranBefore = task.deaths > 0 || task.failures > 0;
    const waits = run.overlap === 'queue' || ranBefore || (await isOneOfAll(parts, tick));
    return waits ? waitForTurn(task, 'an earlier run goes on') : skipOverlap(parts, tick, task);
  }
  const outcome = await runOnce(parts, tick, task, run, signal);
  if (outcome.kind === 'stopped') entrance.stay();
  else await entrance.leave();
  return outcome;
}

/** Those that were missed come together: they aren't skipped for one another. When nobody can know, it is as well to look again. */
async function isOneOfAll({ ledgerNow }: TickParts, { entry, tick }: Tick): Promise<boolean> {
  if (entry.missed !== 'all') return false;
  const now = await ledgerNow();
  return now === undefined || wasMissed(entry, tick, now);
}

async function runOnce(
  parts: TickParts,
  tick: Tick,
  task: Task,
  run: Run,
  signal: AbortSignal,
): Promise<Outcome> {
  const { entry } = tick;
  const { recorder, runLine } = parts;
  const thisRun = runOf(tick, task, parts.clock.now());
  const facts = factsOf(parts, tick, task);
  const end = await runCommand(entry, run, facts, runLine, signal);
  if (end === undefined) return { kind: 'stopped' };
  const ended = endedAs(end);
  const { ok, reason = 'failed', ...exit } = end;
  if (!ok && task.failures + 1 < run.attempts) {
    recorder.tell(thisRun, ended);
    return { kind: 'failed', ...exit, why: reason };
  }
  await runHook(entry, run, end, facts, parts, signal);
  await recorder.keep(thisRun, ended);
  // As with cron, a failed run is over: the next tick comes anyway.
  return { kind: 'succeeded', exitCode: end.exitCode ?? 0, ...(ok ? {} : { why: reason }) };
}

function runOf({ entry, tick }: Tick, { attempt }: Task, startedAt: number): EntryRun {
  return { name: entry.name, tick, attempt, startedAt };
}

function factsOf({ config }: TickParts, { entry, tick, due }: Tick, task: Task): Facts {
  return {
    ...tickFacts(entry.name, tick, config),
    DQ_DUE: new Date(due).toISOString(),
    DQ_ID: formatReceipt([task.replica]),
    DQ_KEY: task.key,
    DQ_ATTEMPT: String(task.attempt),
  };
}
