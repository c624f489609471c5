// How long a server may keep silent while a reply is due: one timer for a connection, however many commands wait.
//
// A server answers one command after the other, so each one's time begins when its turn comes: a thousand
// commands that are written at once don't have to be answered within the time of one.

import { longestTimer, monotonicMs } from '../core/clock.ts';

export class ReplyDeadline {
  readonly #onSilence: (ms: number) => void;
  /** How much silence is allowed, in ms, and when it has lasted too long, by `monotonicMs`. */
  #allowed = Infinity;
  #due = Infinity;
  #wakesAt = Infinity;
  #timer: NodeJS.Timeout | undefined;
  #look: NodeJS.Immediate | undefined;

  /** @param onSilence is told how long the silence was, in ms. */
  constructor(onSilence: (ms: number) => void) {
    this.#onSilence = onSilence;
  }

  /** From now on the next bytes are due within `ms`; Infinity: none are due. */
  expect(ms: number): void {
    this.#allowed = ms;
    this.#due = monotonicMs() + ms;
    if (this.#due < this.#wakesAt) this.#sleep();
  }

  /** A part of what is due has come: that gives it more time, but never more silence than was allowed. */
  extend(ms: number): void {
    this.#due = Math.min(this.#due + ms, monotonicMs() + this.#allowed);
    if (this.#due < this.#wakesAt) this.#sleep();
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#look);
  }

  /** Bytes that come only move `#due`: the timer fires at the old instant, and sleeps again. */
  #sleep(): void {
    clearTimeout(this.#timer);
    this.#wakesAt = this.#due;
    const left = Math.min(Math.ceil(this.#due - monotonicMs()), longestTimer);
    this.#timer = setTimeout(this.#wake, left);
  }

  readonly #wake = (): void => {
    this.#wakesAt = Infinity;
    if (monotonicMs() >= this.#due) this.#lookAgain(this.#due);
    else if (this.#due < Infinity) this.#sleep();
  };

  /** After a pause of this process the timer fires before the bytes that came meanwhile are read: let them be read. */
  #lookAgain(due: number): void {
    this.#look = setImmediate(() => {
      if (this.#due === due) this.#onSilence(this.#allowed);
    });
  }
}
