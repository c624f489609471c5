// Whether a process runs, seen from outside.

import { readFileSync } from 'node:fs';

/** A zombie, which waits only for its parent to take note of its end, doesn't run any more. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
  return !/^State:\tZ/m.test(readStatus(pid));
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return ''; // it ended just now, or this system has no /proc and leaves no zombies behind
  }
}
