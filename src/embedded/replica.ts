// A row of the table of replicas: what may be written into it, and how it is told.

import { Buffer } from 'node:buffer';

import { dueMs, openEnvelope } from '../core/envelope.ts';
import type { ReplicaState, ReplicaStats } from '../queue/node.ts';

export const statsColumns = 'tube, state, until, priority, ttr, put_at';

/** How many are in which state; ?1 is the present instant, in ms since the epoch. */
export const countColumns = `
  count(*) FILTER (WHERE state = 'ready' OR until <= ?1) AS ready,
  count(*) FILTER (WHERE state = 'reserved' AND until > ?1) AS reserved,
  count(*) FILTER (WHERE state = 'delayed' AND until > ?1) AS delayed,
  count(*) FILTER (WHERE state = 'buried') AS buried`;

const readyHead = 'SELECT id, priority FROM replica WHERE tube = ?1';
const byUrgency = 'ORDER BY priority, id LIMIT 1';

/**
 * The id of the one that is reserved next; ?1 is the tube, ?2 the present instant. Those whose delay or ttr is over are
 * marked as ready only then.
 */
export const mostUrgent = `(SELECT id FROM (
    SELECT * FROM (${readyHead} AND state = 'ready' AND until IS NULL ${byUrgency})
    UNION ALL SELECT * FROM (${readyHead} AND state = 'delayed' AND until <= ?2 ${byUrgency})
    UNION ALL SELECT * FROM (${readyHead} AND state = 'reserved' AND until <= ?2 ${byUrgency})
  ) ${byUrgency})`;

/** Instants are ms since the epoch. */
export interface StatsRow {
  readonly tube: string;
  readonly state: ReplicaState;
  readonly until: number | null;
  readonly priority: number;
  readonly ttr: number;
  readonly put_at: number;
}

export function statsOf(row: StatsRow, now: number): ReplicaStats {
  const left = row.until === null ? 0 : row.until - now;
  return {
    tube: row.tube,
    state: row.until !== null && left <= 0 ? 'ready' : row.state,
    priority: row.priority,
    age: wholeSeconds(now - row.put_at),
    ttr: row.ttr,
    timeLeft: secondsLeft(left),
  };
}

/** Whole seconds until an instant that is `ms` away; the clock has begun its millisecond, so that it is a little less. */
export function secondsLeft(ms: number): number {
  return wholeSeconds(ms - 1);
}

/** Rounded down; the wall clock may have been set back meanwhile. */
function wholeSeconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1_000));
}

/** The same bytes, not a copy. */
export function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/**
 * A delay counts whole seconds, rounded down; the envelope tells the due instant that was meant, so that nobody has
 * to hold the job for the rest. Bytes that say anything but what the delay says, or nothing, are ready when it ends.
 * @param delayEnd ms since the epoch, as the answer is.
 */
export function readyInstant(envelope: Buffer, delayEnd: number): number {
  const job = openEnvelope(envelope);
  if (job === undefined) return delayEnd;
  const due = dueMs(job.dueNs);
  const after = due - delayEnd;
  return after > -1_000 && after <= 1_000 ? due : delayEnd;
}

const largestNumber = 2 ** 32 - 1;

/** The limits are beanstalkd's, so that what one node takes every node takes. @throws RangeError */
export function assertWhole(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value <= largestNumber) return;
  throw new RangeError(
    `${name} must be a whole number from ${least} to ${largestNumber}: ${value}`,
  );
}
