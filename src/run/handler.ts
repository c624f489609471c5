// One run of the handler: a process in a group of its own, from its start to its outcome.

import type { Buffer } from 'node:buffer';
import { closeSync } from 'node:fs';
import type { Backlog } from '../core/backlog.ts';
import { messageOf } from '../core/errors.ts';
import type { Child, Exit } from './child.ts';
import type { HandlerCommand } from './command.ts';
import { Leash, type Limits } from './leash.ts';
import { Output, type OutputListener } from './output.ts';
import { openPayload } from './payload-file.ts';
import { start, startPiped } from './start.ts';
import { Turns } from './turns.ts';

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
  | { readonly kind: 'signalled'; readonly signal: string; readonly ms: number }
  | { readonly kind: 'timeout'; readonly ms: number }
  | { readonly kind: 'stopped'; readonly ms: number }
  | { readonly kind: 'unstartable'; readonly message: string };

type Begun = Child & { readonly startedAt: number; readonly output?: Output };

/**
 * Those that may be under way at a time: each holds a file open until it is over, and koffi refuses more than 256. Two for
 * each of libuv's threads keep them busy, and koffi keeps memory for as many.
 */
const starts = new Turns(8);

/**
 * Decided when the handler itself exits, and never rejects: what it leaves in the background after a normal
 * exit is left alone. When `signal` aborts, the handler is ended; why it aborted makes no difference.
 */
export async function runHandler(
  command: HandlerCommand,
  run: HandlerRun,
  signal: AbortSignal,
): Promise<Outcome> {
  let child: Begun | undefined;
  try {
    child = await starts.take(() => begin(command, run, signal));
  } catch (thrown) {
    return { kind: 'unstartable', message: `can't start ${command.file}: ${whyNot(thrown)}` };
  }
  if (child === undefined) return { kind: 'stopped', ms: 0 };
  const leash = new Leash(child.pid, run, signal);
  const exit = await child.exit;
  const ms = Math.round(performance.now() - child.startedAt);
  const ended = await leash.release();
  await child.output?.drain();
  if (ended !== undefined && exit.code !== 0) return { kind: ended, ms };
  return outcomeOf(exit, ms);
}

/**
 * Undefined: it isn't wanted any more.
 * @throws the error of the system call that refused.
 */
async function begin(
  command: HandlerCommand,
  { payload, env, onOutput, backlog }: HandlerRun,
  signal: AbortSignal,
): Promise<Begun | undefined> {
  if (signal.aborted) return undefined;
  const startedAt = performance.now();
  const stdin = openPayload(payload);
  try {
    const program = { ...command, env: { ...command.env, ...env }, stdin };
    if (onOutput === undefined) return { ...(await start(program)), startedAt };
    const child = await startPiped(program);
    return { ...child, startedAt, output: new Output(child.process, onOutput, backlog) };
  } finally {
    closeSync(stdin);
  }
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
