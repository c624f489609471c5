// Consumer: runs a function for each job, once over all consumers of the cluster.

import type { Buffer } from 'node:buffer';
import { Cluster } from '../cluster.ts';
import type { Config } from '../config/schema.ts';
import type { WorkEvent } from '../consume/events.ts';
import type { Handler, Outcome, Run, Task } from '../consume/handler.ts';
import { workerName } from '../consume/name.ts';
import { Worker, type WorkSummary } from '../consume/worker.ts';
import { systemClock } from '../core/clock.ts';
import { dueMs } from '../core/envelope.ts';
import { messageOf } from '../core/errors.ts';
import { newController } from '../core/signals.ts';
import { configOf, type ClusterOptions } from './options.ts';

export interface ConsumerOptions extends ClusterOptions {
  /** How many functions run at once; 1 by default. */
  readonly concurrency?: number;
  /** How many failures bury a job; 5 by default. */
  readonly attempts?: number;
  /** How long functions may finish after the stop, in ms; 25,000 by default. */
  readonly grace?: number;
  /** Told what happens, one event at a time; it must not throw. */
  readonly onEvent?: (event: WorkEvent) => void;
}

/** What is known of a job beside its payload. */
export interface JobFacts {
  /** The same for every run of the job: be idempotent on it. */
  readonly key: string;
  readonly tube: string;
  readonly due: Date;
  /** Above 1, the job may have run before. */
  readonly attempt: number;
  /** Aborts when the consumer stops and its grace is over, or the job is no longer its own. */
  readonly signal: AbortSignal;
}

/** Thrown by the function: the job can never succeed and is buried now. */
export class Rejection extends Error {
  override readonly name = 'Rejection';
}

export type Consume = (payload: Buffer, job: JobFacts) => unknown;

export class Consumer {
  readonly #options: ConsumerOptions;
  readonly #config: Config;

  /** @throws ConfigError with everything that is wrong with the options. */
  constructor(options: ConsumerOptions) {
    const { concurrency, attempts } = options;
    this.#options = options;
    this.#config = configOf(options, { concurrency, attempts });
  }

  /**
   * Runs `fn` for each due job until `signal` aborts, then waits for what runs. Returned (and awaited): the job is
   * done. Thrown: a failure, to be tried again with a backoff; a Rejection buries the job.
   */
  async consume(fn: Consume, signal: AbortSignal): Promise<WorkSummary> {
    const { tube, work } = this.#config;
    const { onEvent, grace = work.grace } = this.#options;
    const cluster = new Cluster(this.#config, process.env);
    try {
      const worker = new Worker({
        name: workerName(),
        tubes: [{ name: tube, nodes: await cluster.nodes(tube) }],
        ledger: await cluster.ledger(),
        handler: handlerOf(fn),
        clock: systemClock,
        random: Math.random,
        report: onEvent ?? (() => undefined),
        ...{ concurrency: work.concurrency, attempts: work.attempts, grace },
      });
      return await worker.run(signal, newController().signal);
    } finally {
      await cluster.close();
    }
  }
}

function handlerOf(fn: Consume): Handler {
  return async (task, run): Promise<Outcome> => {
    try {
      await fn(task.payload, new Facts(task, run));
      return { kind: 'succeeded', exitCode: 0 };
    } catch (error) {
      if (error instanceof Rejection) return { kind: 'rejected', why: messageOf(error) };
      if (run.signal.aborted) return { kind: 'stopped' };
      return { kind: 'failed', why: messageOf(error) };
    }
  };
}

class Facts implements JobFacts {
  readonly key: string;
  readonly tube: string;
  readonly due: Date;
  readonly attempt: number;
  readonly #run: Run;

  constructor({ key, tube, dueNs, attempt }: Task, run: Run) {
    this.key = key;
    this.tube = tube;
    this.due = new Date(dueMs(dueNs));
    this.attempt = attempt;
    this.#run = run;
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }
}
