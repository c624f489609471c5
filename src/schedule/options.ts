// The options that entries of both kinds of file have: their readers, their defaults, and the entry they make.

import { count, duration, shown, text, type Reader } from '../core/reader.ts';
import { missedTicks, overlaps, type Entry, type Missed, type Overlap, type Run } from './entry.ts';
import { nameProblem, stableChoice } from './name.ts';

export const entryName: Reader<string> = (value, path, report) => {
  const problem = nameProblem(typeof value === 'string' ? value : '');
  if (problem !== undefined) report(path, problem);
  return String(value);
};

/** What goes to a shell or to a program's environment. */
export const programText: Reader<string> = (value, path, report) => {
  const given = text(value, path, report);
  if (given.includes('\0')) report(path, 'no program can be given a NUL');
  if (given !== '' && given.trim() === '') report(path, 'must not be blank');
  return given;
};

function oneOf<T extends string>(choices: readonly [T, ...T[]]): Reader<T> {
  return (value, path, report) => {
    const chosen = choices.find((choice) => choice === value);
    if (chosen === undefined) {
      report(path, `must be one of ${choices.join(', ')}, not ${shown(value)}`);
    }
    return chosen ?? choices[0];
  };
}

const hosts: Reader<Entry['hosts']> = (value, path, report) => {
  if (value === 'any' || value === 'each') return value;
  if (Array.isArray(value) && value.length > 0) {
    return value.map((name, index) => text(name, `${path}[${index}]`, report));
  }
  report(path, `must be any, each or a list of host names, not ${shown(value)}`);
  return 'any';
};

/** When an entry is due, and where. */
export const tickShape = {
  hosts,
  grace: duration('0s'),
  missed: oneOf(missedTicks),
  jitter: duration('0s'),
};

/** How its command is run. */
export const runShape = {
  overlap: oneOf(overlaps),
  timeout: duration('1ms'),
  attempts: count,
  onFailure: programText,
  onSuccess: programText,
};

const defaultGrace = 5 * 60_000;

export interface TickOptions {
  readonly hosts?: Entry['hosts'];
  readonly grace?: number;
  readonly missed?: Missed;
  readonly jitter?: number | undefined;
}

export interface RunOptions {
  readonly overlap?: Overlap;
  readonly timeout?: number;
  readonly attempts?: number;
  readonly onFailure?: string;
  readonly onSuccess?: string;
}

export function entryOf(
  written: Pick<Entry, 'name' | 'place' | 'schedule' | 'zone' | 'times' | 'task'>,
  { hosts = 'any', grace = defaultGrace, missed = 'last', jitter = 0 }: TickOptions,
): Entry {
  return {
    ...written,
    hosts: written.times === 'reboot' && hosts === 'any' ? 'each' : hosts,
    grace,
    missed,
    delay: stableChoice(`${written.name}\0jitter`, 0, jitter),
  };
}

export function runOf(
  command: Pick<Run, 'command' | 'stdin' | 'env'>,
  { overlap = 'skip', timeout, attempts = 1, onFailure, onSuccess }: RunOptions,
): Run {
  return { kind: 'run', ...command, overlap, timeout, attempts, onFailure, onSuccess };
}
