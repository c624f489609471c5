// The records on their way, in order: one side adds their puts, the other takes those that are settled.

import type { Accepted } from './producer.ts';

export type Settled = { readonly accepted: Accepted } | { readonly refusal: unknown };

interface Entry {
  settled: Settled | undefined;
}

export class Window {
  readonly #size: number;
  #entries: Entry[] = [];
  #ended = false;
  #closed = false;
  #onRoom: (() => void) | undefined;
  #onOldest: (() => void) | undefined;

  constructor(size: number) {
    this.#size = size;
  }

  get isFull(): boolean {
    return this.#entries.length >= this.#size;
  }

  /** No more is wanted. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Watched from here on: a refusal must not count as unhandled while those before it are awaited. */
  add(put: Promise<Accepted>): void {
    const entry: Entry = { settled: undefined };
    this.#entries.push(entry);
    const settle = (settled: Settled): void => {
      entry.settled = settled;
      if (entry === this.#entries[0]) this.#onOldest?.();
    };
    put.then(
      (accepted) => {
        settle({ accepted });
      },
      (refusal: unknown) => {
        settle({ refusal });
      },
    );
  }

  /** Resolves at the next `resume` or `close`. For one caller at a time, as is `take`. */
  room(): Promise<void> {
    return new Promise((resolve) => {
      this.#onRoom = resolve;
    });
  }

  /** The oldest ones, as far as they are settled: none when no more will come. */
  async take(): Promise<Settled[]> {
    while (this.#entries[0]?.settled === undefined) {
      if (this.#ended && this.#entries.length === 0) return [];
      await new Promise<void>((resolve) => {
        this.#onOldest = resolve;
      });
    }
    const unsettled = this.#entries.findIndex(({ settled }) => settled === undefined);
    const count = unsettled === -1 ? this.#entries.length : unsettled;
    return this.#entries.splice(0, count).map(({ settled }) => settled as Settled);
  }

  /** What was taken is dealt with: more may be added. */
  resume(): void {
    this.#onRoom?.();
  }

  /** No more will be added. */
  end(): void {
    this.#ended = true;
    this.#onOldest?.();
  }

  /** No more is wanted. */
  close(): void {
    this.#closed = true;
    this.#onRoom?.();
  }
}
