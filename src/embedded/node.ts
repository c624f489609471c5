// The embedded queue: a tube of the queue file behind the interface of a node.

import type { Buffer } from 'node:buffer';

import { DqError, NodeError } from '../core/errors.ts';
import { keyOf } from '../core/key.ts';
import type {
  Placed,
  QueueNode,
  Refused,
  ReplicaStats,
  Reservation,
  FoundReplica,
  ScanPage,
  TubeCounts,
  WaitingState,
} from '../queue/node.ts';
import type { Put, Puts } from '../queue/puts.ts';
import type { Database, WriteTerms } from './database.ts';
import { Places, type Place } from './places.ts';
import {
  assertWhole,
  bufferOf,
  countColumns,
  readyInstant,
  statsColumns,
  statsOf,
  secondsLeft,
  type StatsRow,
} from './replica.ts';
import { EmbeddedReservation, type ReservedRow } from './reservation.ts';
import { firstReplica, scanReplicas } from './scan.ts';
import { endpoint, tooBig } from './trouble.ts';

/** The longest envelope, in bytes: a payload this long should be a file's name. */
const longestEnvelope = 64 * 1024 * 1024;

/** SQLite's ids end there. */
const largestId = 2n ** 63n - 1n;

/** Who waits looks by himself that often (ms): should a ring be lost, and when the bell can't be heard at all. */
const pollHearing = 1_000;
const pollDeaf = 100;

/** Put after the delete of its job, it counts at once: one file has one order, and needs no margin. */
const forgetRevocation = `DELETE FROM job WHERE tube = ? AND key = ?
  AND entry ->> '$.state' = 'revoked' AND NOT (entry ->> '$.final')`;

const changed: WriteTerms = { durable: true, rings: true };
const removed: WriteTerms = { durable: true, rings: false };
/** A power failure may undo it: the worker is gone then, and the replica is ready again when its ttr is over. */
const taken: WriteTerms = { durable: false, rings: false };
const givenBack: WriteTerms = { durable: false, rings: true };

export class EmbeddedNode implements QueueNode {
  readonly endpoint = endpoint;
  readonly tube: string;
  readonly #database: Database;
  readonly #held = new Set<EmbeddedReservation>();
  readonly #waits = new Set<AbortController>();
  readonly #places: Places;
  #closed = false;

  constructor(database: Database, tube: string) {
    this.#database = database;
    this.tube = tube;
    this.#places = new Places(database, tube);
  }

