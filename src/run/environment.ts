// What a handler is told in its environment.

import { isUtf8, type Buffer } from 'node:buffer';
import { formatReceipt, type ReplicaAddress } from '../core/receipt.ts';

export interface RunFacts {
  readonly replica: ReplicaAddress;
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly dueMs: number;
  readonly attempt: number;
  /** The absolute path of the worker's configuration file; a worker may have none. */
  readonly config?: string | undefined;
  readonly payload: Buffer;
}

/** Linux allows 128 KiB for one variable, and all of them share 2 MiB with the words. */
const longestPayloadVariable = 64 * 1024;

export function handlerEnvironment(facts: RunFacts): Record<string, string> {
  const { replica, key, dueMs, attempt, config, payload } = facts;
  return {
    DQ_ID: formatReceipt([replica]),
    DQ_KEY: key,
    DQ_DUE: new Date(dueMs).toISOString(),
    DQ_ATTEMPT: String(attempt),
    ...configVariable(config),
    ...(isText(payload) && { DQ_PAYLOAD: payload.toString('utf8') }),
  };
}

/** What a run for several jobs is told; a run for one of them is told its facts besides. */
export function batchEnvironment(count: number, config?: string): Record<string, string> {
  return { DQ_BATCH: String(count), ...configVariable(config) };
}

function configVariable(config: string | undefined): Record<string, string> {
  return config === undefined ? {} : { DQ_CONFIG: config };
}

function isText(payload: Buffer): boolean {
  return payload.length <= longestPayloadVariable && isUtf8(payload) && !payload.includes(0);
}

/** Facts of one job: a worker that is itself inside a handler mustn't pass on those of the outer job. */
const ofOneJob = new Set([
  ...['DQ_ID', 'DQ_KEY', 'DQ_DUE', 'DQ_ATTEMPT', 'DQ_PAYLOAD'],
  ...['DQ_BATCH', 'DQ_ENTRY', 'DQ_TICK', 'DQ_EXIT', 'DQ_REASON'],
]);

/** The part of the worker's own environment that its handlers get as well. */
export function inheritedEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !ofOneJob.has(name)) inherited[name] = value;
  }
  return inherited;
}
