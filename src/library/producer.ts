// Producer: puts jobs from a program.

import { Buffer } from 'node:buffer';
import { Cluster, findJob } from '../cluster.ts';
import { systemClock } from '../core/clock.ts';
import { orForget } from '../core/or-forget.ts';
import { defaultPriority } from '../core/job-defaults.ts';
import type { JobProducer } from '../produce/producer.ts';
import { explain, revoke } from '../produce/revoke.ts';
import { newStamp } from '../produce/stamp.ts';
import { configOf, type ClusterOptions } from './options.ts';

export interface JobOptions {
  /** 0 (most urgent) to 2^32 − 1; 1024 by default. */
  readonly priority?: number;
  /** How long a worker may be silent, in whole seconds; 60 by default, 20 with the embedded queue. */
  readonly ttr?: number;
}

/** Text is put as UTF-8. */
export type Payload = string | Uint8Array;

const nsPerMs = 1_000_000n;

export class Producer {
  readonly #cluster: Cluster;
  #producer: Promise<JobProducer> | undefined;
  readonly #stamp = newStamp(Math.random());

  /**
   * Connects when the first job is put.
   * @throws ConfigError with everything that is wrong with the options.
   */
  constructor(options: ClusterOptions) {
    this.#cluster = new Cluster(configOf(options), process.env);
  }

  /**
   * Puts a job that is due at an instant. The same payload at the same instant is the same job, however often
   * and from wherever it is put.
   * @param due a Date, or nanoseconds since the epoch.
   * @returns its receipt, `endpoint/tube/id` of each replica, joined by commas.
   * @throws TooFewReplicas (kind `unavailable`) when fewer than `minReplicas` nodes took it; nothing is kept then.
   */
  async at(payload: Payload, due: Date | bigint, options: JobOptions = {}): Promise<string> {
    const dueNs = typeof due === 'bigint' ? due : BigInt(due.getTime()) * nsPerMs;
    return this.#put(payload, dueNs, false, options);
  }

  /**
   * Puts a job that is due in `ms` milliseconds (0: now): a job of its own each time.
   * @returns and throws as `at` does.
   */
  async delay(payload: Payload, ms: number, options: JobOptions = {}): Promise<string> {
    const dueNs = this.#stamp(Math.ceil(systemClock.now() + ms));
    return this.#put(payload, dueNs, true, options);
  }

  /**
   * Deletes a job before it runs, on every node that the options still name. An equal one counts that is put when this has resolved
   * (on beanstalkd nodes 2.5 s later, for an instant of whole milliseconds).
   * @throws DqError: kind `absent` when there is no such job, or it runs or ran already; kind `unavailable` when
   *   the ledger, or too many of the job's nodes, can't be reached. Nothing is deleted then.
   */
  async revoke(receipt: string): Promise<void> {
    const job = await findJob(receipt, this.#cluster);
    const revocation = await revoke(job, await this.#cluster.ledger());
    const error = explain(revocation);
    if (error !== undefined) throw error;
    await systemClock.sleep(revocation.result === 'deleted' ? revocation.doubtMs : 0);
  }

  /** Lets go of every connection. */
  close(): Promise<void> {
    return this.#cluster.close();
  }

  async #put(
    payload: Payload,
    dueNs: bigint,
    distinct: boolean,
    { priority = defaultPriority, ttr }: JobOptions,
  ): Promise<string> {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : Buffer.from(payload);
    const request = { payload: bytes, dueNs, distinct, priority, ttr };
    this.#producer ??= orForget(this.#cluster.producer(), () => (this.#producer = undefined));
    const producer = await this.#producer;
    return (await producer.put(request)).receipt;
  }
}
