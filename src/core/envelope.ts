// The envelope: the bytes put into a node, `<due in ns since the epoch>/<payload>`, as go-queue writes them.

import { Buffer } from 'node:buffer';

export interface Job {
  /** Nanoseconds since the epoch. */
  readonly dueNs: bigint;
  readonly payload: Buffer;
}

const slash = 0x2f;
const zero = 0x30;
const nine = 0x39;

/** A signed 64-bit count of nanoseconds (what Go reads it into) has at most 19 digits. */
const mostDigits = 19;

/** What stands before the payload, in bytes. */
export const longestHead = mostDigits + 1;

const latestDue = 2n ** 63n - 1n;

/** The latest due instant an envelope can hold: ms since the epoch, in the year 2262. */
export const latestDueMs = Number(latestDue / 1_000_000n);

export function sealEnvelope(job: Job): Buffer {
  const head = `${job.dueNs}/`;
  const bytes = Buffer.allocUnsafe(head.length + job.payload.length);
  bytes.write(head, 'latin1');
  bytes.set(job.payload, head.length);
  return bytes;
}

/** The job in these bytes, or undefined when they are no envelope. The payload is a view, not a copy. */
export function openEnvelope(bytes: Buffer): Job | undefined {
  let end = 0;
  while (end < mostDigits && isDigit(bytes[end])) end += 1;
  if (end === 0 || bytes[end] !== slash) return undefined;
  if (end > 1 && bytes[0] === zero) return undefined;
  const dueNs = BigInt(bytes.toString('latin1', 0, end));
  if (dueNs > latestDue) return undefined;
  return { dueNs, payload: bytes.subarray(end + 1) };
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine;
}

/** The first whole millisecond (since the epoch) at which a job may start: its due instant, rounded up. */
export function dueMs(dueNs: bigint): number {
  return Number((dueNs + 999_999n) / 1_000_000n);
}
