// A process's connection to the queue file: transactions begin and end as the weather lets them.

import type { Connection, Statement } from '../../../src/embedded/sqlite.ts';
import type { Process } from './process.ts';
import type { Fate } from './weather.ts';

/** The one connection that all processes share: only one of them runs at a time. */
export interface Transactions {
  readonly full: boolean;
  exec(sql: string): void;
  statement(sql: string): Statement;
  committed(by: Process, synced: boolean): void;
}

/** SQLite's result codes. */
const code = { busy: 5, input: 10, full: 13 };

export class FileConnection implements Connection {
  readonly process: Process;
  /** Of the next transaction. */
  fate: Fate = 'fine';
  readonly #file: Transactions;
  #synced = false;

  constructor(file: Transactions, process: Process) {
    this.#file = file;
    this.process = process;
  }

  exec(sql: string): void {
    if (sql.includes('BEGIN')) this.#mayBegin(sql);
    this.#file.exec(sql);
  }

  prepare(sql: string): Statement {
    const statement = this.#file.statement(sql);
    if (sql !== 'COMMIT') return statement;
    return {
      get: statement.get.bind(statement),
      all: statement.all.bind(statement),
      run: () => this.#commit(statement),
    };
  }

  /** The file is open for the others. */
  close(): void {
    return;
  }

  #mayBegin(sql: string): void {
    // After its death its promises may go on for a moment
    if (!this.process.alive) throw sqliteError(code.input, 'dead');
    if (this.fate === 'reply lost before') {
      this.fate = 'fine';
      throw sqliteError(code.busy, 'database is locked');
    }
    this.#synced = sql.includes('synchronous = FULL');
  }

  #commit(statement: Statement): ReturnType<Statement['run']> {
    if (this.#file.full) throw sqliteError(code.full, 'database or disk is full');
    if (this.fate === 'reply lost after') throw sqliteError(code.input, 'disk I/O error');
    const changes = statement.run();
    this.#file.committed(this.process, this.#synced);
    return changes;
  }
}

function sqliteError(errcode: number, message: string): Error {
  return Object.assign(new Error(message), { errcode });
}
