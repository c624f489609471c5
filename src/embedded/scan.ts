// Looks into a tube of the queue file: all of it, page by page (no transaction lasts longer than a page), or the first one.

import type { FoundReplica, ScannedReplica, ScanPage, WaitingState } from '../queue/node.ts';
import { firstPageSize, nextPageSize } from '../queue/page-size.ts';
import type { Database } from './database.ts';
import { bufferOf, statsColumns, statsOf, type StatsRow } from './replica.ts';

interface ScannedRow extends StatsRow {
  readonly id: number;
  readonly envelope: Uint8Array;
}

export async function* scanReplicas(database: Database, tube: string): AsyncGenerator<ScanPage> {
  const { count, newest } = database.get(
    'SELECT count(*) AS count, max(id) AS newest FROM replica WHERE tube = ?',
    tube,
  ) as { readonly count: number; readonly newest: number | null };
  let size = firstPageSize;
  let from = newest ?? 0;
  let found = 0;
  while (from > 0) {
    const replicas = await database.read((now) => page(database, tube, from, size, now));
    const last = replicas.at(-1);
    if (last === undefined) return;
    from = Number(last.id) - 1;
    found += replicas.length;
    size = nextPageSize(
      size,
      replicas.reduce((sum, { envelope }) => sum + envelope.length, 0),
    );
    yield { replicas, progress: Math.min(1, found / count) };
  }
}

function page(
  database: Database,
  tube: string,
  from: number,
  size: number,
  now: number,
): ScannedReplica[] {
  const rows = database.all(
    `SELECT id, ${statsColumns}, envelope FROM replica
     WHERE tube = ? AND id <= ? ORDER BY id DESC LIMIT ?`,
    tube,
    from,
    size,
  ) as ScannedRow[];
  return rows.map(({ envelope, ...row }) => ({
    ...{ id: BigInt(row.id), stats: statsOf(row, now) },
    envelope: bufferOf(envelope).toString('latin1'),
  }));
}

const firstOf: Readonly<Record<WaitingState, string>> = {
  ready: `(state = 'ready' OR until <= ?) ORDER BY priority, id`,
  delayed: `state = 'delayed' AND until > ? ORDER BY until, id`,
  buried: `state = 'buried' AND ? IS NOT NULL ORDER BY id`,
};

export function firstReplica(
  database: Database,
  tube: string,
  state: WaitingState,
  now: number,
): FoundReplica | undefined {
  const row = database.get(
    `SELECT id, ${statsColumns}, envelope FROM replica WHERE tube = ? AND ${firstOf[state]} LIMIT 1`,
    tube,
    now,
  ) as ScannedRow | undefined;
  if (row === undefined) return undefined;
  return { id: BigInt(row.id), stats: statsOf(row, now), envelope: bufferOf(row.envelope) };
}
