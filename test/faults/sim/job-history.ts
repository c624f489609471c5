// What happened to one job.

import type { Buffer } from 'node:buffer';
import type { Outcome } from '../../../src/consume/handler.ts';
import { dueMs, openEnvelope } from '../../../src/core/envelope.ts';
import { keyOf } from '../../../src/core/key.ts';
import type { Process } from './process.ts';
import type { Store } from './stored.ts';

export interface Run {
  readonly process: Process;
  readonly attempt: number;
  /** Undefined: it goes on, or its process is gone. */
  outcome: Outcome['kind'] | undefined;
}

interface StoredReplica {
  readonly node: Store;
  readonly incarnation: number;
  readonly id: bigint;
  readonly at: number;
  readonly by: Process | undefined;
  /** By who had put it. */
  takenBack: boolean;
}

/** Instants are ms of virtual time, but for `dueMs`. */
export interface JobHistory {
  readonly key: string;
  readonly name: string;
  readonly envelope: Buffer;
  readonly dueMs: number;
  readonly runs: Run[];
  readonly stored: StoredReplica[];
  /** Why it may succeed more than once. */
  readonly excuses: string[];
  acceptedAt: number | undefined;
  /** Puts of it that were not surely refused: without any it must not run. */
  puts: number;
  /** Older than the ledger remembers when it was put. */
  ancient: boolean;
  /** A handler was called for it. */
  called: boolean;
  done: boolean;
  kicked: boolean;
  /** A kick reached the ledger, and not all of the nodes. */
  halfKicked: boolean;
  revokedAt: number | undefined;
  revokedForGood: boolean;
  /** A user asked for its deletion, whatever the answer. */
  deleteAsked: boolean;
  /** A repairer couldn't be sure what became of a replica it put, or couldn't take it back. */
  repairUnsure: boolean;
  /** When `deleted` was answered. */
  deletedAt: number | undefined;
  forgottenAt: number | undefined;
  /** Who wrote what the ledger holds. */
  writtenBy: Process | undefined;
  failed: number;
  failedSinceReset: number;
  takenOver: number;
}

export function newJobHistory(envelope: Buffer): JobHistory {
  const { dueNs, payload } = openEnvelope(envelope)!;
  const name = payload.toString();
  return {
    ...{ key: keyOf(envelope), name, envelope, dueMs: dueMs(dueNs), runs: [], stored: [] },
    ...{ excuses: [], acceptedAt: undefined, puts: 0, ancient: false, called: false, done: false },
    ...{ kicked: false, halfKicked: false, revokedAt: undefined, revokedForGood: false },
    ...{ repairUnsure: false },
    ...{ deleteAsked: false, deletedAt: undefined, forgottenAt: undefined, writtenBy: undefined },
    ...{ failed: 0, failedSinceReset: 0, takenOver: 0 },
  };
}
