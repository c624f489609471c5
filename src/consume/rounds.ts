// Rounds: visits everything that is being kept, once a step, with one timer for all of it.

import type { Clock } from '../core/clock.ts';
import { isAborted } from '../core/signals.ts';

/**
 * Whatever goes round. It knows its place, so that it leaves at no cost. In a Set it would outlive its end: each table that a
 * Set outgrows holds what was in it until V8 collects its old generation.
 */
export interface Visited {
  /** Where it is among the others. */
  place: number;
}

/** The place of what isn't kept. */
export const nowhere = -1;

export class Rounds<Item extends Visited> {
  readonly #items: Item[] = [];
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

  /** It must be nowhere yet. */
  add(item: Item): void {
    item.place = this.#items.push(item) - 1;
    this.#wake?.();
  }

  /** The last one takes its place. */
  delete(item: Item): void {
    if (!this.has(item)) return;
    const last = this.#items.pop();
    if (last !== undefined && last !== item) {
      this.#items[item.place] = last;
      last.place = item.place;
    }
    item.place = nowhere;
  }

  has({ place }: Item): boolean {
    return place !== nowhere;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!isAborted(signal)) {
      if (this.#items.length === 0) await this.#added(signal);
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
