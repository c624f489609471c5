// The open queue file: its statements, and its writes, of which those that come together share one commit.

import { statSync } from 'node:fs';

import { monotonicMs, type Clock } from '../core/clock.ts';
import { NodeError } from '../core/errors.ts';
import type { Bell } from './bell.ts';
import type { Connection, Statement, Value } from './sqlite.ts';
import { endpoint, isLocked, lockedTooLong, removed, trouble } from './trouble.ts';

/** Between two tries while another process writes, in ms. */
const betweenTries = 2;

export interface WriteTerms {
  /** Survives a power failure once it is answered; else only the death of processes. */
  readonly durable: boolean;
  /** Whoever waits for a replica must look again. */
  readonly rings: boolean;
}

/** @param now the wall clock, read when the transaction began: a later one never sees an earlier time. */
type Work<Result> = (now: number) => Result;

interface Member {
  readonly terms: WriteTerms;
  /** Does the work, and returns what tells its caller. */
  readonly run: Work<() => void>;
  readonly reject: (reason: unknown) => void;
  /** By `monotonicMs`. */
  readonly asked: number;
}

export interface DatabaseParts {
  readonly connection: Connection;
  readonly path: string;
  readonly clock: Clock;
  readonly bell: Bell;
  /** How long to wait for the end of another process's write, in ms. A write takes as long as the disk's sync. */
  readonly patience: number;
  /** Has a commit begin a little later: what is asked for until then is part of it. */
  readonly soon: (commit: () => void) => void;
}

/** Every method throws what `trouble` says. */
export class Database {
  readonly clock: Clock;
  readonly bell: Bell;
  readonly #path: string;
  readonly #inode: bigint | undefined;
  readonly #patience: number;
  readonly #soon: DatabaseParts['soon'];
  readonly #statements = new Map<string, Statement>();
  #connection: Connection | undefined;
  #group: Member[] = [];

  constructor({ connection, path, clock, bell, patience, soon }: DatabaseParts) {
    this.#connection = connection;
    this.#path = path;
    this.#inode = inodeOf(path);
    this.clock = clock;
    this.bell = bell;
    this.#patience = patience;
    this.#soon = soon;
  }

  /** The first row, or undefined. */
  get(sql: string, ...values: Value[]): unknown {
    return this.#run(sql, (statement) => statement.get(...values));
  }

  all(sql: string, ...values: Value[]): unknown[] {
    return this.#run(sql, (statement) => statement.all(...values));
  }

  /** How many rows it changed. */
  run(sql: string, ...values: Value[]): number {
    return this.#run(sql, (statement) => Number(statement.run(...values).changes));
  }

  /** What is committed, without a transaction of its own: for one look, or for some that need not agree. */
  read<Result>(look: (now: number) => Result): Promise<Result> {
    return new Promise((resolve) => {
      resolve(look(this.clock.now()));
    });
  }

  /**
   * Runs the work in a transaction that it shares with all that is asked for until the file is free, and at least in
   * this turn of the event loop: syncing the disk costs ten times what the work does. All is done in order, or nothing.
   */
  write<Result>(terms: WriteTerms, work: Work<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const run = (now: number): (() => void) => {
        const result = work(now);
        return () => {
          resolve(result);
        };
      };
      this.#group.push({ terms, run, reject, asked: monotonicMs() });
      if (this.#group.length === 1) this.#soon(this.#commitSoon);
    });
  }

  /** The same at once, in a transaction of its own, after all that was asked for before. */
  writeNow<Result>(terms: WriteTerms, work: Work<Result>): Result {
    this.#commitNow();
    if (!this.#begin(terms, this.#patience)) throw lockedTooLong(this.#path);
    return this.#finish(terms, work);
  }

  /**
   * A file that was removed can still be written, by who has it open: nobody else would ever read that.
   * @throws DqError (config)
   */
  assertInPlace(): void {
    const inode = inodeOf(this.#path);
    if (inode === undefined || inode !== this.#inode) throw removed(this.#path);
  }

  close(): void {
    if (this.#connection === undefined) return;
    this.#commitNow();
    this.#connection.close();
    this.#connection = undefined;
    this.#statements.clear();
    this.bell.close();
  }

  /** While another process writes, this one goes on with everything else. */
  readonly #commitSoon = (): void => {
    const [first] = this.#group;
    if (first === undefined || this.#commitGroup(0)) return;
    if (monotonicMs() - first.asked > this.#patience) this.#refuse(lockedTooLong(this.#path));
    else void this.clock.sleep(betweenTries).then(this.#commitSoon);
  };

  #commitNow(): void {
    if (!this.#commitGroup(this.#patience)) this.#refuse(lockedTooLong(this.#path));
  }

  /** False: another process writes, and did so for `wait` ms. */
  #commitGroup(wait: number): boolean {
    if (this.#group.length === 0) return true;
    const terms = {
      durable: this.#group.some((member) => member.terms.durable),
      rings: this.#group.some((member) => member.terms.rings),
    };
    try {
      if (!this.#begin(terms, wait)) return false;
      const answers = this.#finish(terms, (now) => this.#group.map(({ run }) => run(now)));
      this.#group = [];
      for (const answer of answers) answer();
    } catch (thrown) {
      this.#refuse(thrown);
    }
    return true;
  }

  #refuse(reason: unknown): void {
    const group = this.#group;
    this.#group = [];
    for (const { reject } of group) reject(reason);
  }

  /** False: another process writes, and did so for `wait` ms. */
  #begin({ durable }: WriteTerms, wait: number): boolean {
    this.assertInPlace();
    return this.#explaining((connection) => {
      try {
        connection.exec(
          `PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'};
           PRAGMA busy_timeout = ${wait}; BEGIN IMMEDIATE`,
        );
        return true;
      } catch (thrown) {
        if (isLocked(thrown)) return false;
        throw thrown;
      } finally {
        connection.exec(`PRAGMA busy_timeout = ${this.#patience}`);
      }
    });
  }

  #finish<Result>({ rings }: WriteTerms, work: Work<Result>): Result {
    let result: Result;
    try {
      result = work(this.clock.now());
      this.run('COMMIT');
    } catch (thrown) {
      this.#rollBack();
      throw thrown;
    }
    if (rings) this.bell.ring();
    return result;
  }

  #rollBack(): void {
    try {
      this.#connection?.exec('ROLLBACK');
    } catch {
      // After a full disk or an I/O error SQLite may have rolled back by itself, and then has nothing to roll back.
    }
  }

  #run<Result>(sql: string, use: (statement: Statement) => Result): Result {
    return this.#explaining((connection) => {
      let statement = this.#statements.get(sql);
      if (statement === undefined) {
        statement = connection.prepare(sql);
        this.#statements.set(sql, statement);
      }
      return use(statement);
    });
  }

  #explaining<Result>(use: (connection: Connection) => Result): Result {
    if (this.#connection === undefined) {
      throw new NodeError(endpoint, 'down', 'the embedded queue is closed');
    }
    try {
      return use(this.#connection);
    } catch (thrown) {
      throw trouble(thrown, this.#path);
    }
  }
}

/** Undefined: there is no such file. */
function inodeOf(path: string): bigint | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
  } catch (thrown) {
    throw trouble(thrown, path);
  }
}
