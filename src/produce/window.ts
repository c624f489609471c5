// The batches on their way, in order: one side adds them, the other takes the oldest.

export class Window<Batch> {
  readonly #size: number;
  readonly #batches: Batch[] = [];
  #ended = false;
  #closed = false;
  #onRoom: (() => void) | undefined;
  #onOldest: (() => void) | undefined;

  constructor(size: number) {
    this.#size = size;
  }

  /** No more is wanted. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Resolves when one more may be added, or none is wanted. For one caller at a time, as is `oldest`. */
  async room(): Promise<void> {
    while (this.#batches.length >= this.#size && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#onRoom = resolve;
      });
    }
  }

  add(batch: Batch): void {
    this.#batches.push(batch);
    this.#onOldest?.();
  }

  /** The oldest one, which takes up room until it is removed; undefined when no more will come. */
  async oldest(): Promise<Batch | undefined> {
    while (this.#batches.length === 0 && !this.#ended && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#onOldest = resolve;
      });
    }
    return this.#batches[0];
  }

  removeOldest(): void {
    this.#batches.shift();
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
