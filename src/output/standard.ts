// stdout and stderr, the only way to them. Their streams take milliseconds to make: each is made when it is needed.

import { Buffer } from 'node:buffer';
import { closeSync, fstatSync, writeSync } from 'node:fs';
import type { Backlog } from '../core/backlog.ts';
import { DqError, messageOf } from '../core/errors.ts';
import type { Log } from './log.ts';

type Name = 'stdout' | 'stderr';

const descriptors = { stdout: 1, stderr: 2 };
const made = new Map<Name, NodeJS.WriteStream>();
const closed = new Set<Name>();
let outTrouble: Error | undefined;
/** Characters that stdout was given. */
let begun = 0;
/** What stderr is given, if it isn't its stream. */
let log: Log | undefined;
/** In ms; undefined: its reader is waited for. */
let patience: number | undefined;

export function standard(name: Name): NodeJS.WriteStream {
  const before = made.get(name);
  if (before !== undefined) return before;
  const stream = process[name];
  stream.on('error', (error: NodeJS.ErrnoException) => {
    closed.add(name);
    // What stderr doesn't take, nobody can be told: the work goes on
    if (name === 'stdout' && error.code !== 'EPIPE') outTrouble ??= error;
  });
  made.set(name, stream);
  return stream;
}

/** Nobody reads it any more (`| head`), or it takes no more. */
export function isClosed(name: Name): boolean {
  return closed.has(name);
}

export function isTerminal(name: Name): boolean {
  return fstatSync(descriptors[name]).isCharacterDevice() && standard(name).isTTY;
}

/** When so many characters are out, a stream is worth its making. */
const few = 4_096;

/**
 * Most commands have little to say: it is written by system calls, which wait for its reader.
 * @returns whether stdout takes more before its `drain`.
 */
export function writeOut(text: string): boolean {
  const isEarly = begun < few && !made.has('stdout');
  begun += text.length;
  const rest = isEarly ? writeAtOnce(Buffer.from(text)) : text;
  return rest.length === 0 || standard('stdout').write(rest);
}

/** What is left: the stream meets the same trouble (EAGAIN, EPIPE …), and deals with it. */
function writeAtOnce(bytes: Buffer): Buffer {
  let rest = bytes;
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(descriptors.stdout, rest));
  } catch {
    // told above
  }
  return rest;
}

/** From now on stderr is written by the log, where there can be one. */
export function logBy(open: (descriptor: number) => Log | undefined): void {
  log = open(descriptors.stderr);
}

export function writeError(text: string): void {
  if (log === undefined) standard('stderr').write(text);
  else log.write(text);
}

/** That of stderr. */
export const errorBacklog: Backlog = () => log?.backlog;

/** Who was stopped has an end, even if the reader of its log has stopped as well. */
export function hurryLog(): void {
  patience = 2_000;
}

/** Resolves when all that was written is out of our hands. */
export async function flushed(): Promise<void> {
  await log?.flushed(patience);
  if (made.size === 0) return;
  await Promise.all([...made.values()].map(streamFlushed));
  // The event of an error comes after the write's end
  await new Promise((resolve) => setImmediate(resolve));
}

/**
 * At its end Node sets each terminal back as it was, and aborts when that fails: a window that was closed meanwhile
 * leaves a device without a name, and is let go of before that.
 */
export function letGoOfClosedWindows(): void {
  for (const descriptor of [0, 1, 2]) {
    const stats = fstatSync(descriptor);
    if (stats.isCharacterDevice() && stats.nlink === 0) closeSync(descriptor);
  }
}

/**
 * @param loss what is missing now.
 * @throws DqError (unavailable): stdout didn't take all of it, though somebody reads it.
 */
export async function assertWritten(loss?: string): Promise<void> {
  await flushed();
  if (outTrouble === undefined) return;
  throw new DqError('unavailable', `can't write to stdout: ${messageOf(outTrouble)}`, {
    ...(loss === undefined ? {} : { hint: loss }),
    cause: outTrouble,
  });
}

function streamFlushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else
      stream.write('', () => {
        resolve();
      });
  });
}
