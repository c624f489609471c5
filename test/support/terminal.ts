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

/** Util-linux's `script` gives it a terminal; one line says its name and, at the end, dq's exit code and the modes. */
export function startOnTerminal(
  words: readonly string[],
  place: Place,
  size: TerminalSize,
): Terminal {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const script = [
    `stty rows ${size.rows} cols ${size.columns}; tty > terminal`,
    `"$NODE" "$BINARY" ${quoted}`,
    'echo "exit $?"; stty -a',
  ].join('; ');
  const around = place.around({ stdin: open });
  const env = {
    ...around.env,
    NODE: process.execPath,
    BINARY: binary,
    TERM: 'xterm',
    SCRIPT: script,
  };
  const program = startProgram('script', ['-qfec', 'sh -c "$SCRIPT"', '/dev/null'], {
    ...around,
    env,
  });
  return new Terminal(program, join(place.folder, 'terminal'));
}

export class Terminal {
  readonly #program: RunningDq;
  readonly #name: string;

  constructor(program: RunningDq, name: string) {
    this.#program = program;
    this.#name = name;
  }

  /** All that was written, and how the shell around dq ended. */
  get ended(): Promise<Ran> {
    return this.#program.ended;
  }

  /** The lines of the first picture, of those not looked at yet, for which it holds. */
  shows(what: string, holds: (lines: readonly string[]) => boolean): Promise<readonly string[]> {
    return this.#program.seen(what, 'stdout', (text) => {
      const picture = pictures(text).at(-1);
      return picture !== undefined && holds(picture) ? picture : undefined;
    });
  }

  /** Resolves when the screen holds it. */
  async shown(pattern: RegExp): Promise<readonly string[]> {
    return this.shows(String(pattern), (lines) => pattern.test(lines.join('\n')));
  }

  press(keys: string): void {
    this.#program.write(keys);
  }

  resize({ rows, columns }: TerminalSize): void {
    const device = readFileSync(this.#name, 'utf8').trim();
    execFileSync('stty', ['-F', device, 'rows', String(rows), 'cols', String(columns)]);
  }
}

const home = '\u001b[H';
const eraseBelow = '\u001b[J';

/** A picture begins at home and ends by erasing what is below; each line by erasing its rest. */
function pictures(text: string): string[][] {
  return text
    .split(home)
    .slice(1)
    .filter((part) => part.includes(eraseBelow))
    .map((part) => part.slice(0, part.indexOf(eraseBelow)))
    .map((part) => part.split('\r\n').map((line) => line.replaceAll(/\u001b\[[\d;]*[mK]/g, '')));
}
