// A handler that writes down each of its runs, and what it wrote.

import type { Place } from './place.ts';

export interface Run {
  readonly key: string;
  readonly payload: string;
  readonly attempt: number;
  /** Milliseconds since the epoch, by the clock that `date` reads. */
  readonly startedAt: number;
  /** DQ_DUE in ms. */
  readonly due: number;
}

/** Shell that appends the run to the file `runs`; to be followed by what else the handler does. */
export const noteRun = 'echo "$(date +%s%3N) $DQ_DUE $DQ_KEY $DQ_ATTEMPT $DQ_PAYLOAD" >> runs';

export function runsOf(place: Place): Run[] {
  return place.read('runs').map((line) => {
    const [startedAt = '', due = '', key = '', attempt = '', ...payload] = line.split(' ');
    return {
      key,
      payload: payload.join(' '),
      attempt: Number(attempt),
      startedAt: Number(startedAt),
      due: Date.parse(due),
    };
  });
}

export function early(runs: readonly Run[]): Run[] {
  return runs.filter(({ startedAt, due }) => startedAt < due);
}

/** The payloads of all runs, in order of the alphabet: one that ran twice is there twice. */
export function payloads(runs: readonly Run[]): string[] {
  return runs.map(({ payload }) => payload).sort();
}

/** `prefix-0000`, `prefix-0001` …: in the order of the alphabet. */
export function names(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}-${String(at).padStart(4, '0')}`);
}
