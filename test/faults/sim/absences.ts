// When processes were frozen or cut off from the ledger: for reasons of their own, not because the ledger was away.

import type { Process } from './process.ts';
import type { World } from './world.ts';

interface Span {
  readonly from: number;
  readonly to: number;
}

export class Absences {
  readonly #world: World;
  readonly #frozenAt = new Map<Process, number>();
  readonly #over = new Map<Process, Span[]>();

  constructor(world: World) {
    this.#world = world;
  }

  froze(process: Process): void {
    this.#frozenAt.set(process, this.#now);
  }

  /** How long it was frozen, in ms. */
  thawed(process: Process): number {
    const from = this.#frozenAt.get(process);
    if (from === undefined) return 0;
    this.#frozenAt.delete(process);
    this.cut(process, from);
    return this.#now - from;
  }

  /** It was cut off from the ledger until now. */
  cut(process: Process, from: number): void {
    const spans = this.#over.get(process) ?? [];
    spans.push({ from, to: this.#now });
    this.#over.set(process, spans);
  }

  /** For how long in all, in ms. */
  since(process: Process, since: number): number {
    const to = this.#now;
    const frozen = this.#frozenAt.get(process) ?? to;
    const blocked = this.#world.pathOf(process, this.#world.ledger).blockedSince ?? to;
    const lasting = [frozen, blocked].map((from) => ({ from, to }));
    let total = 0;
    for (const span of [...(this.#over.get(process) ?? []), ...lasting]) {
      total += Math.max(0, span.to - Math.max(span.from, since));
    }
    return total;
  }

  /** Those that have been frozen for longer than so many ms, and are. */
  *frozenFor(ms: number): Iterable<Process> {
    for (const [process, at] of this.#frozenAt) if (this.#now - at > ms) yield process;
  }

  get #now(): number {
    return this.#world.timeline.now;
  }
}
