// The meter counts what each process asks in a simulated second: nothing may spin.

import type { Process } from './process.ts';
import type { World } from './world.ts';

/** A worker of the simulation has a few slots and meets a dozen jobs: more than that in a second is no work. */
const mostPerSecond = 400;

export class Meter {
  readonly #world: World;
  readonly #counts = new Map<Process, { second: number; count: number }>();
  highest = 0;

  constructor(world: World) {
    this.#world = world;
  }

  count(process: Process): void {
    const second = Math.floor(this.#world.timeline.now / 1_000);
    const counted = this.#counts.get(process);
    if (counted?.second !== second) {
      this.#counts.set(process, { second, count: 1 });
      return;
    }
    counted.count += 1;
    if (counted.count > this.highest) this.highest = counted.count;
    if (counted.count === mostPerSecond) {
      this.#world.violated(`${process.name} spins: ${mostPerSecond} requests in a second`);
    }
    if (counted.count > 100 * mostPerSecond) throw new Error(`${process.name} spins without end`);
  }
}
