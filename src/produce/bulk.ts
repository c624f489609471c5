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
  /** Why others after it were refused. */
  readonly moreRefusals: readonly unknown[];
}

/** Each record is accepted as soon as it and all before it are, whether more come or not. */
export async function putInOrder<Record>(
  records: AsyncIterable<Record>,
  parts: BulkParts<Record>,
): Promise<BulkEnd> {
  const window = new Window(parts.inFlight);
  const accepting = accept(window, parts.onAccepted);
  try {
    for await (const record of records) {
      if (!(await window.add(settled(parts.put(record))))) break;
    }
  } finally {
    window.end();
  }
  const { accepted, refusal } = await accepting;
  const mayRun: Accepted[] = [];
  const moreRefusals: unknown[] = [];
  const [, ...rest] = await Promise.all(window.rest());
  for (const result of rest) {
    if ('refusal' in result) moreRefusals.push(result.refusal);
    else if (!(await parts.undo(result.accepted))) mayRun.push(result.accepted);
  }
  return { accepted, refusal, mayRun, moreRefusals };
}

async function accept(
  window: Window,
  onAccepted: BulkParts<never>['onAccepted'],
): Promise<Pick<BulkEnd, 'accepted' | 'refusal'>> {
  let accepted = 0;
  for (let result = await window.next(); result !== undefined; result = await window.next()) {
    if ('refusal' in result) {
      window.close();
      return { accepted, refusal: result.refusal };
    }
    await onAccepted(result.accepted, accepted);
    accepted += 1;
    window.drop();
  }
  return { accepted, refusal: undefined };
}

/** The records on their way, in order: one side adds, the other takes. */
class Window {
  readonly #size: number;
  readonly #under: Promise<Settled>[] = [];
  #ended = false;
  #closed = false;
  #changed: (() => void) | undefined;

  constructor(size: number) {
    this.#size = size;
  }

  /** Resolves when there is room for another; to false when no more is wanted. */
  async add(record: Promise<Settled>): Promise<boolean> {
    this.#under.push(record);
    this.#wake();
    while (this.#under.length >= this.#size && !this.#closed) await this.#change();
    return !this.#closed;
  }

  /** The oldest, when it is settled; undefined after the last. */
  async next(): Promise<Settled | undefined> {
    while (this.#under.length === 0 && !this.#ended) await this.#change();
    return this.#under[0];
  }

  /** The oldest is dealt with: there is room for another. */
  drop(): void {
    void this.#under.shift();
    this.#wake();
  }

  /** No more will be added. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** No more is wanted. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  rest(): Promise<Settled>[] {
    return this.#under.splice(0);
  }

  #wake(): void {
    this.#changed?.();
    this.#changed = undefined;
  }

  /** Only one side ever waits: there is either no room, or nothing to take. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
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
