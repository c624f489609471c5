// The gate is shut while the ledger is down: nothing is reserved, nothing starts, and the ledger is tried until it is back.

import { backoffMs, betweenConnects } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { LedgerDown } from '../core/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Report } from './events.ts';

export interface GateParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly report: Report;
  /** Called each time the ledger is back, before anything else goes on; may reject with LedgerDown. */
  readonly onBack: () => Promise<void>;
  readonly onOpen: () => void;
}

export class Gate {
  readonly #parts: GateParts;
  readonly #signal: AbortSignal;
  #opening: Promise<void> | undefined;

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
  }

  /**
   * Asks the ledger until it answers.
   * @returns undefined when the worker gave up before that.
   */
  async ask<Answer>(question: () => Promise<Answer>): Promise<{ answer: Answer } | undefined> {
    while (!this.#signal.aborted) {
      try {
        return { answer: await question() };
      } catch (error) {
        if (!(error instanceof LedgerDown)) throw error;
        this.shut(error);
      }
      await this.#opening;
    }
    return undefined;
  }

  async #reopen(): Promise<void> {
    for (let failures = 1; !(await this.#isBack()); failures++) {
      const wait = backoffMs(betweenConnects, failures, this.#parts.random());
      await this.#parts.clock.sleep(wait, this.#signal);
      if (this.#signal.aborted) return;
    }
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
