// Who waits on a tube, in rows of the queue file: so every process can tell how many do.

import type { Database, WriteTerms } from './database.ts';

/** A wait in vain is mostly followed by another, which then finds its place still taken: an idle worker hardly writes. */
const heldAfterwards = 60_000;

/** The place of a process that died is free when its time is over. */
const unimportant: WriteTerms = { durable: false, rings: false };

export interface Place {
  readonly id: number;
  /** ms since the epoch. */
  readonly until: number;
}

export class Places {
  readonly #database: Database;
  readonly #tube: string;
  readonly #held = new Set<Place>();
  readonly #idle: Place[] = [];

  constructor(database: Database, tube: string) {
    this.#database = database;
    this.#tube = tube;
  }

  /** This process holds none. */
  get areFree(): boolean {
    return this.#held.size === 0;
  }

  /** How many wait on the tube, in all processes. */
  count(now: number): number {
    const sql = 'SELECT count(*) AS taken FROM place WHERE tube = ? AND until > ?';
    return (this.#database.get(sql, this.#tube, now) as { readonly taken: number }).taken;
  }

  /** For a wait until `end` (ms since the epoch). */
  async take(end: number): Promise<Place> {
    const idle = this.#idle.pop();
    if (idle !== undefined && idle.until >= end) return idle;
    const until = end + heldAfterwards;
    const place = await this.#database.write(unimportant, (now) => {
      if (idle !== undefined) this.leave(idle);
      this.#database.run('DELETE FROM place WHERE until <= ?', now);
      const sql = 'INSERT INTO place (tube, until) VALUES (?, ?) RETURNING id';
      const { id } = this.#database.get(sql, this.#tube, until) as { readonly id: number };
      return { id, until };
    });
    this.#held.add(place);
    return place;
  }

  /** The wait was in vain. */
  keep(place: Place): void {
    this.#idle.push(place);
  }

  /** Its wait ended before its time. */
  giveUp(place: Place): Promise<void> {
    return this.#database.write(unimportant, () => {
      this.leave(place);
    });
  }

  /** Within a transaction. */
  leave(place: Place): void {
    this.#database.run('DELETE FROM place WHERE id = ?', place.id);
    this.#held.delete(place);
  }

  /** Within a transaction. */
  leaveAll(): void {
    for (const place of this.#held) this.leave(place);
  }
}
