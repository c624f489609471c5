// The producer: seals a job, has it replicated, and disowns what it couldn't take back.

import type { Buffer } from 'node:buffer';
import { allOf } from '../core/all-of.ts';
import type { Clock } from '../core/clock.ts';
import { dueMs, sealEnvelope } from '../core/envelope.ts';
import { DqError, type NodeError } from '../core/errors.ts';
import { longestDelay } from '../core/job-defaults.ts';
import { keyOf } from '../core/key.ts';
import { formatReceipt } from '../core/receipt.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { assertPutOptions } from '../queue/puts.ts';
import { addressesOf } from '../queue/replica-of.ts';
import {
  TooFewReplicas,
  takeBack,
  type JobPut,
  type Replica,
  type Replicator,
  type WriteResult,
} from './replicator.ts';

export interface JobRequest {
  readonly payload: Buffer;
  /** Nanoseconds since the epoch. */
  readonly dueNs: bigint;
  /** Nobody will ever put an equal envelope: its due instant is a stamp. */
  readonly distinct: boolean;
  /** 0 (most urgent) to 2^32 − 1. */
  readonly priority: number;
  /** Whole seconds; undefined: as long as its nodes need. */
  readonly ttr?: number | undefined;
}

export type PutResult = Accepted | DqError;

export interface Accepted {
  readonly receipt: string;
  readonly envelope: Buffer;
  readonly dueNs: bigint;
  readonly replicas: readonly Replica[];
  readonly failed: readonly NodeError[];
}

/** The job was refused, and may run all the same: a replica of it couldn't be taken back for certain. */
export class MayStillRun extends DqError {
  override readonly name = 'MayStillRun';
  readonly refusal: TooFewReplicas;
  readonly key: string;

  constructor(refusal: TooFewReplicas, key: string) {
    super(refusal.kind, `${refusal.message}; may still run: ${key}`, {
      hint: refusal.hint,
      cause: refusal,
    });
    this.refusal = refusal;
    this.key = key;
  }
}

export interface ProducerParts {
  readonly replicator: Replicator;
  readonly clock: Clock;
  /** The logical tube. */
  readonly tube: string;
  /** The ttr of a job that names none, in whole seconds. */
  readonly ttr: number;
  /** Opened only when a job must be disowned; undefined without a ledger. */
  readonly ledger: (() => Promise<Ledger>) | undefined;
}

interface Sealed extends JobPut {
  readonly request: JobRequest;
}

interface Joined {
  readonly sealed: Sealed;
  readonly resolve: (result: PutResult) => void;
  readonly reject: (defect: unknown) => void;
}

export class JobProducer {
  readonly #parts: ProducerParts;
  #joined: Joined[] = [];

  constructor(parts: ProducerParts) {
    this.#parts = parts;
  }

  /**
   * Those that are asked for together go together.
   * @throws TooFewReplicas; MayStillRun; DqError (usage); RangeError.
   */
  async put(request: JobRequest): Promise<Accepted> {
    const sealed = this.#seal(request);
    const result = await new Promise<PutResult>((resolve, reject) => {
      this.#joined.push({ sealed, resolve, reject });
      // `queueMicrotask` costs a short process twice as much
      if (this.#joined.length === 1) void Promise.resolve().then(this.#putJoined);
    });
    if (result instanceof DqError) throw result;
    return result;
  }

  readonly #putJoined = (): void => {
    const joined = this.#joined;
    this.#joined = [];
    this.#putSealed(joined.map(({ sealed }) => sealed)).then(
      (results) => {
        joined.forEach(({ resolve }, at) => {
          resolve(results[at] as PutResult);
        });
      },
      (defect: unknown) => {
        for (const { reject } of joined) reject(defect);
      },
    );
  };

  /**
   * Many at once: what came of each.
   * @throws DqError (usage), RangeError: none was put.
   */
  async putAll(requests: readonly JobRequest[]): Promise<PutResult[]> {
    return this.#putSealed(requests.map((request) => this.#seal(request)));
  }

  async #putSealed(jobs: readonly Sealed[]): Promise<PutResult[]> {
    const results = await this.#parts.replicator.write(jobs);
    return allOf(jobs.map((job, at) => this.#resultOf(job, results[at] as WriteResult)));
  }

  #seal(request: JobRequest): Sealed {
    const { dueNs, priority, ttr = this.#parts.ttr } = request;
    if (dueNs < 0n) throw new DqError('usage', 'no job can be due before 1970');
    const delay = Math.max(0, Math.floor((dueMs(dueNs) - this.#parts.clock.now()) / 1_000));
    if (delay > longestDelay) {
      throw new DqError('usage', 'no job can be due in 2^32 seconds (136 years) or more');
    }
    const options = { delay, priority, ttr };
    assertPutOptions(options);
    return { envelope: sealEnvelope(request), options, distinct: request.distinct, request };
  }

  #resultOf({ envelope, request }: Sealed, result: WriteResult): PutResult | Promise<PutResult> {
    if (result instanceof TooFewReplicas) {
      return result.mayRun ? this.#disown(result, envelope, request) : result;
    }
    const receipt = formatReceipt(addressesOf(result.replicas));
    return { receipt, envelope, dueNs: request.dueNs, ...result };
  }

  /**
   * Deletes an accepted job again, because one before it was refused.
   * @returns false when it may run all the same.
   */
  async undo(accepted: Accepted, distinct: boolean): Promise<boolean> {
    const { replicas, envelope } = accepted;
    if (await takeBack(replicas, { envelope, distinct })) return true;
    return distinct && this.#revoke(accepted);
  }

  async #disown(
    error: TooFewReplicas,
    envelope: Buffer,
    { dueNs, distinct }: JobRequest,
  ): Promise<DqError> {
    if (distinct && (await this.#revoke({ envelope, dueNs }))) return error;
    return new MayStillRun(error, keyOf(envelope));
  }

  /**
   * Only a distinct job: an equal one is the same job, and may have been accepted elsewhere.
   * @returns false when the ledger can't be told, or the job is running already.
   */
  async #revoke({ envelope, dueNs }: Pick<Accepted, 'envelope' | 'dueNs'>): Promise<boolean> {
    const { ledger: open, tube } = this.#parts;
    if (open === undefined) return false;
    try {
      const ledger = await open();
      const job = { tube, key: keyOf(envelope), dueMs: dueMs(dueNs) };
      return (await ledger.revoke(job, true)) === 'revoked';
    } catch (error) {
      if (error instanceof DqError) return false;
      throw error;
    }
  }
}
