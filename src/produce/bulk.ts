// Bulk: many records at once in flight, accepted in order; from the first one refused on, nothing is kept.

import type { Accepted } from './producer.ts';
import { Window, type Settled } from './window.ts';

export interface BulkParts<Record> {
  readonly put: (record: Record) => Promise<Accepted>;
  /** Resolves to false when the job may run all the same. */
  readonly undo: (accepted: Accepted) => Promise<boolean>;
  /** Given all that can be accepted just now, in the order of the records; waited for (back-pressure). */
  readonly onAccepted: (accepted: readonly Accepted[]) => Promise<void> | void;
  /** How many records may be on their way at once. */
  readonly inFlight: number;
}

export interface BulkEnd {
  readonly accepted: number;
  /** Why the record with the index `accepted` was refused; undefined when all were accepted. */
  readonly refusal: unknown;
  /** Jobs after that record that couldn't be undone. */
  readonly mayRun: readonly Accepted[];
  /** Why others after it were refused. */
  readonly moreRefusals: readonly unknown[];
}

/** Each record is accepted as soon as it and all before it are, whether more come or not. */
export async function putInOrder<Record>(
  batches: AsyncIterable<readonly Record[]>,
  parts: BulkParts<Record>,
): Promise<BulkEnd> {
  const window = new Window(parts.inFlight);
  const accepting = accept(window, parts.onAccepted);
  try {
    await feed(batches, window, parts.put);
  } finally {
    window.end();
  }
  const { accepted, others } = await accepting;
  const mayRun: Accepted[] = [];
  const refusals: unknown[] = [];
  for (const result of others) {
    if ('refusal' in result) refusals.push(result.refusal);
    else if (!(await parts.undo(result.accepted))) mayRun.push(result.accepted);
  }
  const [refusal, ...moreRefusals] = refusals;
  return { accepted, refusal, mayRun, moreRefusals };
}

async function feed<Record>(
  batches: AsyncIterable<readonly Record[]>,
  window: Window,
  put: BulkParts<Record>['put'],
): Promise<void> {
  for await (const batch of batches) {
    for (const record of batch) {
      while (window.isFull && !window.isClosed) await window.room();
      if (window.isClosed) return;
      window.add(put(record));
    }
  }
}

/** `others`: the first refused record and all after it. */
async function accept(
  window: Window,
  onAccepted: BulkParts<never>['onAccepted'],
): Promise<{ accepted: number; others: readonly Settled[] }> {
  let count = 0;
  const others: Settled[] = [];
  for (let results = await window.take(); results.length > 0; results = await window.take()) {
    const accepted: Accepted[] = [];
    for (const result of results) {
      if (others.length === 0 && 'accepted' in result) accepted.push(result.accepted);
      else others.push(result);
    }
    if (others.length > 0) window.close();
    if (accepted.length > 0) await onAccepted(accepted);
    count += accepted.length;
    window.resume();
  }
  return { accepted: count, others };
}
