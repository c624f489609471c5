// The @reboot entries: once at the start of `dq cron run`, on each host.

import type { Report } from '../consume/events.ts';
import { backoffMs, betweenAttempts } from '../core/backoff.ts';
import { systemClock } from '../core/clock.ts';
import { DqError } from '../core/errors.ts';
import { newController } from '../core/signals.ts';
import type { RunLine } from '../schedule/command-runner.ts';
import type { Entry, Put } from '../schedule/entry.ts';
import type { EndOfRun } from '../schedule/heartbeat.ts';
import type { Recorder } from '../schedule/record.ts';
import { endedAs, runCommand, runHook, tickFacts } from '../schedule/run-command.ts';
import type { Timetable } from '../schedule/timetable.ts';
import type { StopSignals } from './stop-signals.ts';

export interface RebootParts {
  readonly timetable: Timetable;
  readonly runLine: RunLine;
  readonly putJob: (task: Put, dueNs: bigint) => Promise<void>;
  readonly recorder: Recorder;
  readonly noteRun: (entry: string, tick: number) => EndOfRun;
  readonly report: Report;
  readonly config: string | undefined;
  /** How long they may go on after a stop, in ms. */
  readonly grace: number;
}

/** Resolves when they have ended: by themselves, or because dq stops and their grace is over. */
export async function runAtStart(parts: RebootParts, { stop, hurry }: StopSignals): Promise<void> {
  if (stop.aborted) return;
  const { timetable, grace } = parts;
  const ending = newController();
  const over = newController();
  stop.addEventListener('abort', () => {
    void systemClock.sleep(grace, AbortSignal.any([hurry, over.signal])).then(() => {
      ending.abort();
    });
  });
  const startedAt = systemClock.now();
  const entries = timetable.entries.filter(
    (entry) => entry.times === 'reboot' && timetable.runsHere(entry),
  );
  await Promise.all(
    entries.map((entry) =>
      runEntry(entry, startedAt, parts, stop, ending.signal).finally(
        parts.noteRun(entry.name, startedAt),
      ),
    ),
  );
  over.abort();
}

async function runEntry(
  entry: Entry,
  startedAt: number,
  parts: RebootParts,
  stop: AbortSignal,
  signal: AbortSignal,
): Promise<void> {
  const { task } = entry;
  const run = { name: entry.name, tick: startedAt, attempt: 1, startedAt };
  if (task.kind === 'put') {
    const reason = await failureOf(parts.putJob(task, BigInt(startedAt) * 1_000_000n));
    await parts.recorder.keep(
      run,
      reason === undefined ? { result: 'done' } : { result: 'failed', reason },
    );
    return;
  }
  const facts = tickFacts(entry.name, startedAt, parts.config);
  for (let attempt = 1; attempt === 1 || !stop.aborted; attempt++) {
    const thisRun = { ...run, attempt, startedAt: systemClock.now() };
    const ofAttempt = { ...facts, DQ_ATTEMPT: String(attempt) };
    const end = await runCommand(entry, task, ofAttempt, parts.runLine, signal);
    if (end === undefined) {
      await parts.recorder.keep(thisRun, { result: 'failed', reason: 'dq was stopped' });
      return;
    }
    if (end.ok || attempt >= task.attempts) {
      await runHook(entry, task, end, ofAttempt, parts, signal);
      await parts.recorder.keep(thisRun, endedAs(end));
      return;
    }
    parts.recorder.tell(thisRun, endedAs(end));
    await systemClock.sleep(backoffMs(betweenAttempts, attempt, Math.random()), stop);
  }
}

async function failureOf(work: Promise<void>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof DqError) return error.message;
    throw error;
  }
}
