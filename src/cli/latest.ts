// The latest answer of someone who may be slow: asked anew each time, unless the last question is still open.

import { systemClock } from '../core/clock.ts';
import { abortWith } from '../core/signals.ts';

export class Latest<Answer> {
  readonly #ask: () => Promise<Answer>;
  #asking: Promise<Answer> | undefined;
  #answer: Answer | undefined;

  constructor(ask: () => Promise<Answer>) {
    this.#ask = ask;
  }

  /**
   * The answer, or the one before when it takes longer than `within` ms, or `stop` aborts; undefined: there is none.
   * Rejects when the question did.
   */
  async get(within: number, stop?: AbortSignal): Promise<Answer | undefined> {
    this.#asking ??= this.#askAnew();
    const over = new AbortController();
    const letGo = stop && abortWith(stop, over);
    const tired = systemClock.sleep(within, over.signal).then(() => this.#answer);
    try {
      return await Promise.race([this.#asking, tired]);
    } finally {
      letGo?.();
      over.abort();
    }
  }

  async #askAnew(): Promise<Answer> {
    try {
      this.#answer = await this.#ask();
      return this.#answer;
    } finally {
      this.#asking = undefined;
    }
  }
}
