// A replica of the embedded queue that a worker has reserved.

import type { Buffer } from 'node:buffer';

import { keyOf } from '../core/key.ts';
import type { QueueNode, ReplicaStats, Reservation } from '../queue/node.ts';
import type { Database, WriteTerms } from './database.ts';
import { assertWhole, bufferOf, statsColumns, statsOf, type StatsRow } from './replica.ts';

/** A power failure may undo it: the replica is ready again when its ttr is over, and meets its state in the ledger. */
const quiet: WriteTerms = { durable: false, rings: false };
const ringing: WriteTerms = { durable: false, rings: true };

/** With its id, its number of reservations and the time: nobody else has reserved the replica meanwhile. */
const ours = `id = ? AND reserves = ? AND state = 'reserved' AND until > ?`;

/** A row of `replica` that was just reserved. */
export interface ReservedRow {
  readonly id: number;
  readonly reserves: number;
  readonly envelope: Uint8Array;
}

export class EmbeddedReservation implements Reservation {
  readonly node: QueueNode;
  readonly id: bigint;
  readonly envelope: Buffer;
  readonly #database: Database;
  readonly #reserves: number;
  readonly #held: Set<EmbeddedReservation>;
  #settled = false;
  #stats: Promise<ReplicaStats | undefined> | undefined;

  /** @param held where it is until it is settled. */
  constructor(
    node: QueueNode,
    database: Database,
    row: ReservedRow,
    held: Set<EmbeddedReservation>,
  ) {
    this.node = node;
    this.#database = database;
    this.id = BigInt(row.id);
    this.envelope = bufferOf(row.envelope);
    this.#reserves = row.reserves;
    this.#held = held.add(this);
  }

  stats(): Promise<ReplicaStats | undefined> {
    this.#stats ??= this.#askStats().catch((thrown: unknown) => {
      this.#stats = undefined;
      throw thrown;
    });
    return this.#stats;
  }

  touch(): Promise<boolean> {
    return this.#database.write(quiet, (now) => this.#set('until = ? + ttr * 1000', now, now));
  }

  /** True also when the ledger's `done` has taken the replica with it. */
  delete(): Promise<boolean> {
    return this.#settle(async () => {
      // The usual case, and a look costs less than half of a transaction
      const isGone = await this.#database.read(() => this.#wentWithDone());
      return isGone || this.#delete();
    });
  }

  async release(delay: number): Promise<boolean> {
    assertWhole('delay', delay, 0);
    return this.#settle(() =>
      this.#database.write(ringing, (now) =>
        delay > 0
          ? this.#set(`state = 'delayed', until = ?`, now + delay * 1_000, now)
          : this.giveBack(now),
      ),
    );
  }

  bury(): Promise<boolean> {
    return this.#settle(() =>
      this.#database.write(quiet, (now) => this.#set(`state = 'buried', until = ?`, null, now)),
    );
  }

  /** Within a transaction. */
  giveBack(now: number): boolean {
    return this.#set(`state = 'ready', until = ?`, null, now);
  }

  #askStats(): Promise<ReplicaStats | undefined> {
    return this.#database.read((now) => {
      const sql = `SELECT ${statsColumns} FROM replica WHERE ${ours}`;
      const row = this.#database.get(sql, this.id, this.#reserves, now) as StatsRow | undefined;
      return row && statsOf(row, now);
    });
  }

  #delete(): Promise<boolean> {
    return this.#database.write(quiet, (now) => {
      const deleted = this.#database.run(
        `DELETE FROM replica
         WHERE id = ? AND (reserves = ? OR state <> 'reserved' OR until <= ?)`,
        this.id,
        this.#reserves,
        now,
      );
      return deleted === 1 || this.#wentWithDone();
    });
  }

  #set(change: string, until: number | null, now: number): boolean {
    const sql = `UPDATE replica SET ${change} WHERE ${ours}`;
    return this.#database.run(sql, until, this.id, this.#reserves, now) === 1;
  }

  #wentWithDone(): boolean {
    const sql = `SELECT 1 FROM job WHERE tube = ? AND key = ? AND entry ->> 'state' = 'done'
                 AND NOT EXISTS (SELECT 1 FROM replica WHERE id = ?)`;
    return this.#database.get(sql, this.node.tube, keyOf(this.envelope), this.id) !== undefined;
  }

  async #settle(act: () => Promise<boolean>): Promise<boolean> {
    if (this.#settled)
      throw new Error(`replica ${this.id} of ${this.node.tube} is settled already`);
    this.#settled = true;
    try {
      const done = await act();
      this.#held.delete(this);
      return done;
    } catch (thrown) {
      this.#settled = false;
      throw thrown;
    }
  }
}
