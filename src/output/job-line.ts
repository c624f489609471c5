// A job as a line of `dq list`: state, due instant, key, on how many nodes it is, and the start of its payload.

import type { Buffer } from 'node:buffer';
import { dueMs } from '../core/envelope.ts';
import type { Paint } from './paint.ts';
import { payloadStart } from './payload.ts';

export interface LineFacts {
  readonly state: string;
  /** Undefined: bytes that are no job of dq's. */
  readonly key: string | undefined;
  readonly dueNs: bigint | undefined;
  readonly payload: Buffer;
  /** On how many nodes it is, and should be. */
  readonly nodes: number;
  readonly wanted: number;
}

/** The longest state, `reserved`; an instant; a key; `REPLICAS`. */
const widths = { state: 8, due: 24, key: 32, replicas: 8 };
const gap = '  ';
const payloadColumn = Object.values(widths).reduce((sum, width) => sum + width + gap.length, 0);

/** Where the payload begins to be of use. */
const leastShown = 16;
const shownInFiles = 80;

export function headLine(): string {
  const { state, due, key } = widths;
  return line('STATE'.padEnd(state), 'DUE'.padEnd(due), 'KEY'.padEnd(key), 'REPLICAS', 'PAYLOAD');
}

/** @param columns of the terminal; undefined: it is none. */
export function jobLine(job: LineFacts, columns: number | undefined, paint: Paint): string {
  const { state, key, dueNs, payload, nodes, wanted } = job;
  const due = dueNs === undefined ? '-'.padEnd(widths.due) : dueText(dueMs(dueNs));
  const most = columns === undefined ? shownInFiles : Math.max(columns - payloadColumn, leastShown);
  const replicas = `${nodes}/${wanted}`.padEnd(widths.replicas);
  return line(
    colourOf(state, paint)(state.padEnd(widths.state)),
    due,
    paint.dim((key ?? '-').padEnd(widths.key)),
    nodes < wanted ? paint.warn(replicas) : replicas,
    payloadStart(payload, most),
  );
}

/** What the last instant began with, up to the point before its milliseconds: that is most of the cost. */
let lastSecond = NaN;
let secondText = '';

/** RFC 3339, UTC, with milliseconds. */
function dueText(ms: number): string {
  const second = Math.floor(ms / 1_000);
  if (second !== lastSecond) {
    secondText = new Date(second * 1_000).toISOString().slice(0, -'000Z'.length);
    lastSecond = second;
  }
  return `${secondText}${String(ms - second * 1_000).padStart(3, '0')}Z`;
}

/** The columns as wide as they are to be. */
function line(state: string, due: string, key: string, replicas: string, rest: string): string {
  return `${state}${gap}${due}${gap}${key}${gap}${replicas}${gap}${rest}`.trimEnd();
}

function colourOf(state: string, paint: Paint): (text: string) => string {
  switch (state) {
    case 'dead':
    case 'buried':
      return paint.bad;
    case 'retry':
      return paint.warn;
    case 'claimed':
    case 'reserved':
      return paint.good;
    case 'done':
    case 'revoked':
      return paint.dim;
    default:
      return paint.strong;
  }
}
