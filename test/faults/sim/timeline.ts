// The timeline: virtual time, and everything that is going to happen, in order.

/** `act` happens at `at` (ms, virtual), those of one instant in the order they were planned. */
export interface Happening {
  at: number;
  order: number;
  act: () => void;
  cancelled: boolean;
}

export class Timeline {
  now = 0;
  #planned = 0;
  readonly #heap: Happening[] = [];

  /** @param ms from now on, 0 or more. */
  plan(ms: number, act: () => void): Happening {
    return this.planAt(this.now + ms, act);
  }

  /** @param at not before now. */
  planAt(at: number, act: () => void): Happening {
    const happening = { at, order: this.#planned++, act, cancelled: false };
    this.#push(happening);
    return happening;
  }

  /** Takes the next one and moves time to it; undefined: nothing is planned up to `until`. */
  take(until = Infinity): Happening | undefined {
    for (let next = this.#heap[0]; next !== undefined; next = this.#heap[0]) {
      if (next.at > until) return undefined;
      this.#pop();
      if (next.cancelled) continue;
      this.now = next.at;
      return next;
    }
    return undefined;
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(happening);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above]!;
      if (!isBefore(happening, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = happening;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below += 1;
      if (!isBefore(heap[below]!, last)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = last;
  }
}

function isBefore(one: Happening, other: Happening): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
