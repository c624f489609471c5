// Rounds: visits everything that is being kept, once a step, with one timer for all of it.

import type { Clock } from '../core/clock.ts';
import { isAborted } from '../core/signals.ts';

export class Rounds<Item> {
  readonly #items = new Set<Item>();
  readonly #clock: Clock;
  readonly #step: number;
  readonly #visit: (item: Item) => void;
  #wake: (() => void) | undefined;

  /** @param step ms between two visits; an item is first visited one to two steps after it was added. */
  constructor(clock: Clock, step: number, visit: (item: Item) => void) {
    this.#clock = clock;
    this.#step = step;
    this.#visit = visit;
  }

  add(item: Item): void {
    this.#items.add(item);
    this.#wake?.();
  }

  delete(item: Item): void {
    this.#items.delete(item);
  }

  has(item: Item): boolean {
    return this.#items.has(item);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!isAborted(signal)) {
      if (this.#items.size === 0) await this.#added(signal);
      await this.#clock.sleep(this.#step, signal);
      if (isAborted(signal)) return;
      for (const item of [...this.#items]) this.#visit(item);
    }
  }

  #added(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#wake = undefined;
        signal.removeEventListener('abort', finish);
        resolve();
      };
      this.#wake = finish;
      signal.addEventListener('abort', finish, { once: true });
    });
  }
}
