// SQLite with the interface of `node:sqlite`: Node's own module where there is one, else the package that brings the same.

import { DqError, messageOf } from '../core/errors.ts';

export type Value = null | number | bigint | string | Uint8Array;

export interface Statement {
  get(...values: Value[]): unknown;
  all(...values: Value[]): unknown[];
  run(...values: Value[]): { readonly changes: number | bigint };
}

/** What dq uses of a `DatabaseSync`. */
export interface Connection {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

export type Sqlite = new (path: string) => Connection;

/** @throws DqError (config) when this machine has no SQLite for Node. */
export async function loadSqlite(): Promise<Sqlite> {
  const own = ownSqlite();
  if (own !== undefined) return own;
  try {
    const { DatabaseSync } = await import('@photostructure/sqlite');
    return DatabaseSync;
  } catch (cause) {
    throw new DqError('config', `the embedded queue finds no SQLite: ${messageOf(cause)}`, {
      hint: 'use Node 22.13 or newer, or configure nodes and redis',
      cause,
    });
  }
}

/** Loading it prints at once that it is experimental, which is of no use to who runs dq. */
function ownSqlite(): Sqlite | undefined {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is only put back
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    const { getBuiltinModule } = process as SomeProcess;
    const module = getBuiltinModule?.('node:sqlite') as { DatabaseSync: Sqlite } | undefined;
    return module?.DatabaseSync;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** A Node that has an SQLite has this call too; the oldest that run dq have neither. */
interface SomeProcess {
  readonly getBuiltinModule?: (name: string) => unknown;
}
