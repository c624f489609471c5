// Slots: how many handlers may run at once, and how many runs there may be in all.

export class Slots {
  readonly #size: number;
  readonly #onFree: () => void;
  #taken = 0;
  #runsLeft: number;

  constructor(size: number, runs: number, onFree: () => void) {
    this.#size = size;
    this.#runsLeft = runs;
    this.#onFree = onFree;
  }

  get free(): number {
    return Math.min(this.#size, this.#runsLeft) - this.#taken;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Every run there may be has come to its end. */
  get exhausted(): boolean {
    return this.#runsLeft === 0;
  }

  take(): boolean {
    if (this.free <= 0) return false;
    this.#taken += 1;
    return true;
  }

  /** @param ran whether a handler ran on it. */
  give(ran: boolean): void {
    this.#taken -= 1;
    if (ran) this.#runsLeft -= 1;
    this.#onFree();
  }
}
