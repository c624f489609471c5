// Runs bin/dq.cjs as a user does: words, a clean environment, stdin; and what came of it.

import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { temporaryFolder } from './servers.ts';

export const binary = fileURLToPath(new URL('../../bin/dq.cjs', import.meta.url));

export interface Around {
  /** A folder of its own by default; it is the home as well. */
  readonly cwd?: string;
  /** Added to PATH, HOME, LANG, TZ and a STATE_DIRECTORY in the folder; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Words that run it, such as `unshare`. */
  readonly under?: readonly string[];
  /** By default stdin is /dev/null; `open`: a pipe that `write` writes to. */
  readonly stdin?: string | Uint8Array | typeof open;
}

export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const open = Symbol('open');

/** A line of `dq work --json`, or any other that is JSON. */
export type Line = Readonly<Record<string, unknown>>;

const running = new Set<ChildProcess>();

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Runs it to its end. */
export function dq(words: readonly string[], around: Around = {}): Promise<Ran> {
  return startDq(words, around).ended;
}

export function startDq(words: readonly string[], around: Around = {}): RunningDq {
  const [file = '', ...more] = [...(around.under ?? []), process.execPath, binary, ...words];
  return startProgram(file, more, around);
}

/** A line of shell in which `dq` is the command. */
export function shellDq(script: string, around: Around = {}): Promise<Ran> {
  const prelude = 'dq() { "$NODE" "$BINARY" "$@"; }';
  const env = { ...around.env, NODE: process.execPath, BINARY: binary };
  return startProgram('bash', ['-c', `${prelude}\n${script}`], { ...around, env }).ended;
}

export function startProgram(file: string, words: readonly string[], around: Around): RunningDq {
  const { cwd = temporaryFolder(), env = {}, stdin } = around;
  const clean = {
    ...{ PATH: process.env['PATH'] ?? '', HOME: cwd, LANG: 'C.UTF-8', TZ: 'UTC' },
    STATE_DIRECTORY: join(cwd, 'state'),
  };
  const child = spawn(file, words, {
    cwd,
    env: { ...clean, ...env },
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  // A command that refuses its words doesn't read its stdin.
  child.stdin?.on('error', () => undefined);
  if (stdin !== open) child.stdin?.end(stdin);
  return new RunningDq(child);
}

export class RunningDq {
  readonly ended: Promise<Ran>;
  readonly #child: ChildProcess;
  readonly #written = { stdout: '', stderr: '' };
  readonly #changed = new EventEmitter();
  #over = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    running.add(child);
    this.#read('stdout');
    this.#read('stderr');
    this.ended = this.#end();
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('it did not start');
    return this.#child.pid;
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  closeStdin(): void {
    this.#child.stdin?.end();
  }

  /** Nobody reads its stdout any more. */
  closeStdout(): void {
    this.#child.stdout?.destroy();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it by SIGKILL; what it started lives on and may hold its stdout open. */
  async crash(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  /** The first line of stderr (or stdout) that matches, as soon as it is there. */
  line(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stderr'): Promise<string> {
    return this.seen(String(pattern), stream, (text) => {
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      return lines(whole).find((each) => pattern.test(each));
    });
  }

  /** What is found in all that was written so far, as soon as it is. */
  async seen<Found>(
    what: string,
    stream: 'stdout' | 'stderr',
    find: (text: string) => Found | undefined,
  ): Promise<Found> {
    for (;;) {
      const text = this.#written[stream];
      const found = find(text);
      if (found !== undefined) return found;
      if (this.#over) throw new Error(`no ${what} in:\n${text}`);
      await once(this.#changed, 'change');
    }
  }

  /** The first event of that name in the lines of JSON on stderr. */
  async event(name: string): Promise<Line> {
    return parseLine(await this.line(new RegExp(`"event":"${name}"`)));
  }

  #read(name: 'stdout' | 'stderr'): void {
    this.#child[name]?.setEncoding('utf8').on('data', (text: string) => {
      this.#written[name] += text;
      this.#changed.emit('change');
    });
  }

  async #end(): Promise<Ran> {
    type Close = [number | null, NodeJS.Signals | null];
    const [code, signal] = (await once(this.#child, 'close')) as Close;
    running.delete(this.#child);
    this.#over = true;
    this.#changed.emit('change');
    return { code, signal, ...this.#written };
  }
}

function parseLine(line: string): Line {
  return JSON.parse(line) as Line;
}

/** The lines of JSON in a text; fails when one is none. */
export function jsonLines(text: string): Line[] {
  return text.split('\n').filter(Boolean).map(parseLine);
}

/** The lines of a text without the last end of line. */
export function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}
