// A small file system of its own for the binlog of one node, to be filled to its last byte.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { temporaryFolder } from '../../support/servers.ts';

const mounted = new Set<SmallDisk>();

afterAll(() => {
  for (const disk of mounted) disk.unmount();
});

/** Why there can be none here; undefined: there can. */
export function whyNoDisk(): string | undefined {
  try {
    new SmallDisk(4_096).unmount();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

export class SmallDisk {
  readonly folder = temporaryFolder();
  readonly #filler = join(this.folder, 'filler');

  /** @param bytes rounded up to pages. @throws Error when this user may not mount. */
  constructor(bytes: number) {
    const words = ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', this.folder];
    const { status, stderr, error } = spawnSync('mount', words, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`can't mount a tmpfs: ${error?.message ?? stderr.trim()}`);
    mounted.add(this);
  }

  /** What is free now; it may be called again. */
  fill(): void {
    const file = openSync(this.#filler, 'a');
    try {
      for (;;) writeSync(file, Buffer.alloc(4_096));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.#filler);
  }

  /** Also while a file on it is open. */
  unmount(): void {
    mounted.delete(this);
    spawnSync('umount', ['--lazy', this.folder]);
  }
}
