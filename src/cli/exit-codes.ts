// Every exit code of dq: the record behind the README's table.

import type { ErrorKind } from '../core/errors.ts';

export const exitCodes = {
  done: 0,
  /** The asked-for thing is not so: a named job that isn't there, a job that failed under --drain. */
  notSo: 1,
  usage: 2,
  /** Not possible now, try again (EX_TEMPFAIL). */
  unavailable: 75,
  /** Stopped by a signal with something unsettled: 128 + its number. */
  interrupted: 130,
  terminated: 143,
} as const;

export function exitCodeOf(kind: ErrorKind): number {
  switch (kind) {
    case 'usage':
    case 'config':
      return exitCodes.usage;
    case 'absent':
      return exitCodes.notSo;
    case 'unavailable':
      return exitCodes.unavailable;
  }
}
