// Runs compiled simulations on threads, because a seed keeps a processor busy.

import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { plays } from './plays.ts';
import type { Result } from './simulation.ts';
import type { Place } from './world.ts';

/** A seed that makes its code fail ends the thread: it must be found by hand among those that ran. */
const main = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { module, place, seeds } = workerData;
  import(module).then(({ runSeeds }) => runSeeds(place, seeds, (result) => {
    parentPort.postMessage(result);
    return result.violations.length === 0 || workerData.goOn;
  }));
`;

const stage = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData.module)
    .then(({ plays }) => plays[workerData.play]())
    .then((violations) => parentPort.postMessage(violations));
`;

export interface ThreadWork {
  /** What was compiled. */
  readonly folder: string;
  readonly place: Place;
  readonly seeds: readonly number[];
  /** Whether to go on after a seed that broke a promise. */
  readonly goOn: boolean;
}

/** @param onResult is called with each result; seeds of one thread end in an order that is always the same. */
export async function runOnThread(
  { folder, place, seeds, goOn }: ThreadWork,
  onResult: (result: Result) => void,
): Promise<void> {
  const module = moduleIn(folder, 'run');
  const thread = new Worker(main, { eval: true, workerData: { module, place, seeds, goOn } });
  thread.on('message', onResult);
  const [code] = (await once(thread, 'exit')) as [number];
  if (code !== 0)
    throw new Error(`the thread of the seeds from ${seeds[0] ?? 0} on ended with ${code}`);
}

/** @returns what it broke. */
export async function playOnThread(
  folder: string,
  play: keyof typeof plays,
): Promise<readonly string[]> {
  const module = moduleIn(folder, 'plays');
  const thread = new Worker(stage, { eval: true, workerData: { module, play } });
  const [violations] = (await once(thread, 'message')) as [readonly string[]];
  return violations;
}

function moduleIn(folder: string, name: string): string {
  return pathToFileURL(join(folder, `test/faults/sim/${name}.js`)).href;
}
