// Handlers of shell for tests, and named pipes through which they say that they live.

import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll } from 'vitest';
import { resolveHandler, type HandlerCommand } from '../../src/run/command.ts';
import { runHandler, type HandlerRun, type Outcome } from '../../src/run/handler.ts';
import { temporaryFolder } from './servers.ts';

/** A script with its words as $1, $2 …, in a folder of its own. */
export function shell(script: string, ...words: readonly string[]): HandlerCommand {
  return resolveHandler(['sh', '-c', script, 'sh', ...words], {
    cwd: temporaryFolder(),
    env: process.env,
  });
}

export function run(
  command: HandlerCommand,
  given: Partial<HandlerRun> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Outcome> {
  return runHandler(command, { payload: Buffer.alloc(0), env: {}, ...given }, signal);
}

/** Runs it, and calls `react` when it writes the line `ready`. */
export async function runUntilReady(
  command: HandlerCommand,
  react: (abort: () => void) => void,
  given: Partial<HandlerRun> = {},
): Promise<{ readonly outcome: Outcome; readonly lines: readonly string[] }> {
  const controller = new AbortController();
  const lines: string[] = [];
  const onOutput = (_: string, line: string): void => {
    lines.push(line);
    if (line !== 'ready') return;
    react(() => {
      controller.abort();
    });
  };
  return { outcome: await run(command, { ...given, onOutput }, controller.signal), lines };
}

interface NamedPipe {
  readonly path: string;
  /** Its text, when the last process that holds it open for writing has ended. */
  readonly written: () => Promise<string>;
  /** Never blocks: the text waits for its reader. */
  readonly write: (text: string) => void;
}

const open = new Set<number>();
afterAll(() => {
  for (const file of open) closeSync(file);
});

export function namedPipe(): NamedPipe {
  const path = join(temporaryFolder(), 'pipe');
  execFileSync('/usr/bin/mkfifo', [path]);
  return {
    path,
    written: () => text(createReadStream(path)),
    write: (line) => {
      const file = openSync(path, 'r+');
      open.add(file);
      writeSync(file, line);
    },
  };
}
