// Looks into a tube of the queue file: all of it, first its ids and then page by page, or only the first one.

import type { FoundReplica, ScannedReplica, ScanPage, WaitingState } from '../queue/node.ts';
import { firstPageSize, nextPageSize } from '../queue/page-size.ts';
import type { Database } from './database.ts';
import { bufferOf, mostUrgent, statsColumns, statsOf, type StatsRow } from './replica.ts';

interface ScannedRow extends StatsRow {
  readonly id: number;
  readonly envelope: Uint8Array;
}

/** The newest first. */
export async function* scanReplicas(database: Database, tube: string): AsyncGenerator<ScanPage> {
  const ids = await database.read(() => idsOf(database, tube));
  let size = firstPageSize;
  let asked = 0;
  while (asked < ids.length) {
    const some = ids.slice(asked, asked + size);
    const replicas = await database.read((now) => page(database, some, now));
    asked += some.length;
    size = nextPageSize(
      size,
      replicas.reduce((sum, { envelope }) => sum + envelope.length, 0),
    );
    yield { replicas, progress: asked / ids.length };
  }
}

/** At once: no index has a tube's ids in their order, and each page would sort all that are left. */
function idsOf(database: Database, tube: string): number[] {
  const { ids } = database.get(
    `SELECT json_group_array(id) AS ids
     FROM (SELECT id FROM replica WHERE tube = ? ORDER BY id DESC)`,
    tube,
  ) as { readonly ids: string };
  return JSON.parse(ids) as number[];
}

/** What is left of them. */
function page(database: Database, ids: readonly number[], now: number): ScannedReplica[] {
  const rows = database.all(
    `SELECT replica.id, ${statsColumns}, envelope
     FROM json_each(?) AS asked JOIN replica ON replica.id = asked.value
     ORDER BY asked.key`,
    JSON.stringify(ids),
  ) as ScannedRow[];
  return rows.map(({ envelope, ...row }) => ({
    ...{ id: BigInt(row.id), stats: statsOf(row, now) },
    envelope: bufferOf(envelope).toString('latin1'),
  }));
}

/** Ids, by indexes alone: rows hold envelopes. ?1 is the tube, ?2 the present instant. */
const firstOf: Readonly<Record<WaitingState, string>> = {
  ready: mostUrgent,
  delayed: `(SELECT id FROM replica WHERE tube = ?1 AND state = 'delayed' AND until > ?2
             ORDER BY until, id LIMIT 1)`,
  buried: `(SELECT min(id) FROM replica WHERE tube = ?1 AND state = 'buried' AND ?2 IS NOT NULL)`,
};

export function firstReplica(
  database: Database,
  tube: string,
  state: WaitingState,
  now: number,
): FoundReplica | undefined {
  const row = database.get(
    `SELECT id, ${statsColumns}, envelope FROM replica WHERE id = ${firstOf[state]}`,
    tube,
    now,
  ) as ScannedRow | undefined;
  if (row === undefined) return undefined;
  return { id: BigInt(row.id), stats: statsOf(row, now), envelope: bufferOf(row.envelope) };
}
