// A command as the handler of jobs: what it is told, and what its end means.

import { dueMs } from '../core/envelope.ts';
import type { HandlerCommand } from '../run/command.ts';
import { handlerEnvironment } from '../run/environment.ts';
import { runHandler, type Outcome as ProcessOutcome } from '../run/handler.ts';
import type { Report } from './events.ts';
import type { Handler, Outcome } from './handler.ts';

export interface CommandOptions {
  readonly command: HandlerCommand;
  /** A run that takes longer is ended, and has failed, in ms. */
  readonly timeout: number | undefined;
  /** The worker's configuration, so that dq inside a handler reaches the same cluster. */
  readonly config: string | undefined;
  /** Gets each line of output; without it, the handler writes to this process's stdout and stderr. */
  readonly report: Report | undefined;
}

/** EX_DATAERR of sysexits.h: the payload is wrong, and won't get better. */
const rejection = 65;
/** Between TERM and KILL, in ms. */
const killAfterMs = 5_000;

export function commandHandler({ command, timeout, config, report }: CommandOptions): Handler {
  return async (task, signal) => {
    const { tube, key, attempt, payload, replica, dueNs } = task;
    const facts = { replica, key, dueMs: dueMs(dueNs), attempt, config, payload };
    const run = {
      payload,
      env: handlerEnvironment(facts),
      timeoutMs: timeout,
      killAfterMs,
      onOutput:
        report &&
        ((stream: 'stdout' | 'stderr', text: string): void => {
          report({ level: 'info', event: 'output', tube, key, attempt, stream, text });
        }),
    };
    return judgeEnd(await runHandler(command, run, signal));
  };
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
