// Bulk: many records at once in flight, accepted in order; from the first one refused on, nothing is kept.

import type { Accepted } from './producer.ts';

export interface BulkParts<Record> {
  readonly put: (record: Record) => Promise<Accepted>;
  /** Resolves to false when the job may run all the same. */
  readonly undo: (accepted: Accepted) => Promise<boolean>;
  /** Called in the order of the records; what it returns is waited for (back-pressure). */
  readonly onAccepted: (accepted: Accepted, index: number) => Promise<void> | void;
  /** How many records may be on their way at once. */
  readonly inFlight: number;
}

export interface BulkEnd {
  readonly accepted: number;
  /** Why the record with the index `accepted` was refused; undefined when all were accepted. */
  readonly refusal: unknown;
  /** Jobs after that record that couldn't be undone. */
  readonly mayRun: readonly Accepted[];
}

export async function putInOrder<Record>(
  records: AsyncIterable<Record>,
  parts: BulkParts<Record>,
): Promise<BulkEnd> {
  const inFlight: Promise<Settled>[] = [];
  let accepted = 0;
  const acceptNext = async (): Promise<unknown> => {
    const result = await inFlight.shift();
    if (result === undefined || 'refusal' in result) return result?.refusal;
    await parts.onAccepted(result.accepted, accepted);
    accepted += 1;
    return undefined;
  };
  for await (const record of records) {
    inFlight.push(settled(parts.put(record)));
    if (inFlight.length < parts.inFlight) continue;
    const refusal = await acceptNext();
    if (refusal !== undefined) return { accepted, refusal, mayRun: await dropRest() };
  }
  while (inFlight.length > 0) {
    const refusal = await acceptNext();
    if (refusal !== undefined) return { accepted, refusal, mayRun: await dropRest() };
  }
  return { accepted, refusal: undefined, mayRun: [] };

  async function dropRest(): Promise<Accepted[]> {
    const left: Accepted[] = [];
    for (const result of await Promise.all(inFlight)) {
      if ('accepted' in result && !(await parts.undo(result.accepted))) left.push(result.accepted);
    }
    return left;
  }
}

type Settled = { readonly accepted: Accepted } | { readonly refusal: unknown };

/** Watched from the start: a refusal must not count as unhandled while those before it are awaited. */
function settled(put: Promise<Accepted>): Promise<Settled> {
  return put.then(
    (accepted) => ({ accepted }),
    (refusal: unknown) => ({ refusal }),
  );
}
