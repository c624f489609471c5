// What runs a job, seen by the worker: a function from a task to an outcome.

import type { Buffer } from 'node:buffer';
import type { ReplicaAddress } from '../core/receipt.ts';

export interface Task {
  /** The logical tube. */
  readonly tube: string;
  readonly key: string;
  /** Nanoseconds since the epoch. */
  readonly dueNs: bigint;
  readonly payload: Buffer;
  /** Counts every claim: above 1, the job may have run before. */
  readonly attempt: number;
  /** The replica that brought the job here. */
  readonly replica: ReplicaAddress;
}

/**
 * - `failed`: try again later; `rejected`: never try again.
 * - `stopped`: the run was ended because its signal aborted; `unstartable`: it never began.
 */
export type Outcome =
  | { readonly kind: 'succeeded'; readonly exitCode: number }
  | { readonly kind: 'failed'; readonly exitCode?: number; readonly why: string }
  | { readonly kind: 'rejected'; readonly exitCode?: number; readonly why: string }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'unstartable'; readonly why: string };

/** Runs one task; it must not reject, and must end soon after `signal` aborts. */
export type Handler = (task: Task, signal: AbortSignal) => Promise<Outcome>;
