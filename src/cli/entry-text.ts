// An entry's command as lists show it.

import { escapeControl } from '../output/escape.ts';
import type { Entry } from '../schedule/entry.ts';

/** Safe to show; a payload is told from a command line by a `put` before it. */
export function taskText({ task }: Pick<Entry, 'task'>): string {
  return escapeControl(task.kind === 'run' ? task.command : `put ${task.payload}`);
}

/** What JSON tells of where an entry is from. */
export function originOf({ task, place }: Pick<Entry, 'task' | 'place'>): {
  readonly command: string | null;
  readonly line: number | null;
} {
  return {
    command: task.kind === 'run' ? task.command : null,
    line: 'line' in place ? place.line : null,
  };
}

/** What stands for the next tick of an entry that has none. */
export function noTick({ times }: Pick<Entry, 'times'>): string {
  return times === 'reboot' ? 'only when dq cron run starts' : 'never';
}

const shortestName = 12;
/** So much of a command is shown, or all of it, however narrow the terminal. */
export const leastCommand = 24;

/**
 * How much of the longest name is shown, so that there is room for a command.
 * @param columns of the terminal; undefined: it is none, and nothing is cut.
 * @param others what stands in a line besides the name and the command.
 */
export function nameWidth(names: readonly string[], columns = Infinity, others = 0): number {
  const wanted = Math.max(0, ...names.map(({ length }) => length));
  return Math.min(wanted, Math.max(shortestName, columns - others - leastCommand));
}
