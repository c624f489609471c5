// What a worker tells about itself: one event for each thing that happens, rendered elsewhere.

type Level = 'debug' | 'info' | 'warn' | 'error';

type WorkEventName =
  | 'working'
  | 'stopping'
  | 'node-down'
  | 'node-up'
  | 'ledger-down'
  | 'ledger-up'
  | 'started'
  | 'done'
  | 'failed'
  | 'buried'
  | 'given-back'
  | 'unstartable'
  | 'lost'
  | 'no-envelope'
  | 'refused'
  | 'removed'
  | 'output'
  | 'ran'
  | 'skipped'
  | 'hook-failed'
  | 'not-written'
  | 'reloaded'
  | 'reload-failed'
  | 'warning';

export interface WorkEvent {
  readonly level: Level;
  readonly event: WorkEventName;
  readonly tube?: string;
  readonly key?: string;
  /** The endpoint of the node it is about. */
  readonly node?: string;
  readonly id?: string;
  /** The name of an entry of a schedule, and the instant of its tick (RFC 3339, UTC). */
  readonly entry?: string;
  readonly tick?: string;
  readonly attempt?: number;
  /** How long the handler ran, in ms. */
  readonly ms?: number;
  readonly exitCode?: number;
  /** How long until the job is tried again, in ms. */
  readonly retryMs?: number;
  /** Why, in one line. */
  readonly reason?: string;
  readonly stream?: 'stdout' | 'stderr';
  readonly text?: string;
  readonly concurrency?: number;
  /** How many jobs share a run. */
  readonly batch?: number;
  readonly running?: number;
}

export type Report = (event: WorkEvent) => void;
