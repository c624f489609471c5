// Tells what the queue file holds: every tube in it, and its size.

import { statSync } from 'node:fs';

import { dueMs, openEnvelope } from '../core/envelope.ts';
import type { TubeCounts } from '../queue/node.ts';
import type { NodeReading, Gauge, TubeReading } from '../queue/gauge.ts';
import type { Database } from './database.ts';
import { Places } from './places.ts';
import { bufferOf, countColumns, mostUrgent } from './replica.ts';
import { endpoint } from './trouble.ts';

/** The due instant of an envelope and the slash after it, in bytes. */
const longestHead = 20;

type Counts = Omit<TubeCounts, 'waiting'>;
type CountsRow = Counts & { readonly tube: string };

const nothing: Counts = { ready: 0, reserved: 0, delayed: 0, buried: 0 };

export class EmbeddedGauge implements Gauge {
  readonly endpoint = endpoint;
  readonly #database: Database;
  readonly #path: string;

  constructor(database: Database, path: string) {
    this.#database = database;
    this.#path = path;
  }

  read(tube?: string): Promise<NodeReading> {
    return this.#database.read((now) => {
      const rows = new Map(this.#count(tube, now).map((row) => [row.tube, row]));
      const names = tube === undefined ? [...rows.keys(), ...this.#waitedOn(now)] : [tube];
      return {
        facts: { kind: 'file', path: this.#path, bytes: this.#bytes() },
        tubes: new Map(names.map((name) => [name, this.#look(name, rows.get(name), now)])),
      };
    });
  }

  /** The file is closed by who opened it. */
  close(): void {
    return;
  }

  /** Of the file, and of what was written beside it and not yet into it. */
  #bytes(): number {
    this.#database.assertInPlace();
    const log = statSync(`${this.#path}-wal`, { throwIfNoEntry: false });
    return statSync(this.#path).size + (log?.size ?? 0);
  }

  #count(tube: string | undefined, now: number): CountsRow[] {
    const sql = `SELECT tube, ${countColumns} FROM replica`;
    const rows =
      tube === undefined
        ? this.#database.all(`${sql} GROUP BY tube`, now)
        : this.#database.all(`${sql} WHERE tube = ?2 GROUP BY tube`, now, tube);
    return rows as CountsRow[];
  }

  #waitedOn(now: number): string[] {
    const rows = this.#database.all('SELECT DISTINCT tube FROM place WHERE until > ?', now);
    return (rows as { readonly tube: string }[]).map(({ tube }) => tube);
  }

  #look(tube: string, row: CountsRow | undefined, now: number): TubeReading {
    const { ready, reserved, delayed, buried } = row ?? nothing;
    return {
      ...{ ready, reserved, delayed, buried },
      waiting: new Places(this.#database, tube).count(now),
      totals: undefined,
      nextDue: ready === 0 ? undefined : this.#nextDue(tube, now),
    };
  }

  #nextDue(tube: string, now: number): number | undefined {
    const row = this.#database.get(
      `SELECT substr(envelope, 1, ${longestHead}) AS head FROM replica WHERE id = ${mostUrgent}`,
      tube,
      now,
    ) as { readonly head: Uint8Array } | undefined;
    const job = row && openEnvelope(bufferOf(row.head));
    return job && dueMs(job.dueNs);
  }
}
