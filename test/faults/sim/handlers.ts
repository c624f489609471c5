// The handlers of simulated workers: how long they run, what they come to, and what becomes of them when they are to end.

import type { BatchOptions } from '../../../src/consume/batches.ts';
import type { Outcome, Task } from '../../../src/consume/handler.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

/** What a run comes to, after so many ms. */
export interface Plan {
  readonly outcome: Outcome;
  readonly ms: number;
}

/** The longest a handler lives on after its signal aborted: the leash kills it then. */
const longestDefiance = 5_100;

export function runOf(world: World, process: Process, planRun: () => Plan): BatchOptions['run'] {
  const { random } = world;
  return (tasks, signal) =>
    new Promise((resolve) => {
      if (!process.alive) return;
      for (const task of tasks) world.history.handlers.called(task);
      const { outcome: planned, ms } = planRun();
      if (planned.kind === 'unstartable' || planned.kind === 'deferred') {
        if (planned.kind === 'unstartable') world.history.handlers.rests();
        process.plan(random.between(0, 5), 'bytes', () => {
          resolve(planned);
        });
        return;
      }
      const endAll = startAll(world, process, tasks);
      let ended = false;
      const end = (outcome: Outcome): void => {
        atEnd.cancelled = true;
        signal.removeEventListener('abort', onAbort);
        if (ended) return;
        ended = true;
        endAll(outcome);
        resolve(outcome);
      };
      const atEnd = process.plan(ms, 'bytes', () => {
        end(planned);
      });
      const onAbort = (): void => {
        const defiance = random.chance(0.7) ? random.between(0, 50) : longestDefiance;
        process.plan(defiance, 'bytes', () => {
          end({ kind: 'stopped' });
        });
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
}

/** @returns what ends them. The failure of a batch is that of none of its jobs. */
function startAll(
  { history: { handlers } }: World,
  process: Process,
  tasks: readonly Task[],
): (outcome: Outcome) => void {
  const runs = tasks.map((task) => ({ task, run: handlers.started(process, task) }));
  return (outcome) => {
    const isNoOnes = tasks.length > 1 && (outcome.kind === 'failed' || outcome.kind === 'rejected');
    const each: Outcome = isNoOnes ? { kind: 'deferred', delayMs: 0, why: 'a batch' } : outcome;
    for (const { task, run } of runs) handlers.ended(run, task, each);
  };
}

/** @param slow it is likely to take its time. */
export function planOf(world: World, slow: boolean): Plan {
  return { outcome: outcomeOf(world), ms: lengthOf(world, slow) };
}

function outcomeOf({ random }: World): Outcome {
  const roll = random.next();
  if (roll < 0.64) return { kind: 'succeeded', exitCode: 0 };
  if (roll < 0.92) return { kind: 'failed', exitCode: 1, why: 'exit 1' };
  if (roll < 0.96) return { kind: 'rejected', exitCode: 65, why: 'exit 65' };
  if (roll < 0.98) return { kind: 'unstartable', why: 'no memory' };
  return { kind: 'deferred', delayMs: Math.floor(random.spread(1, 5_000)), why: 'not now' };
}

function lengthOf({ random }: World, slow: boolean): number {
  const roll = slow ? random.between(0.5, 1) : random.next();
  if (roll < 0.6) return random.between(0.5, 200);
  if (roll < 0.85) return random.between(200, 6_000);
  return random.between(6_000, 45_000);
}
