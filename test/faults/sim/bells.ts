// The bells of one machine: each process hears a ring a moment later, or not at all.

import type { Bell } from '../../../src/embedded/bell.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

export class Bells {
  readonly #world: World;
  readonly #listeners = new Map<() => void, Process>();

  constructor(world: World) {
    this.#world = world;
  }

  bellOf(process: Process): Bell {
    return {
      ring: this.ring,
      attend: () => true,
      listen: (listener) => {
        this.#listeners.set(listener, process);
        return () => this.#listeners.delete(listener);
      },
      close: () => undefined,
    };
  }

  readonly ring = (): void => {
    const { weather } = this.#world;
    for (const [listener, process] of this.#listeners) {
      if (!process.alive) this.#listeners.delete(listener);
      else if (!weather.losesRing()) process.plan(weather.latency(), 'bytes', listener);
    }
  };
}
