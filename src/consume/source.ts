// A source: one node as the fetcher sees it, asked without waiting, waited on, and tried anew while it is down.

import { backoffMs, betweenConnects } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { NodeError } from '../core/errors.ts';
import type { QueueNode, Reservation } from '../queue/node.ts';
import type { Background } from './background.ts';
import type { Report } from './events.ts';

/** A waiting reserve is renewed this often, in seconds: a peer that died silently is found by then. */
const longestWait = 10;

export interface SourceParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly report: Report;
  readonly background: Background;
  /** Takes every reservation, wanted or not. */
  readonly onReservation: (reservation: Reservation, source: Source) => void;
  /** Something changed: there may be something to ask or to wait for. */
  readonly onChange: () => void;
}

export class Source {
  readonly node: QueueNode;
  /** The logical tube. */
  readonly tube: string;
  readonly #parts: SourceParts;
  readonly #signal: AbortSignal;
  #asking = 0;
  #waiting = false;
  #down = false;
  /** In a row; the last of them may be over. */
  #failures = 0;
  /** Nothing was ready when it was last asked. */
  #empty = false;

  constructor(node: QueueNode, tube: string, parts: SourceParts, signal: AbortSignal) {
    this.node = node;
    this.tube = tube;
    this.#parts = parts;
    this.#signal = signal;
  }

  get asking(): number {
    return this.#asking;
  }

  get askable(): boolean {
    return !this.#down && !this.#waiting && !this.#empty && this.#asking === 0;
  }

  /** Up, asked and found empty (or waited on): there is no sense in asking it now. */
  get idle(): boolean {
    return this.#down || this.#waiting || (this.#empty && this.#asking === 0);
  }

  /** It may have jobs again. */
  refresh(): void {
    this.#empty = false;
  }

  /** Asks for up to `count` ready jobs, in one write. */
  ask(count: number): void {
    this.#asking = count;
    this.#parts.background(this.#askFor(count));
  }

  async #askFor(count: number): Promise<void> {
    try {
      for (const answer of await this.node.reserveAll(count)) {
        if (answer instanceof NodeError) this.#fail(answer);
        else this.#take(answer);
      }
    } finally {
      this.#asking = 0;
      this.#parts.onChange();
    }
  }

  /** Waits for the next job, unless it does already. */
  wait(): void {
    if (this.#waiting || this.#down || this.#asking > 0) return;
    this.#waiting = true;
    this.#parts.background(this.#waitForOne());
  }

  async #waitForOne(): Promise<void> {
    try {
      this.#take(await this.node.reserve(longestWait, this.#signal));
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#waiting = false;
      this.#empty = false;
      this.#parts.onChange();
    }
  }

  #take(reservation: Reservation | undefined): void {
    this.#succeed();
    if (reservation === undefined) this.#empty = true;
    else this.#parts.onReservation(reservation, this);
  }

  #fail(error: unknown): void {
    if (!(error instanceof NodeError)) throw error;
    if (this.#down || this.#signal.aborted) return;
    this.#down = true;
    if (this.#failures === 0) this.#tell('warn', 'node-down', error.message);
    this.#parts.background(this.#tryAgain());
  }

  async #tryAgain(): Promise<void> {
    do {
      this.#failures += 1;
      const wait = backoffMs(betweenConnects, this.#failures, this.#parts.random());
      await this.#parts.clock.sleep(wait, this.#signal);
      if (this.#signal.aborted) return;
    } while (!(await this.#answers()));
    this.#down = false;
    this.#empty = false;
    this.#parts.onChange();
  }

  /** A node that answers may refuse all the same (its disk is full): only what it gives shows that it is up. */
  #succeed(): void {
    if (this.#down || this.#failures === 0 || this.#signal.aborted) return;
    this.#failures = 0;
    this.#tell('info', 'node-up', undefined);
  }

  async #answers(): Promise<boolean> {
    try {
      await this.node.counts();
      return true;
    } catch (error) {
      if (error instanceof NodeError) return false;
      throw error;
    }
  }

  #tell(level: 'warn' | 'info', event: 'node-down' | 'node-up', reason: string | undefined): void {
    const facts = { node: this.node.endpoint, tube: this.tube };
    this.#parts.report({ level, event, ...facts, ...(reason === undefined ? {} : { reason }) });
  }
}
