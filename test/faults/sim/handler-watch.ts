// Watches every run of a handler: whether it may start, and whether it is one too many.

import type { Outcome, Task } from '../../../src/consume/handler.ts';
import type { Claims } from './claims.ts';
import { isRepairer, type History } from './history.ts';
import type { JobHistory, Run } from './job-history.ts';
import { epoch, type Process } from './process.ts';
import type { World } from './world.ts';

/** From being possible to a handler's start, when nothing is in its way, in ms. */
const longestDelay = 20;
/** After a handler that couldn't be started, in ms. */
const longestRest = 31_000;

export class HandlerWatch {
  /** Jobs that succeeded once more, by the reason why they may. */
  readonly doubles = new Map<string, number>();
  readonly #world: World;
  readonly #history: History;
  readonly #claims: Claims;
  #restsSince = -Infinity;
  readonly #running = new Map<Process, number>();

  constructor(world: World, history: History, claims: Claims) {
    this.#world = world;
    this.#history = history;
    this.#claims = claims;
  }

  /** Whether it starts is seen then. */
  called({ key }: Task): void {
    const job = this.#history.jobs.get(key);
    if (job === undefined) throw new Error(`ran what nobody put: ${key}`);
    if (this.#world.roomy && !job.called) this.#calledInTime(job);
    job.called = true;
  }

  started(process: Process, { key, attempt }: Task): Run {
    const job = this.#history.jobs.get(key)!;
    this.#world.trace(process, () => `STARTS ${job.name} attempt ${attempt}`);
    if (attempt > 1 + job.runs.length + job.takenOver && job.forgottenAt === undefined) {
      this.#world.violated(`${job.name} counts ${attempt} attempts, ${job.runs.length} started`);
    }
    const run = { process, attempt, outcome: undefined };
    job.runs.push(run);
    this.#mayStart(job, process);
    this.#mayStartAfterThat(job);
    const running = this.#count(process, 1);
    if (running > (this.#history.limitsOf(process)?.concurrency ?? 0)) {
      this.#world.violated(`${process.name} runs ${running} handlers`);
    }
    return run;
  }

  ended(run: Run, { key }: Task, { kind }: Outcome): void {
    const job = this.#history.jobs.get(key)!;
    run.outcome = kind;
    this.#count(run.process, -1);
    this.#world.trace(run.process, () => `ENDS ${job.name}: ${kind}`);
    if (kind === 'failed' || kind === 'rejected') this.#failed(job);
    if (kind === 'succeeded') this.#succeeded(job);
  }

  #count(process: Process, change: 1 | -1): number {
    const running = (this.#running.get(process) ?? 0) + change;
    this.#running.set(process, running);
    return running;
  }

  #failed(job: JobHistory): void {
    job.failed += 1;
    job.failedSinceReset += 1;
    const { mostAttempts } = this.#history;
    if (job.failedSinceReset <= mostAttempts || this.#claims.excuseFor(job) !== undefined) return;
    this.#world.violated(`${job.name} failed ${job.failedSinceReset} times of ${mostAttempts}`);
  }

  #succeeded(job: JobHistory): void {
    const successes = job.runs.filter(({ outcome }) => outcome === 'succeeded').length;
    if (successes < 2) return;
    const excuse = this.#claims.excuseFor(job);
    if (excuse === undefined) this.#world.violated(`${job.name} succeeded ${successes} times`);
    else this.doubles.set(excuse, (this.doubles.get(excuse) ?? 0) + 1);
  }

  /** A handler couldn't be started: its worker takes no job for a while. */
  rests(): void {
    this.#restsSince = this.#world.timeline.now;
  }

  /** Nothing is in its way: no fault, no lack of slots, no worker that rests. */
  #calledInTime({ name, dueMs, stored }: JobHistory): void {
    if (this.#world.timeline.now - this.#restsSince < longestRest) return;
    const { employedAt } = this.#history;
    const possible = Math.max(dueMs - epoch, stored.at(-1)?.at ?? 0, employedAt);
    const late = this.#world.timeline.now - possible;
    if (late > longestDelay) this.#world.violated(`${name} started ${late} ms late`);
  }

  #mayStart(job: JobHistory, process: Process): void {
    const early = job.dueMs - process.clock.latest;
    if (early > 0) this.#world.violated(`${job.name} started ${early} ms early`);
    if (this.#history.isStopped(process)) {
      this.#world.violated(`${process.name} started ${job.name} after it was stopped`);
    }
    if (job.ancient && !job.kicked) this.#world.violated(`${job.name} was run too late`);
  }

  #mayStartAfterThat(job: JobHistory): void {
    const { deletedAt, revokedAt = 0, puts, forgottenAt = -Infinity, stored } = job;
    const since = stored.filter(({ at }) => at > revokedAt);
    const putAgain = since.some(({ by }) => !isRepairer(by) || job.repairUnsure);
    const stands = forgottenAt < revokedAt && !putAgain;
    if (deletedAt !== undefined && stands && this.#claims.excuseFor(job) === undefined) {
      this.#world.violated(`${job.name} started after it was deleted`);
    }
    if (puts === 0 && job.forgottenAt === undefined) {
      this.#world.violated(`${job.name} started after it was refused`);
    }
  }
}
