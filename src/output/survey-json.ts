// The JSON of jobs that are there: `list` and `peek` under --json. Stable: other people's scripts read it.

import type { Buffer } from 'node:buffer';
import { dueMs } from '../core/envelope.ts';
import { formatReceipt } from '../core/receipt.ts';
import { payloadJson } from './payload.ts';

/** What a ledger knows of a job, its state among it (`unknown` with an `error`: it can't be asked); durations in ms. */
export interface LedgerFacts {
  readonly state: string;
  readonly [fact: string]: string | number | undefined;
}

export interface ReplicaFacts {
  readonly endpoint: string;
  /** That of the node, where the replica lies. */
  readonly tube: string;
  readonly id: bigint;
  readonly state: string;
  /** Where a job is shown whole: whole seconds, the age since it was put. */
  readonly priority?: number;
  readonly ttr?: number;
  readonly age?: number;
  readonly timeLeft?: number;
  /** Of one that can't be asked for. */
  readonly error?: string;
}

export interface JobFacts {
  /** Undefined: bytes that are no job of dq's, without key and due instant. */
  readonly key: string | undefined;
  readonly dueNs: bigint | undefined;
  readonly state: string;
  readonly tube: string;
  readonly payload: Buffer;
  readonly priority: number | undefined;
  /** How often it was claimed; undefined: nobody knows any more. */
  readonly attempt: number | undefined;
  readonly ledger: LedgerFacts | undefined;
  readonly replicas: readonly ReplicaFacts[];
}

export function surveyJson(job: JobFacts): object {
  const { key, dueNs, state, tube, payload, priority, attempt, ledger, replicas } = job;
  return {
    key: key ?? null,
    due: dueNs === undefined ? null : new Date(dueMs(dueNs)).toISOString(),
    state,
    tube,
    ...payloadJson(payload),
    priority: priority ?? null,
    attempt: attempt ?? null,
    ledger: ledger ?? null,
    replicas: replicas.map(replicaJson),
    receipt: formatReceipt(replicas),
  };
}

function replicaJson({ endpoint, tube, id, ...facts }: ReplicaFacts): object {
  return { node: endpoint, tube, id: String(id), ...facts };
}
