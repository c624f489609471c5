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

/** Which groups have a process that runs; undefined where the system has no such thing. */
interface Look {
  /** By `performance.now()`. */
  readonly at: number;
  readonly groups: ReadonlySet<string> | undefined;
}

/** That of this turn of the event loop: a look at all processes takes long, and a thousand groups may be ended at once. */
let latest: Look | undefined;

/**
 * Whether a process of the group runs. One that has ended but was never waited for doesn't: kill(2) finds
 * it, and in a container without an init process it stays for ever.
 * @param since when it was there for certain, by `performance.now()`.
 */
export function runsGroup(group: number, since: number): boolean {
  if (!signalGroup(group, 0)) return false;
  return lookAfter(since).groups?.has(String(group)) ?? true;
}

function lookAfter(since: number): Look {
  if (latest !== undefined && latest.at >= since) return latest;
  if (latest === undefined) {
    setImmediate(() => {
      latest = undefined;
    });
  }
  latest = { at: performance.now(), groups: runningGroups() };
  return latest;
}

function runningGroups(): Set<string> | undefined {
  const statuses = processStatuses();
  return statuses && new Set(statuses.map(runningGroupOf));
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

/** `pid (command) state parent group …`: the command may itself hold blanks and brackets. Empty: it has ended. */
function runningGroupOf(status: string): string {
  const [state, , group = ''] = status.slice(status.lastIndexOf(')') + 2).split(' ', 3);
  return state === 'Z' || state === 'X' ? '' : group;
}
