// Seeded chance: the same seed gives the same world, on every machine.

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 0x9e3779b1) >>> 0;
    for (let warm = 0; warm < 4; warm++) this.next();
  }

  /** In [0, 1); mulberry32. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };

  chance(odds: number): boolean {
    return odds > 0 && this.next() < odds;
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.next();
  }

  /** Whole, both ends included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** Spread over magnitudes: as many small ones as large ones. */
  spread(least: number, most: number): number {
    return least * (most / least) ** this.next();
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }
}
