// The jobs that this process has lately known to be done. Nothing undoes that: their other replicas need no question.

import type { Clock } from '../core/clock.ts';

/** A generation ends after so many jobs or ms, whichever comes first; the one before it is still known. */
const mostJobs = 10_000;
const longest = 60_000;

export class Finished {
  readonly #clock: Clock;
  #recent = new Set<string>();
  #earlier = new Set<string>();
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** The ledger has said, or taken, that it is done. */
  add(name: string): void {
    const now = this.#clock.now();
    if (this.#recent.size >= mostJobs || now - this.#since > longest) {
      this.#earlier = this.#recent;
      this.#recent = new Set();
      this.#since = now;
    }
    this.#recent.add(name);
  }

  has(name: string): boolean {
    return this.#recent.has(name) || this.#earlier.has(name);
  }
}
