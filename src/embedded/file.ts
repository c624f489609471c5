// Finds or makes the queue file, and opens it; a file that isn't ours is left as it is.

import { randomUUID } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { DqError } from '../core/errors.ts';
import { applicationId, steps } from './schema.ts';
import { loadSqlite, type Connection, type Sqlite } from './sqlite.ts';
import { errnoCode, trouble } from './trouble.ts';

/** How long a process waits for another one's write, in ms. A write takes as long as the disk's sync. */
export const patience = 10_000;

export function queueFile(folder: string): string {
  return join(folder, 'queue.db');
}

/**
 * An existing file is opened by SQLite alone: closing any other descriptor of it would end the locks that
 * another connection of this process has on it.
 * @throws DqError (config): the file is damaged, read-only, of a newer dq or of another program.
 * @throws NodeError (out-of-memory): the disk is full.
 */
export async function openQueueFile(folder: string): Promise<Connection> {
  const sqlite = await loadSqlite();
  const path = queueFile(folder);
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
    if (!existsSync(path)) create(sqlite, path);
    accessSync(path, constants.R_OK | constants.W_OK);
    return connect(sqlite, path, (connection) => {
      bringUpToDate(connection, path);
      shortenLog(connection, path);
    });
  } catch (thrown) {
    throw trouble(thrown, path);
  }
}

/** Node's own `recursive` never ends where a folder that exists answers ENOENT, as /proc does. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (thrown) {
    if (errnoCode(thrown) !== 'EEXIST') throw thrown; // another process was first
  }
}

/**
 * The file is made complete under another name, then given its own unless another process was first: nobody
 * ever sees half of it, and its mode (which SQLite copies to the -wal and -shm files) is right from the start.
 */
function create(sqlite: Sqlite, path: string): void {
  const draft = `${path}.${randomUUID()}`;
  try {
    closeSync(openSync(draft, 'wx', 0o600));
    // No statement is prepared: the package's `close` would leave the file open until it is garbage-collected.
    connect(sqlite, draft, (connection) => {
      // WAL: readers don't wait for the writer, and a commit is one sync. The file remembers it.
      connection.exec('PRAGMA journal_mode = WAL; BEGIN');
      upgrade(connection, 0);
    }).close();
    linkSync(draft, path);
  } catch (thrown) {
    if (errnoCode(thrown) !== 'EEXIST') throw thrown;
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(draft + suffix, { force: true });
  }
}

function connect(
  sqlite: Sqlite,
  path: string,
  prepare: (connection: Connection) => void,
): Connection {
  let connection: Connection | undefined;
  try {
    connection = new sqlite(path);
    // fullfsync: what macOS calls fsync leaves the data in the disk's cache.
    connection.exec(`PRAGMA busy_timeout = ${patience}; PRAGMA fullfsync = ON`);
    prepare(connection);
    return connection;
  } catch (thrown) {
    connection?.close();
    throw thrown;
  }
}

/** Nothing is written before it is certain that the file is ours. */
function bringUpToDate(connection: Connection, path: string): void {
  if (pragma(connection, 'application_id') !== applicationId) {
    throw new DqError('config', `${path} is no queue file of dq`, {
      hint: 'move it away, or name another folder',
    });
  }
  if (knownVersion(connection, path) === steps.length) return;
  connection.exec('BEGIN IMMEDIATE');
  // Another process may have done it meanwhile.
  upgrade(connection, knownVersion(connection, path));
}

/** In bytes. To read so much takes less than a millisecond. */
const longLog = 512 * 1024;

/**
 * Who is alone with the file reads the whole log, and appends to it although all of it is in the file already: left to
 * themselves, processes that only put would make each other's start longer and longer.
 */
function shortenLog(connection: Connection, path: string): void {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  if (log === undefined || log.size < longLog) return;
  try {
    // While another process writes it stays as it is, until the next one comes.
    connection.exec('PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // The log is as good as the file. What is wrong with the disk, the command itself meets.
  } finally {
    connection.exec(`PRAGMA busy_timeout = ${patience}`);
  }
}

function upgrade(connection: Connection, version: number): void {
  for (const step of steps.slice(version)) connection.exec(step);
  connection.exec(
    `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${steps.length}; COMMIT`,
  );
}

function knownVersion(connection: Connection, path: string): number {
  const version = pragma(connection, 'user_version');
  if (version <= steps.length) return version;
  throw new DqError(
    'config',
    `${path} was written by a newer dq (its version is ${version}, this dq knows ${steps.length})`,
    { hint: 'upgrade dq on this machine' },
  );
}

function pragma(connection: Connection, name: 'application_id' | 'user_version'): number {
  const row = connection.prepare(`PRAGMA ${name}`).get() as Readonly<Record<typeof name, number>>;
  return row[name];
}
