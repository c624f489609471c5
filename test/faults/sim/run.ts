// Runs seeds: a macrotask between two steps lets every promise come to rest; several seeds share each.

import { Simulation, type Result } from './simulation.ts';
import type { Place } from './world.ts';

/** So many seeds take turns: the turn of the event loop costs more than most steps. */
const atOnce = 16;

/** @param onResult whether to go on. Seeds end in an order that is always the same. */
export function runSeeds(
  place: Place,
  seeds: Iterable<number>,
  onResult: (result: Result) => boolean,
): Promise<void> {
  return undisturbed(0, async () => {
    const queue = seeds[Symbol.iterator]();
    const running = new Set<Simulation>();
    let goOn = true;
    while (goOn) {
      while (running.size < atOnce) {
        const next = queue.next();
        if (next.done === true) break;
        running.add(new Simulation(next.value, place));
      }
      for (const simulation of running) {
        if (simulation.step()) continue;
        running.delete(simulation);
        goOn &&= onResult(simulation.result);
      }
      goOn &&= running.size > 0;
      await rest();
    }
  });
}

/** One seed with every step of it as a line. */
export function traceSeed(place: Place, seed: number): Promise<Result> {
  return undisturbed(10, async () => {
    const simulation = new Simulation(seed, place, true);
    while (simulation.step()) await rest();
    return simulation.result;
  });
}

/**
 * Without the only chance that no seed governs: the jitter of a few backoffs.
 * @param stackTraceLimit stacks cost a tenth of the time, and are read only in a trace.
 */
export async function undisturbed<Answer>(
  stackTraceLimit: number,
  act: () => Promise<Answer>,
): Promise<Answer> {
  const before = { random: Math.random, stackTraceLimit: Error.stackTraceLimit };
  Math.random = () => 0.5;
  Error.stackTraceLimit = stackTraceLimit;
  try {
    return await act();
  } finally {
    Math.random = before.random;
    Error.stackTraceLimit = before.stackTraceLimit;
  }
}

/** Every promise comes to rest. */
export function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
