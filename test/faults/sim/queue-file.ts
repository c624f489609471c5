// The queue file of one machine: real SQLite in memory, the real node and ledger upon it, and what a power failure undoes.

import type { Buffer } from 'node:buffer';
import { Database } from '../../../src/embedded/database.ts';
import { EmbeddedLedger } from '../../../src/embedded/ledger.ts';
import { EmbeddedNode } from '../../../src/embedded/node.ts';
import { bufferOf } from '../../../src/embedded/replica.ts';
import { steps } from '../../../src/embedded/schema.ts';
import { endpoint } from '../../../src/embedded/trouble.ts';
import { loadSqlite } from '../../../src/embedded/sqlite.ts';
import type { Connection, Statement, Value } from '../../../src/embedded/sqlite.ts';
import { keyOf } from '../../../src/core/key.ts';
import { defaultTerms } from '../../../src/ledger/ledger.ts';
import type { Entry } from '../../../src/ledger/machine.ts';
import { Bells } from './bells.ts';
import { Host } from './channel.ts';
import { FileConnection, type Transactions } from './file-connection.ts';
import type { LedgerView } from './ledger.ts';
import type { Opened } from './opened.ts';
import { epoch, type Process } from './process.ts';
import type { Store, Stored } from './stored.ts';
import type { World } from './world.ts';

/** The columns that matter here; there are more. */
interface ReplicaRow {
  readonly id: number;
  readonly tube: string;
  readonly state: Stored['state'];
  readonly until: number | null;
  readonly priority: number;
  readonly ttr: number;
  readonly envelope: Uint8Array;
}

interface JobRow {
  readonly key: string;
  readonly entry: string;
  readonly forget_at: number | null;
}

/** All rows of the tables that lasting things are in. */
interface Contents {
  readonly replica: readonly ReplicaRow[];
  readonly job: readonly JobRow[];
}

interface Kept {
  readonly entry: Entry;
  readonly text: string;
  readonly forgetAt: number;
}

const Sqlite = await loadSqlite();
/** Without an end: it goes by the clock of this machine, which a stall of the test moves, and no seed. */
const patience = 2 ** 31 - 1;

export class QueueFile extends Host implements LedgerView, Store, Transactions {
  readonly terms = { ...defaultTerms, ttl: Infinity };
  /** It never loses what it was told to keep. */
  readonly incarnation = 0;
  /** The disk. */
  full = false;
  readonly #world: World;
  readonly #connection: Connection;
  readonly #statements = new Map<string, Statement>();
  readonly #bells: Bells;
  readonly #stored = new Map<bigint, Stored>();
  /** All that ever were: what was deleted may be back after a power failure. */
  readonly #known = new Map<bigint, Stored>();
  /** Of the table of replicas, as they were when somebody committed last. */
  #rows: ReadonlyMap<bigint, ReplicaRow> = new Map();
  readonly #entries = new Map<string, Kept>();
  #contents: Contents;
  /** What may be found after a power failure: what was synced last, and each commit since. */
  #possible: Contents[];

  constructor(world: World) {
    super(endpoint);
    this.#world = world;
    this.#bells = new Bells(world);
    this.#connection = new Sqlite(':memory:');
    for (const step of steps) this.#connection.exec(step);
    this.#contents = this.#read();
    this.#possible = [this.#contents];
  }

  open(process: Process, tube: string): Opened {
    const connection = new FileConnection(this, process);
    const database = new Database({
      ...{ connection, clock: process.clock, patience },
      // Any file that stays in its place
      path: new URL(import.meta.url).pathname,
      bell: this.#bells.bellOf(process),
      soon: (commit) => {
        this.#commitSoon(connection, commit);
      },
    });
    const node = new EmbeddedNode(database, tube);
    const close = (): void => {
      node.close();
      database.close();
    };
    return { nodes: [node], ledger: new EmbeddedLedger(database, this.terms), close };
  }

