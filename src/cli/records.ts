// Records of stdin: its lines, or its NUL-ended parts, as they stream in, those of a chunk at once.

import { Buffer } from 'node:buffer';
import { DqError } from '../core/errors.ts';

export interface RecordForm {
  /** The byte that ends a record. */
  readonly end: number;
  /** Lines: a CR before the end is dropped, and a record without a byte is no record. */
  readonly lines: boolean;
  /** What one is called, and counted as. */
  readonly name: 'line' | 'record';
}

export interface StdinRecord {
  readonly payload: Buffer;
  /** From 1, the empty lines counted too. */
  readonly number: number;
}

export const lineForm: RecordForm = { end: 0x0a, lines: true, name: 'line' };
export const nullForm: RecordForm = { end: 0x00, lines: false, name: 'record' };

const carriageReturn = 0x0d;

/** No node can be set to take a longer one, in bytes: whoever has read so much needn't read on. */
export const longestPayload = 2 ** 30;

export function endless(what: string): DqError {
  return new DqError(
    'usage',
    `${what} is longer than any node takes: over ${longestPayload} bytes`,
  );
}

/**
 * The last record needs no end.
 * @param onEmpty told of each empty line that is skipped.
 * @throws DqError (usage) for a record that is longer than any node takes.
 */
export async function* records(
  chunks: AsyncIterable<Buffer>,
  { end, lines, name }: RecordForm,
  onEmpty: () => void,
): AsyncGenerator<readonly StdinRecord[]> {
  let rest: Buffer[] = [];
  let restLength = 0;
  let number = 0;
  for await (const chunk of chunks) {
    const ended: StdinRecord[] = [];
    let from = 0;
    for (let at = chunk.indexOf(end); at !== -1; at = chunk.indexOf(end, from)) {
      const record = joined(rest, chunk.subarray(from, at));
      rest = [];
      restLength = 0;
      from = at + 1;
      number += 1;
      const payload = lines ? withoutCarriageReturn(record) : record;
      if (lines && payload.length === 0) onEmpty();
      else ended.push({ payload, number });
    }
    yield ended;
    if (from < chunk.length) rest.push(chunk.subarray(from));
    restLength += chunk.length - from;
    if (restLength > longestPayload) throw endless(`${name} ${number + 1}`);
  }
  const last = joined(rest, Buffer.alloc(0));
  const payload = lines ? withoutCarriageReturn(last) : last;
  if (payload.length > 0) yield [{ payload, number: number + 1 }];
}

function joined(parts: readonly Buffer[], last: Buffer): Buffer {
  return parts.length === 0 ? last : Buffer.concat([...parts, last]);
}

function withoutCarriageReturn(record: Buffer): Buffer {
  return record[record.length - 1] === carriageReturn ? record.subarray(0, -1) : record;
}
