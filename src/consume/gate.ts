// The gate is shut while the ledger is down: nothing is reserved, nothing starts, and the ledger is tried until it is back.

import { backoffMs, betweenConnects } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { LedgerDown, StrangeEntry } from '../core/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Background } from './background.ts';
import type { Report } from './events.ts';

/** Shut again within so many ms, it stays shut ever longer: a full ledger may take one write and refuse the next. */
const soon = 10_000;

export interface GateParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly report: Report;
  readonly background: Background;
  /** Called each time the ledger is back, before anything else goes on; may reject with LedgerDown. */
  readonly onBack: () => Promise<void>;
  readonly onOpen: () => void;
}

export class Gate {
  readonly #parts: GateParts;
  readonly #signal: AbortSignal;
  #opening: Promise<void> | undefined;
  #failures = 0;
  #openedAt = -Infinity;

  /** @param signal ends the tries; who waits for the gate goes on then. */
  constructor(parts: GateParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  get open(): boolean {
    return this.#opening === undefined;
  }

  /** Shuts it, because the ledger could not be asked. */
  shut(reason: LedgerDown): void {
    if (this.#opening !== undefined || this.#signal.aborted) return;
    this.#parts.report({ level: 'error', event: 'ledger-down', reason: reason.message });
    this.#opening = this.#reopen();
    this.#parts.background(this.#opening);
  }

  /**
   * Asks the ledger until it answers.
   * @returns undefined when the worker gave up before that, or the entry is a strange one.
   */
  async ask<Answer>(question: () => Promise<Answer>): Promise<{ answer: Answer } | undefined> {
    while (!this.#signal.aborted) {
      try {
        return { answer: await question() };
      } catch (error) {
        if (!(error instanceof LedgerDown)) throw error;
        if (error instanceof StrangeEntry) return undefined;
        this.shut(error);
      }
      await this.#opening;
    }
    return undefined;
  }

  async #reopen(): Promise<void> {
    const { clock, random } = this.#parts;
    if (clock.now() - this.#openedAt > soon) this.#failures = 0;
    do {
      this.#failures += 1;
      await clock.sleep(backoffMs(betweenConnects, this.#failures, random()), this.#signal);
      if (this.#signal.aborted) return;
    } while (!(await this.#isBack()));
    this.#openedAt = clock.now();
    this.#opening = undefined;
    this.#parts.report({ level: 'info', event: 'ledger-up' });
    this.#parts.onOpen();
  }

  async #isBack(): Promise<boolean> {
    try {
      await this.#parts.ledger.ready();
      await this.#parts.onBack();
      return true;
    } catch (error) {
      if (error instanceof LedgerDown) return false;
      throw error;
    }
  }
}