  get now(): number {
    return Math.floor(epoch + this.#world.timeline.now + (this.#world.skew?.ms ?? 0));
  }

  entry(key: string): Entry | undefined {
    const kept = this.#entries.get(key);
    return kept !== undefined && kept.forgetAt > this.now ? kept.entry : undefined;
  }

  wasAway(since: number): boolean {
    return this.full || this.backAt >= since;
  }

  makeRoom(): void {
    this.full = false;
    this.backAt = this.#world.timeline.now;
  }

  /** As they are now. */
  get jobs(): ReadonlyMap<bigint, Stored> {
    this.#tick();
    return this.#stored;
  }

  *replicasOf(key: string): Iterable<Stored> {
    for (const job of this.jobs.values()) if (job.key === key) yield job;
  }

  plant(body: Buffer, tube: string, ttr: number): void {
    const values = [tube, keyOf(body), ttr, this.now, body];
    this.statement(
      `INSERT INTO replica (tube, key, priority, ttr, put_at, state, envelope)
       VALUES (?, ?, 0, ?, ?, 'ready', ?)`,
    ).run(...values);
    this.committed(undefined, true);
    const planted = [...this.replicasOf(keyOf(body))].at(-1)!;
    this.#world.history.stored(this, planted, undefined);
    this.#bells.ring();
  }

  /** Every process is gone, and of the commits that weren't synced the last ones may be. */
  powerFails(): void {
    const { processes, random, timeline } = this.#world;
    for (const process of processes) process.kill();
    this.#write(random.pick(this.#possible));
    this.backAt = timeline.now;
  }

  statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  committed(by: Process | undefined, synced: boolean): void {
    this.#contents = this.#read();
    this.#possible = synced ? [this.#contents] : [...this.#possible, this.#contents];
    this.#noticeEntries(by);
    this.#noticeReplicas(by);
  }

  close(): void {
    this.#connection.close();
  }

  /** A reply that is lost is here a file that is locked just now, or a disk that fails. */
  #commitSoon(connection: FileConnection, commit: () => void): void {
    const { weather, meter } = this.#world;
    const { process } = connection;
    meter.count(process);
    const fate = weather.fateOf({ process, host: this }, 'commit');
    if (fate === 'killed before') {
      process.kill();
      return;
    }
    process.plan(weather.latency(), 'bytes', () => {
      connection.fate = fate;
      commit();
      connection.fate = 'fine';
      if (fate === 'killed after') process.kill();
    });
  }

  #noticeEntries(by: Process | undefined): void {
    for (const { key, entry: text, forget_at } of this.#contents.job) {
      if (text === '' || this.#entries.get(key)?.text === text) continue;
      const before = this.entry(key);
      const entry = JSON.parse(text) as Entry;
      this.#entries.set(key, { entry, text, forgetAt: forget_at ?? Infinity });
      if (by !== undefined) {
        this.#world.history.ledger.written({ key }, before, entry, { by, late: false });
      }
    }
  }

  #noticeReplicas(by: Process | undefined): void {
    const { history, timeline } = this.#world;
    const before = this.#rows;
    this.#rows = new Map(this.#contents.replica.map((row) => [BigInt(row.id), row]));
    for (const [id, row] of this.#rows) {
      const was = before.get(id);
      const stored = this.#known.get(id) ?? this.#newStored(id, row);
      this.#known.set(id, stored);
      this.#stored.set(id, stored);
      if (was === undefined && by !== undefined) history.stored(this, stored, by);
      if (was?.state === row.state && was.until === row.until) continue;
      stored.changedAt = timeline.now;
      stored.changedBy = by;
      stored.unattended = false;
    }
    for (const [id, stored] of this.#stored) {
      if (this.#rows.has(id)) continue;
      this.#stored.delete(id);
      if (by !== undefined) history.removed(this, stored, by);
    }
  }

  #newStored(id: bigint, { tube, ttr, priority, envelope, state }: ReplicaRow): Stored {
    const body = bufferOf(envelope);
    const { now } = this.#world.timeline;
    return {
      ...{ id, body, key: keyOf(body), tube, ttr, priority, state, putAt: now, until: now },
      ...{ holder: undefined, forgotten: false, changedAt: now, changedBy: undefined },
      ...{ stranded: false, unattended: false },
    };
  }

  /** What is due, or ran out of its ttr, counts as ready. */
  #tick(): void {
    const { now } = this;
    for (const [id, { state, until }] of this.#rows) {
      const stored = this.#stored.get(id)!;
      stored.state = until !== null && until <= now ? 'ready' : state;
      stored.until = until === null ? stored.changedAt : this.#world.timeline.now + until - now;
    }
  }

  #read(): Contents {
    return {
      replica: this.statement('SELECT * FROM replica').all() as ReplicaRow[],
      job: this.statement('SELECT * FROM job').all() as JobRow[],
    };
  }

  #write({ replica, job }: Contents): void {
    this.exec('DELETE FROM replica; DELETE FROM job; DELETE FROM place');
    for (const row of replica) this.#insert('replica', row);
    for (const row of job) this.#insert('job', row);
    this.#entries.clear();
    this.committed(undefined, true);
  }

  #insert(table: string, row: object): void {
    const values = Object.values(row) as Value[];
    const marks = values.map(() => '?').join(', ');
    const columns = Object.keys(row).join(', ');
    this.statement(`INSERT INTO ${table} (${columns}) VALUES (${marks})`).run(...values);
  }
}
