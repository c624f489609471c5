// A file system of its own, so small that a test can fill it, or read-only: where this user may mount one.

import { execFileSync } from 'node:child_process';
import { afterAll } from 'vitest';
import { temporaryFolder } from './servers.ts';

const mounted = new Set<string>();

afterAll(() => {
  // Lazily: what a test that failed has left running may still hold it.
  for (const folder of mounted) execFileSync('umount', ['-l', folder]);
});

/** Root may, but not in every container. */
export function mayMount(): boolean {
  try {
    mountTmpfs(4);
    return true;
  } catch {
    return false;
  }
}

/** @throws Error when this user may mount nothing here. */
export function mountTmpfs(kilobytes: number): string {
  const folder = temporaryFolder();
  const options = `size=${kilobytes}k,mode=700`;
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
  mounted.add(folder);
  return folder;
}

export function makeReadOnly(folder: string): void {
  execFileSync('mount', ['-o', 'remount,ro', folder]);
}
