// The fetcher brings jobs to free slots: it asks the nodes in rotation, and waits on all of them when all are empty.

import type { Clock } from '../core/clock.ts';
import type { Slots } from './slots.ts';
import type { Source } from './source.ts';

/** An ask that isn't answered within so many ms no longer keeps the slot from the other nodes. */
const patience = 100;
/** How many reserves are in flight on one node. */
const widestAsk = 64;

export interface FetcherParts {
  readonly clock: Clock;
  readonly slots: Slots;
  /** Whether there is room and reason for new jobs, free slots aside. */
  readonly wanted: () => boolean;
  /** Called when it has asked for all there is room for. */
  readonly onAsked: () => void;
}

export class Fetcher {
  readonly #sources: readonly Source[];
  readonly #parts: FetcherParts;
  readonly #signal: AbortSignal;
  /** The asks that keep a slot free for their answer, and when they began (ms). */
  readonly #pending = new Map<Source, number>();
  #turn = 0;
  #watching = false;
  #pumping = false;

  constructor(sources: readonly Source[], parts: FetcherParts, signal: AbortSignal) {
    this.#sources = sources;
    this.#parts = parts;
    this.#signal = signal;
  }

  /** Every node that is up was asked and had nothing. */
  get idle(): boolean {
    return this.#sources.every((source) => source.idle);
  }

  /** A node has still to answer. */
  get asking(): boolean {
    return this.#pending.size > 0;
  }

  /** A slot came free: every node may have something for it. */
  refill(): void {
    for (const source of this.#sources) source.refresh();
    this.pump();
  }

  /**
   * Asks or waits as far as slots are free; called whenever anything has changed. What changes within one tick is
   * answered by one ask.
   */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    process.nextTick(() => {
      this.#pumping = false;
      this.#pump();
      this.#parts.onAsked();
    });
  }

  #pump(): void {
    for (const source of this.#pending.keys()) {
      if (source.asking === 0) this.#pending.delete(source);
    }
    if (this.#signal.aborted || !this.#parts.wanted()) return;
    for (let room = this.#room(); room > 0; room = this.#room()) {
      const source = this.#next();
      if (source === undefined) break;
      this.#pending.set(source, this.#parts.clock.now());
      source.ask(Math.min(room, widestAsk));
    }
    if (this.#pending.size > 0) void this.#watch();
    else if (this.#parts.slots.free > 0) for (const source of this.#sources) source.wait();
  }

  #room(): number {
    let room = this.#parts.slots.free;
    for (const source of this.#pending.keys()) room -= source.asking;
    return room;
  }

  #next(): Source | undefined {
    for (const [step] of this.#sources.entries()) {
      const at = (this.#turn + step) % this.#sources.length;
      const source = this.#sources[at];
      if (source?.askable !== true) continue;
      this.#turn = at + 1;
      return source;
    }
    return undefined;
  }

  /** Takes back the slots that are kept for a node which is slow to answer. */
  async #watch(): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    const { clock } = this.#parts;
    while (this.#pending.size > 0 && !this.#signal.aborted) {
      await clock.sleep(patience, this.#signal);
      for (const [source, since] of this.#pending) {
        if (clock.now() - since >= patience) this.#pending.delete(source);
      }
      this.pump();
    }
    this.#watching = false;
  }
}
