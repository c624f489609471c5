// The latest answer of someone who may be slow: asked anew each time, unless the last question is still open.

import { systemClock } from '../core/clock.ts';

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
    const answered = new AbortController();
    const signals = stop === undefined ? [answered.signal] : [answered.signal, stop];
    const tired = systemClock.sleep(within, AbortSignal.any(signals)).then(() => this.#answer);
    try {
      return await Promise.race([this.#asking, tired]);
    } finally {
      answered.abort();
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
