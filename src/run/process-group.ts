// A process group: signals to all of it, and whether anything of it still runs.

import { readdirSync, readFileSync } from 'node:fs';

/** Whether anything of the group is left; with signal 0 only that. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === 'ESRCH') return false;
    if (code === 'EPERM') return true; // it runs as another user (sudo): we can only wait for it
    throw thrown;
  }
}

/**
 * Whether a process of the group runs. One that has ended but was never waited for doesn't: kill(2) finds
 * it, and in a container without an init process it stays for ever.
 */
export function runsGroup(group: number): boolean {
  if (!signalGroup(group, 0)) return false;
  const statuses = processStatuses();
  return statuses === undefined || statuses.some((status) => isOf(group, status));
}

/** The lines of `/proc/PID/stat`; undefined where the system has no such thing. */
function processStatuses(): string[] | undefined {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return undefined;
  }
  return names.filter((name) => /^\d+$/.test(name)).map(statusOf);
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return ''; // it has just ended
  }
}

/** `pid (command) state parent group …`: the command may itself hold blanks and brackets. */
function isOf(group: number, status: string): boolean {
  const [state, , itsGroup] = status.slice(status.lastIndexOf(')') + 2).split(' ', 3);
  return itsGroup === String(group) && state !== 'Z' && state !== 'X';
}
