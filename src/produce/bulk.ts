// Bulk: many records at once in flight, accepted in order; from the first one refused on, nothing is kept.

import type { Accepted, PutResult } from './producer.ts';
import { Window } from './window.ts';

export interface BulkParts<Record> {
  /** For each record what came of it. Rejects when none of them was put. */
  readonly put: (records: readonly Record[]) => Promise<readonly PutResult[]>;
  /** Resolves to false when the job may run all the same. */
  readonly undo: (accepted: Accepted) => Promise<boolean>;
  /** Given what can be accepted just now, in the order of its records; waited for (back-pressure). */
  readonly onAccepted: (
    accepted: readonly Accepted[],
    records: readonly Record[],
  ) => Promise<void> | void;
  /** How many records are put together at most. */
  readonly atOnce: number;
  /** How many such batches may be on their way. */
  readonly inFlight: number;
}

export interface BulkEnd<Record> {
  readonly accepted: number;
  /** The first record that was refused; undefined when all were accepted. */
  readonly refused: Record | undefined;
  /** Why. */
  readonly refusal: unknown;
  /** Jobs after that record that couldn't be undone. */
  readonly mayRun: readonly Accepted[];
  /** Why others after it were refused. */
  readonly moreRefusals: readonly unknown[];
}

interface Flying<Record> {
  readonly records: readonly Record[];
  /** An Error is why its record was refused. */
  readonly results: Promise<readonly (Accepted | Error)[]>;
}

/**
 * Each record is accepted as soon as those that came with it and all before them are, whether more come or not.
 * Rejects with what `batches` rejects with, when all that came before is accepted.
 */
export async function putInOrder<Record>(
  batches: AsyncIterable<readonly Record[]>,
  parts: BulkParts<Record>,
): Promise<BulkEnd<Record>> {
  const window = new Window<Flying<Record>>(parts.inFlight);
  const feeding = feed(batches, window, parts).finally(() => {
    window.end();
  });
  // Whether it ended well is asked below
  feeding.catch(() => undefined);
  // After a refusal it doesn't wait for what comes next: that may take for ever
  const { accepted, refused, others } = await accept(window, parts.onAccepted);
  const mayRun: Accepted[] = [];
  const refusals: unknown[] = [];
  for (const result of others) {
    if (result instanceof Error) refusals.push(result);
    else if (!(await parts.undo(result))) mayRun.push(result);
  }
  const [refusal, ...moreRefusals] = refusals;
  if (refusal === undefined) await feeding;
  return { accepted, refused, refusal, mayRun, moreRefusals };
}

async function feed<Record>(
  batches: AsyncIterable<readonly Record[]>,
  window: Window<Flying<Record>>,
  { put, atOnce }: BulkParts<Record>,
): Promise<void> {
  for await (const batch of batches) {
    for (let from = 0; from < batch.length; from += atOnce) {
      await window.room();
      if (window.isClosed) return;
      const records = batch.slice(from, from + atOnce);
      // Watched from here on: it must not count as unhandled while those before it are awaited
      window.add({
        records,
        results: put(records).catch((refusal: unknown) => [refusal as Error]),
      });
    }
  }
}

/** `others`: what came of the first refused record and of all after it. */
async function accept<Record>(
  window: Window<Flying<Record>>,
  onAccepted: BulkParts<Record>['onAccepted'],
): Promise<{ accepted: number; refused: Record | undefined; others: (Accepted | Error)[] }> {
  let count = 0;
  let refused: Record | undefined;
  const others: (Accepted | Error)[] = [];
  for (let batch = await window.oldest(); batch !== undefined; batch = await window.oldest()) {
    const { records } = batch;
    const results = await batch.results;
    const accepted: Accepted[] = [];
    for (const result of results) {
      if (others.length === 0 && !(result instanceof Error)) accepted.push(result);
      else others.push(result);
    }
    if (others.length > 0) {
      refused ??= records[accepted.length];
      window.close();
    }
    if (accepted.length > 0) await onAccepted(accepted, records);
    count += accepted.length;
    window.removeOldest();
  }
  return { accepted: count, refused, others };
}