  /** They share a commit. */
  async putAll({ all }: Puts): Promise<Placed> {
    const answers = await Promise.all(all.map((put) => this.#put(put).catch(unlessNodeError)));
    return { answers, life: this };
  }

  async reserve(seconds: number, signal?: AbortSignal): Promise<Reservation | undefined> {
    const { clock, bell } = this.#open();
    const end = clock.now() + seconds * 1_000;
    let place: Place | undefined;
    while (!this.#closed && signal?.aborted !== true) {
      const hears = seconds > 0 && bell.attend();
      const soonest = this.#soonest();
      const now = clock.now();
      if (soonest <= now) {
        const row = await this.#take(place, signal);
        if (row !== undefined) {
          return new EmbeddedReservation(this, this.#database, row, this.#held);
        }
      } else if (end <= now) {
        if (place !== undefined) this.#places.keep(place);
        return undefined;
      } else if (place === undefined) {
        place = await this.#places.take(end);
      } else {
        this.#database.assertInPlace();
        const poll = hears ? pollHearing : pollDeaf;
        await this.#wait(Math.min(soonest - now, end - now, poll), signal);
      }
    }
    if (place !== undefined && !this.#closed) await this.#places.giveUp(place);
    return undefined;
  }

  /** They share a commit. */
  reserveAll(count: number): Promise<(Reservation | undefined | NodeError)[]> {
    const asked = Array.from({ length: count }, () => this.reserve(0).catch(unlessNodeError));
    return Promise.all(asked);
  }

  async peek(id: bigint): Promise<Buffer | undefined> {
    const database = this.#open();
    return database.read(() => {
      const row = database.get('SELECT envelope FROM replica WHERE id = ?', rowid(id));
      return row === undefined ? undefined : bufferOf((row as ReservedRow).envelope);
    });
  }

  async stats(id: bigint): Promise<ReplicaStats | undefined> {
    const database = this.#open();
    return database.read((now) => {
      const row = database.get(`SELECT ${statsColumns} FROM replica WHERE id = ?`, rowid(id));
      return row === undefined ? undefined : statsOf(row as StatsRow, now);
    });
  }

  async delete(id: bigint, envelope: Buffer): Promise<boolean> {
    const database = this.#open();
    const sql = `DELETE FROM replica
                 WHERE id = ? AND envelope = ? AND (state <> 'reserved' OR until <= ?)`;
    return database.write(removed, (now) => database.run(sql, rowid(id), envelope, now) === 1);
  }

  async deleteAll(reservations: readonly Reservation[]): Promise<Refused[]> {
    const answers = reservations.map((reservation) => reservation.delete().catch(unlessNodeError));
    const errors = await Promise.all(answers);
    return reservations.flatMap((reservation, at) => {
      const error = errors[at];
      return error instanceof NodeError ? [{ reservation, error }] : [];
    });
  }

  async kick(id: bigint): Promise<boolean> {
    const database = this.#open();
    const sql = `UPDATE replica SET state = 'ready', until = NULL
                 WHERE id = ? AND (state = 'buried' OR (state = 'delayed' AND until > ?))`;
    return database.write(changed, (now) => database.run(sql, rowid(id), now) === 1);
  }

  async counts(): Promise<TubeCounts> {
    const database = this.#open();
    return database.read((now) => {
      const counts = database.get(
        `SELECT ${countColumns} FROM replica WHERE tube = ?2`,
        now,
        this.tube,
      ) as Omit<TubeCounts, 'waiting'>;
      return { ...counts, waiting: this.#places.count(now) };
    });
  }

  async nextReady(): Promise<number | undefined> {
    const database = this.#open();
    return database.read((now) => {
      const { next } = database.get(
        `SELECT min(until) AS next FROM replica WHERE tube = ? AND state = 'delayed' AND until > ?`,
        this.tube,
        now,
      ) as { readonly next: number | null };
      return next === null ? undefined : secondsLeft(next - now);
    });
  }

  async next(state: WaitingState): Promise<FoundReplica | undefined> {
    const database = this.#open();
    return database.read((now) => firstReplica(database, this.tube, state, now));
  }

  async *scan(): AsyncGenerator<ScanPage> {
    yield* scanReplicas(this.#open(), this.tube);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const wait of this.#waits) wait.abort();
    if (this.#held.size === 0 && this.#places.areFree) return;
    try {
      this.#database.writeNow(givenBack, (now) => {
        for (const reservation of this.#held) reservation.giveBack(now);
        this.#places.leaveAll();
      });
    } catch (thrown) {
      // Then their ttr gives them back.
      if (!(thrown instanceof DqError)) throw thrown;
    }
  }

  async #put({ envelope, options }: Put): Promise<bigint> {
    assertWhole('delay', options.delay, 0);
    assertWhole('priority', options.priority, 0);
    assertWhole('ttr', options.ttr, 1);
    if (envelope.length > longestEnvelope) {
      throw tooBig(`the job is longer than ${longestEnvelope} bytes`);
    }
    const database = this.#open();
    const asked = database.clock.now();
    const readyAt = readyInstant(envelope, asked + options.delay * 1_000);
    const key = keyOf(envelope);
    const replica = [this.tube, key, options.priority, options.ttr, asked, envelope];
    return database.write(changed, (now) => {
      database.run(forgetRevocation, this.tube, key);
      const until = readyAt > now ? readyAt : null;
      const state = until === null ? 'ready' : 'delayed';
      const { id } = database.get(
        `INSERT INTO replica (tube, key, priority, ttr, put_at, envelope, state, until)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
        ...replica,
        state,
        until,
      ) as { readonly id: number };
      return BigInt(id);
    });
  }

  #open(): Database {
    if (this.#closed) throw new NodeError(endpoint, 'down', 'the embedded queue is closed');
    return this.#database;
  }

  /** When something is ready next, ms since the epoch: 0 when something is, Infinity when the tube is empty or buried. */
  #soonest(): number {
    const { ready, delayed, reserved } = this.#database.get(
      `SELECT EXISTS (SELECT 1 FROM replica WHERE tube = ?1 AND state = 'ready') AS ready,
              (SELECT min(until) FROM replica WHERE tube = ?1 AND state = 'delayed') AS delayed,
              (SELECT min(until) FROM replica WHERE tube = ?1 AND state = 'reserved') AS reserved`,
      this.tube,
    ) as { readonly ready: number; readonly delayed: number | null; reserved: number | null };
    return ready === 1 ? 0 : Math.min(delayed ?? Infinity, reserved ?? Infinity);
  }

  #take(
    place: Place | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ReservedRow | undefined> {
    return this.#database.write(taken, (now) => {
      if (this.#closed || signal?.aborted === true) return undefined;
      this.#database.run(
        `UPDATE replica SET state = 'ready', until = NULL
         WHERE tube = ? AND state IN ('delayed', 'reserved') AND until <= ?`,
        this.tube,
        now,
      );
      const row = this.#database.get(
        `UPDATE replica SET state = 'reserved', until = ? + ttr * 1000, reserves = reserves + 1
         WHERE id = (SELECT id FROM replica WHERE tube = ? AND state = 'ready' AND until IS NULL
                     ORDER BY priority, id LIMIT 1)
         RETURNING id, reserves, envelope`,
        now,
        this.tube,
      ) as ReservedRow | undefined;
      if (row !== undefined && place !== undefined) this.#places.leave(place);
      return row;
    });
  }

  /** Until `ms` are over, the bell rings, `signal` aborts or this node is closed. */
  async #wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const wait = new AbortController();
    const wake = (): void => {
      wait.abort();
    };
    const deafen = this.#database.bell.listen(wake);
    signal?.addEventListener('abort', wake);
    this.#waits.add(wait);
    try {
      await this.#database.clock.sleep(ms, wait.signal);
    } finally {
      this.#waits.delete(wait);
      signal?.removeEventListener('abort', wake);
      deafen();
    }
  }
}

/** Ids begin with 1. */
function rowid(id: bigint): bigint {
  return id <= largestId ? id : 0n;
}

function unlessNodeError(error: unknown): NodeError {
  if (error instanceof NodeError) return error;
  throw error;
}
