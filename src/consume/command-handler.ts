// A command as the handler of jobs: what it is told, and what its end means.

import { Buffer } from 'node:buffer';
import type { Backlog } from '../core/backlog.ts';
import { dueMs } from '../core/envelope.ts';
import type { HandlerCommand } from '../run/command.ts';
import { batchEnvironment, handlerEnvironment } from '../run/environment.ts';
import { runHandler, type HandlerRun, type Outcome as ProcessOutcome } from '../run/handler.ts';
import { mayBeUnheard } from '../run/shared-output.ts';
import type { BatchOptions } from './batches.ts';
import type { Report, WorkEvent } from './events.ts';
import type { Handler, Outcome, Task } from './handler.ts';

export interface CommandOptions {
  readonly command: HandlerCommand;
  /** A run that takes longer is ended, and has failed, in ms. */
  readonly timeout: number | undefined;
  /** The worker's configuration, so that dq inside a handler reaches the same cluster. */
  readonly config: string | undefined;
  /** Gets each line of output; without it, the handler writes to this process's stdout and stderr. */
  readonly report: Report | undefined;
  /** That of the reports. */
  readonly backlog?: Backlog;
}

/** EX_DATAERR of sysexits.h: the payload is wrong, and won't get better. */
const rejection = 65;
const unheard: Outcome = {
  kind: 'unheard',
  why: 'ended by SIGPIPE: nobody seems to read the output of dq work any more',
};
/** Between TERM and KILL, in ms. */
const killAfterMs = 5_000;

export function commandHandler(options: CommandOptions): Handler {
  return (task, { signal }) => {
    const { payload } = task;
    return runCommand(options, { payload, env: factsOf(task, options) }, aboutOf(task), signal);
  };
}

/**
 * One run for several jobs: their payloads are records on stdin, each with its end.
 * @param end the byte that ends a record. A payload that holds it must be alone: then all but the last byte is the payload.
 */
export function batchCommand(options: CommandOptions, end: number): BatchOptions['run'] {
  const separator = Buffer.from([end]);
  return (tasks, signal) => {
    const [task] = tasks;
    const isAlone = task !== undefined && tasks.length === 1;
    const about = isAlone ? aboutOf(task) : { batch: tasks.length };
    const payload = Buffer.concat(tasks.flatMap((each) => [each.payload, separator]));
    const shared = batchEnvironment(tasks.length, options.config);
    const env = isAlone ? { ...shared, ...factsOf(task, options) } : shared;
    return runCommand(options, { payload, env }, about, signal);
  };
}

async function runCommand(
  { command, timeout, report, backlog }: CommandOptions,
  run: Pick<HandlerRun, 'payload' | 'env'>,
  about: Partial<WorkEvent>,
  signal: AbortSignal,
): Promise<Outcome> {
  const onOutput =
    report &&
    ((stream: 'stdout' | 'stderr', text: string): void => {
      report({ level: 'info', event: 'output', ...about, stream, text });
    });
  const limits = { timeoutMs: timeout, killAfterMs };
  const end = await runHandler(command, { ...run, ...limits, onOutput, backlog }, signal);
  return report === undefined && isUnheard(end) ? unheard : judgeEnd(end);
}

function factsOf(task: Task, { config }: CommandOptions): Record<string, string> {
  const { key, attempt, payload, replica, dueNs } = task;
  return handlerEnvironment({ replica, key, dueMs: dueMs(dueNs), attempt, config, payload });
}

function aboutOf({ tube, key, attempt }: Task): Partial<WorkEvent> {
  return { tube, key, attempt };
}

/** Whether what broke may have been the output of dq, and not a pipe of the handler's own. */
function isUnheard(end: ProcessOutcome): boolean {
  return end.kind === 'signalled' && end.signal === 'SIGPIPE' && mayBeUnheard();
}

function judgeEnd(end: ProcessOutcome): Outcome {
  switch (end.kind) {
    case 'exited':
      if (end.code === 0) return { kind: 'succeeded', exitCode: 0 };
      return {
        kind: end.code === rejection ? 'rejected' : 'failed',
        exitCode: end.code,
        why: `exit ${end.code}`,
      };
    case 'signalled':
      return { kind: 'failed', why: `ended by ${end.signal}` };
    case 'timeout':
      return { kind: 'failed', why: 'timed out' };
    case 'stopped':
      return { kind: 'stopped' };
    case 'unstartable':
      return { kind: 'unstartable', why: end.message };
  }
}
