// One run of the handler: a process in a group of its own, from its start to its outcome.

import type { Buffer } from 'node:buffer';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import type { Backlog } from '../core/backlog.ts';
import { messageOf } from '../core/errors.ts';
import type { HandlerCommand } from './command.ts';
import { Leash, type Limits } from './leash.ts';
import { Output, type OutputListener } from './output.ts';
import { openPayload } from './payload-file.ts';

export interface HandlerRun extends Limits {
  /** What the handler reads from stdin. */
  readonly payload: Buffer;
  /** Added to the environment of the command. */
  readonly env: Readonly<Record<string, string>>;
  /** Gets each line of output; without it, stdout and stderr are those of this process. */
  readonly onOutput?: OutputListener | undefined;
  /** That of the lines: while it is too much, no more are read. */
  readonly backlog?: Backlog | undefined;
}

/**
 * `ms`: from the start to the exit.
 * - `exited`: by itself, or with 0 although it was being ended: a success is a success.
 * - `signalled`: ended by a signal that isn't ours.
 * - `timeout`, `stopped`: we ended it, because of its timeout or because the signal aborted (perhaps
 *   before it started). Nothing of its process group is left running.
 * - `unstartable`: nothing ran, and that is this machine's trouble rather than the job's.
 */
export type Outcome =
  | { readonly kind: 'exited'; readonly code: number; readonly ms: number }
  | { readonly kind: 'signalled'; readonly signal: NodeJS.Signals; readonly ms: number }
  | { readonly kind: 'timeout'; readonly ms: number }
  | { readonly kind: 'stopped'; readonly ms: number }
  | { readonly kind: 'unstartable'; readonly message: string };

/** One of the two is null. */
interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

type Started = ChildProcess & { readonly pid: number };

/**
 * Decided when the handler itself exits, and never rejects: what it leaves in the background after a normal
 * exit is left alone. When `signal` aborts, the handler is ended; why it aborted makes no difference.
 */
export async function runHandler(
  command: HandlerCommand,
  run: HandlerRun,
  signal: AbortSignal,
): Promise<Outcome> {
  if (signal.aborted) return { kind: 'stopped', ms: 0 };
  const startedAt = performance.now();
  let child: Started;
  try {
    child = await start(command, run);
  } catch (thrown) {
    return { kind: 'unstartable', message: `can't start ${command.file}: ${whyNot(thrown)}` };
  }
  // Awaiting what has already settled doesn't let the event loop turn: no exit was missed.
  const leash = new Leash(child.pid, run, signal);
  const output = run.onOutput && new Output(child, run.onOutput, run.backlog);
  const exit = await exitOf(child);
  const ms = Math.round(performance.now() - startedAt);
  const ended = await leash.release();
  await output?.drain();
  if (ended !== undefined && exit.code !== 0) return { kind: ended, ms };
  return outcomeOf(exit, ms);
}

/** @throws the error of the system call that refused. */
async function start(command: HandlerCommand, run: HandlerRun): Promise<Started> {
  const stdin = openPayload(run.payload);
  try {
    const output = run.onOutput === undefined ? 'inherit' : 'pipe';
    const child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: { ...command.env, ...run.env },
      detached: true,
      stdio: [stdin, output, output],
    });
    if (!isStarted(child)) {
      const [error] = (await once(child, 'error')) as [Error];
      throw error;
    }
    return child;
  } finally {
    closeSync(stdin);
  }
}

function isStarted(child: ChildProcess): child is Started {
  return child.pid !== undefined;
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
}

function outcomeOf({ code, signal }: Exit, ms: number): Outcome {
  if (signal !== null) return { kind: 'signalled', signal, ms };
  return { kind: 'exited', code: code as number, ms };
}

const reasons = new Map([
  ['ENOENT', 'it, its interpreter or the working folder is missing'],
  ['EACCES', 'this user may not execute it, or not use the working folder'],
  ['EAGAIN', 'this user may start no more processes'],
  ['ENOMEM', 'there is no memory left'],
  ['E2BIG', 'its words and environment are too long'],
]);

function whyNot(thrown: unknown): string {
  const { code = '', syscall = '' } = thrown as NodeJS.ErrnoException;
  const reason = syscall.startsWith('spawn') ? reasons.get(code) : undefined;
  return reason === undefined ? messageOf(thrown) : `${reason} (${code})`;
}
