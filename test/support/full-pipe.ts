// A pipe that is full, and whose reader stands still until it is told to read.

import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const open = new Set<number>();

afterAll(() => {
  for (const file of open) closeSync(file);
});

const filler = Buffer.alloc(4_096, '-');

export class FullPipe {
  readonly path: string;
  readonly #file: number;
  #fillers = 0;

  constructor(folder: string) {
    this.path = join(folder, 'pipe');
    execFileSync('/usr/bin/mkfifo', [this.path]);
    this.#file = openSync(this.path, constants.O_RDWR | constants.O_NONBLOCK);
    open.add(this.#file);
    while (unlessAgain(() => writeSync(this.#file, filler)) !== undefined) this.#fillers += 1;
  }

  /** Nobody reads it any more. */
  close(): void {
    if (open.delete(this.#file)) closeSync(this.#file);
  }

  /** All that is in it now, or the first bytes of that, but for what filled it. */
  read(most = Infinity): string {
    const chunks: Buffer[] = [];
    for (let left = most; left > 0;) {
      const chunk = Buffer.alloc(Math.min(left, filler.length));
      const length = unlessAgain(() => readSync(this.#file, chunk)) ?? 0;
      if (length === 0) break;
      left -= length;
      chunks.push(chunk.subarray(0, length));
    }
    const bytes = Buffer.concat(chunks);
    const skipped = Math.min(bytes.length, this.#fillers * filler.length);
    this.#fillers -= skipped / filler.length;
    return bytes.toString('utf8', skipped);
  }
}

/** Undefined: there is no room, or nothing to be read. */
function unlessAgain(call: () => number): number | undefined {
  try {
    return call();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}
