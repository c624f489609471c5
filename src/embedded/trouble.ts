// What an error of SQLite or of the file system means for who uses the queue file.

import { DqError, LedgerDown, messageOf, NodeError } from '../core/errors.ts';

/** The embedded queue's name in receipts. */
export const endpoint = 'embedded';

/** SQLite's primary result codes (https://sqlite.org/rescode.html); the low byte of the extended ones. */
const code = {
  permission: 3,
  busy: 5,
  noMemory: 7,
  readOnly: 8,
  input: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  protocol: 15,
  tooBig: 18,
  notSqlite: 26,
};

/**
 * A NodeError when it couldn't be done now (nothing was written), a DqError (config) when the file is at
 * fault; anything else is a defect of dq and comes back as it is.
 */
export function trouble(thrown: unknown, path: string): unknown {
  return errnoCode(thrown) === undefined ? sqliteTrouble(thrown, path) : fileTrouble(thrown, path);
}

function sqliteTrouble(thrown: unknown, path: string): unknown {
  switch (primaryCode(thrown)) {
    case code.busy:
    case code.protocol:
      return lockedTooLong(path, thrown);
    case code.full:
      return full(path, thrown);
    case code.tooBig:
      return tooBig('the job is too big for the embedded queue', thrown);
    case code.input:
    case code.noMemory:
      return refused(`${path}: ${messageOf(thrown)}`, thrown);
    case code.corrupt:
    case code.notSqlite:
      return new DqError('config', `the queue file ${path} is damaged: ${messageOf(thrown)}`, {
        hint: 'move it away; `sqlite3 FILE .recover` may save what it holds',
        cause: thrown,
      });
    case code.permission:
    case code.readOnly:
    case code.cantOpen:
      return unwritable(path, thrown);
    default:
      return thrown;
  }
}

function fileTrouble(thrown: unknown, path: string): unknown {
  switch (errnoCode(thrown)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return full(path, thrown);
    case 'EIO':
    case 'EMFILE':
    case 'ENFILE':
      return refused(`${path}: ${messageOf(thrown)}`, thrown);
    default:
      return unwritable(path, thrown);
  }
}

/** A file that can't be asked now is a ledger that is down. */
export async function orLedgerDown<Answer>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (thrown) {
    throw thrown instanceof NodeError ? new LedgerDown(thrown.message, thrown) : thrown;
  }
}

/** Such as `ENOENT`; undefined when it is no error of the system. */
export function errnoCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'errno' in thrown && 'code' in thrown
    ? String(thrown.code)
    : undefined;
}

export function isLocked(thrown: unknown): boolean {
  return primaryCode(thrown) === code.busy;
}

export function lockedTooLong(path: string, cause?: unknown): NodeError {
  return refused(`another process keeps ${path} locked`, cause);
}

export function removed(path: string): DqError {
  return new DqError('config', `the queue file ${path} was removed while it was in use`, {
    hint: 'start dq again',
  });
}

function refused(message: string, cause: unknown): NodeError {
  const hint = 'try again, or see dq doctor';
  return new NodeError(endpoint, 'internal', message, { hint, cause });
}

export function tooBig(message: string, cause?: unknown): NodeError {
  const hint = 'put its payload into a file, and the name of the file into the job';
  return new NodeError(endpoint, 'too-big', message, { hint, cause });
}

function full(path: string, cause: unknown): NodeError {
  const hint = 'make room on its disk, and try again';
  return new NodeError(endpoint, 'out-of-memory', `no space is left for ${path}`, { hint, cause });
}

function unwritable(path: string, cause: unknown): DqError {
  return new DqError('config', `can't write the queue file ${path}: ${messageOf(cause)}`, {
    hint: 'its folder and it must be writable by this user',
    cause,
  });
}

function primaryCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return undefined;
  return Number(thrown.errcode) & 0xff;
}
