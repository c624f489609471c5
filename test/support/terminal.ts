// dq on a terminal: its screen as a user sees it, keys, another size.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, open, startProgram, type Ran, type RunningDq } from './cli.ts';
import type { Place } from './place.ts';

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** Around dq, which is told from it by its pid; at the end its exit code and the modes of the terminal are written. */
const inShell = [
  'stty rows "$ROWS" cols "$COLS"',
  'tty > terminal',
  `sh -c 'echo $$ > pid; exec "$NODE" "$BINARY" "$@"' dq "$@"`,
  'echo $? | tee code | sed "s/^/exit /"',
  'stty -a',
].join('; ');

/** Util-linux's `script` gives it a terminal. */
export function startOnTerminal(
  words: readonly string[],
  place: Place,
  { rows, columns }: TerminalSize,
  more: Readonly<Record<string, string>> = {},
): Terminal {
  const size = { ROWS: String(rows), COLS: String(columns) };
  const { cwd, env } = place.around();
  const command = `trap '' INT HUP; set -- ${words.join(' ')}; ${inShell}`;
  const program = startProgram('script', ['-qfec', command, '/dev/null'], {
    ...(cwd !== undefined && { cwd }),
    env: { ...env, ...size, NODE: process.execPath, BINARY: binary, TERM: 'xterm', ...more },
    stdin: open,
  });
  return new Terminal(program, place.folder);
}

export class Terminal {
  readonly #program: RunningDq;
  readonly #folder: string;

  constructor(program: RunningDq, folder: string) {
    this.#program = program;
    this.#folder = folder;
  }

  /** All that was written, and how the shell around dq ended. */
  get ended(): Promise<Ran> {
    return this.#program.ended;
  }

  /** The lines of the screen, as soon as they match. */
  shown(pattern: RegExp): Promise<readonly string[]> {
    return this.#program.seen(String(pattern), 'stdout', (text) => {
      const lines = lastPicture(text);
      return lines !== undefined && pattern.test(lines.join('\n')) ? lines : undefined;
    });
  }

  /** Resolves when all that was written so far matches. */
  async wrote(pattern: RegExp): Promise<void> {
    await this.#program.seen(String(pattern), 'stdout', (text) => pattern.test(text) || undefined);
  }

  press(keys: string): void {
    this.#program.write(keys);
  }

  /** The window is closed; its shell lives on, and writes dq's exit code into the file `code`. */
  async close(): Promise<void> {
    await this.#program.crash();
  }

  kill(signal: string): void {
    process.kill(Number(this.#read('pid')), signal);
  }

  /** In two steps, the columns first. */
  resize({ rows, columns }: TerminalSize): void {
    const size = ['cols', String(columns), 'rows', String(rows)];
    execFileSync('stty', ['-F', this.#read('terminal'), ...size]);
  }

  #read(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8').trim();
  }
}

const home = '\u001b[H';
const eraseBelow = '\u001b[J';

/** A picture begins at home and ends by erasing what is below it; undefined as long as there is no whole one. */
function lastPicture(text: string): string[] | undefined {
  const end = text.lastIndexOf(eraseBelow);
  if (end === -1) return undefined;
  const picture = text.slice(text.lastIndexOf(home, end) + home.length, end);
  return picture.split(/\r+\n/).map((line) => line.replaceAll(/\u001b\[[\d;]*[mK]/g, ''));
}
