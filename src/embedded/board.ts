// The board in the queue file.

import { beatLife, type Beat, type Board } from '../ledger/board.ts';
import type { Database, WriteTerms } from './database.ts';
import { orLedgerDown } from './trouble.ts';

/** If a power failure undoes it, ticks are caught up from a little earlier. */
const terms: WriteTerms = { durable: false, rings: false };

interface Row {
  readonly moved_at: number | null;
  readonly record: string | null;
}

interface BeatRow {
  readonly process: string;
  readonly at: number;
  readonly text: string;
}

export class EmbeddedBoard implements Board {
  readonly #database: Database;
  readonly #tube: string;

  constructor(database: Database, tube: string) {
    this.#database = database;
    this.#tube = tube;
  }

  now(): Promise<number> {
    return this.#read((now) => now);
  }

  async absences(names: readonly string[]): Promise<(number | undefined)[]> {
    return this.#read((now) =>
      this.#rows(names).map(({ moved_at: mark }) => {
        return mark === null ? undefined : Math.max(now - mark, 0);
      }),
    );
  }

  async advance(names: readonly string[]): Promise<void> {
    await this.#write((now) => {
      for (const name of names) {
        this.#database.run(
          `INSERT INTO entry (tube, name, moved_at) VALUES (?, ?, ?)
             ON CONFLICT (tube, name) DO UPDATE SET moved_at = excluded.moved_at`,
          ...[this.#tube, name, now],
        );
      }
    });
  }

  lastAdvance(): Promise<number | undefined> {
    return this.#read((now) => {
      const sql = 'SELECT max(moved_at) AS moved_at FROM entry WHERE tube = ?';
      const { moved_at: mark } = this.#database.get(sql, this.#tube) as Pick<Row, 'moved_at'>;
      return mark === null ? undefined : Math.max(now - mark, 0);
    });
  }

  async record(name: string, text: string): Promise<void> {
    await this.#write(() =>
      this.#database.run(
        `INSERT INTO entry (tube, name, record) VALUES (?, ?, ?)
           ON CONFLICT (tube, name) DO UPDATE SET record = excluded.record`,
        ...[this.#tube, name, text],
      ),
    );
  }

  async records(names: readonly string[]): Promise<(string | undefined)[]> {
    return this.#read(() => this.#rows(names).map(({ record }) => record ?? undefined));
  }

  async beat(process: string, text: string): Promise<void> {
    await this.#write((now) => {
      this.#database.run('DELETE FROM beat WHERE at < ?', now - beatLife);
      this.#database.run(
        `INSERT INTO beat (tube, process, at, text) VALUES (?, ?, ?, ?)
           ON CONFLICT (tube, process) DO UPDATE SET at = excluded.at, text = excluded.text`,
        ...[this.#tube, process, now, text],
      );
    });
  }

  beats(): Promise<Beat[]> {
    return this.#read((now) => {
      const sql = 'SELECT process, at, text FROM beat WHERE tube = ? AND at >= ?';
      const rows = this.#database.all(sql, this.#tube, now - beatLife) as BeatRow[];
      return rows.map(({ process, at, text }) => {
        return { process, text, agoMs: Math.max(now - at, 0) };
      });
    });
  }

  async endBeat(process: string): Promise<void> {
    const sql = 'DELETE FROM beat WHERE tube = ? AND process = ?';
    await this.#write(() => this.#database.run(sql, this.#tube, process));
  }

  /** The file is closed by who opened it. */
  close(): void {
    return;
  }

  /** In one statement: each locks the file for itself. */
  #rows(names: readonly string[]): Row[] {
    const sql = `SELECT moved_at, record FROM json_each(?) AS asked
                   LEFT JOIN entry ON tube = ? AND name = asked.value ORDER BY asked.key`;
    return this.#database.all(sql, JSON.stringify(names), this.#tube) as Row[];
  }

  #read<Result>(look: (now: number) => Result): Promise<Result> {
    return orLedgerDown(this.#database.read(look));
  }

  #write<Result>(work: (now: number) => Result): Promise<Result> {
    return orLedgerDown(this.#database.write(terms, work));
  }
}
