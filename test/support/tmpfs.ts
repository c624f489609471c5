// A file system of its own, so small that a test can fill it, or read-only; needs root.

import { execFileSync } from 'node:child_process';
import { afterAll } from 'vitest';
import { temporaryFolder } from './servers.ts';

const mounted = new Set<string>();

afterAll(() => {
  // Lazily: what a test that failed has left running may still hold it.
  for (const folder of mounted) execFileSync('umount', ['-l', folder]);
});

/** @throws Error when this machine lets root mount nothing. */
export function mountTmpfs(kilobytes: number): string {
  const folder = temporaryFolder();
  const options = `size=${kilobytes}k,mode=700`;
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  mounted.add(folder);
  return folder;
}

export function makeReadOnly(folder: string): void {
  execFileSync('mount', ['-o', 'remount,ro', folder]);
}
