// What runs a job, seen by the worker: a function from a task to an outcome.

import type { Buffer } from 'node:buffer';
import type { ReplicaAddress } from '../core/receipt.ts';
import type { WorkEvent } from './events.ts';

export interface Task {
  /** The logical tube. */
  readonly tube: string;
  readonly key: string;
  /** Nanoseconds since the epoch. */
  readonly dueNs: bigint;
  readonly payload: Buffer;
  /** Counts every claim: above 1, the job may have run before. */
  readonly attempt: number;
  /** Runs of it whose handler said no. */
  readonly failures: number;
  /** Runs of it whose worker disappeared. */
  readonly deaths: number;
  /** The replica that brought the job here. */
  readonly replica: ReplicaAddress;
}

/**
 * - `failed`: try again later; `rejected`: never try again.
 * - `deferred`: not now, and it is no failure; claim it again in so many ms. With `counts` it was an attempt.
 * - `unheard`: it was cut short because nobody reads what this worker's handlers say: the worker's trouble, no failure.
 * - `stopped`: the run was ended because its signal aborted; `unstartable`: it never began.
 */
export type Outcome =
  | { readonly kind: 'succeeded'; readonly exitCode: number; readonly why?: string }
  | { readonly kind: 'failed'; readonly exitCode?: number; readonly why: string }
  | { readonly kind: 'rejected'; readonly exitCode?: number; readonly why: string }
  | {
      readonly kind: 'deferred';
      readonly delayMs: number;
      readonly counts?: boolean;
      readonly why: string;
    }
  | { readonly kind: 'unheard'; readonly why: string }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'unstartable'; readonly why: string };

/** A run, as its handler sees it. */
export interface Run {
  /** Made when first asked for: most runs are over before anybody asks, and a signal costs more than all else of a job. */
  readonly signal: AbortSignal;
  /** Calls `act` when the signal aborts, at once if it has. Only the last that was given is called. */
  onStop(act: () => void): void;
}

/** Runs one task; it must not reject, and must end soon after the signal of `run` aborts. */
export type Handler = (task: Task, run: Run) => Promise<Outcome>;

/**
 * Whether this worker has a use for the job at all, before anything is claimed.
 * - `pass`: another may have: its replica comes back in a second.
 * - `drop`, for that reason: nobody has, unless `isWanted` or the ledger says otherwise: the replica is deleted.
 */
export type Admission = 'run' | 'pass' | Drop;
export interface Drop {
  readonly drop: string;
  readonly isWanted: () => Promise<boolean>;
}
export type Admit = (job: Pick<Task, 'tube' | 'dueNs' | 'payload'>) => Admission;

/** What events tell of a job, so that people know it by another name than its key. */
export type FactsOf = (
  job: Pick<Task, 'dueNs' | 'payload'>,
) => Pick<WorkEvent, 'entry' | 'tick'> | undefined;
