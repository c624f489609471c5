// What a server says: a reply, and the two ways in which it can be bad news.

import type { Buffer } from 'node:buffer';
import type { NodeFault } from '../core/errors.ts';

/** `RESERVED 5 64` with its body is the word `RESERVED`, the rest `5` and the 64 bytes. */
export interface Reply {
  /** What stands before the first blank. */
  readonly word: string;
  /** What stands after it, without the length of the body. */
  readonly rest: string;
  readonly body: Buffer | undefined;
}

/** The words whose lines announce a body. */
export type BodyWord = 'OK' | 'FOUND' | 'RESERVED';

/** The server broke the protocol: from here on no reply can be trusted, the connection is of no use any more. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** The server understood the command and refused it: nothing changed there, and the connection stays usable. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly fault: NodeFault;

  constructor(fault: NodeFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** The error that a reply means to a command that has no meaning of its own for it. */
export function unexpected(reply: Reply): ProtocolError | Refusal {
  if (reply.rest !== '' || reply.body !== undefined) return broken(reply);
  switch (reply.word) {
    case 'OUT_OF_MEMORY':
      return new Refusal('out-of-memory', 'out of memory');
    case 'INTERNAL_ERROR':
      return new Refusal('internal', 'internal error');
    case 'DRAINING':
      return new Refusal('draining', 'draining, takes no new jobs');
    case 'JOB_TOO_BIG':
      return new Refusal('too-big', 'job too big');
    default:
      return broken(reply);
  }
}

function broken({ word, rest }: Reply): ProtocolError {
  return new ProtocolError(`unexpected reply ${excerpt(rest === '' ? word : `${word} ${rest}`)}`);
}

/** The error of a reply about another job than was asked for. */
export function misdirected(asked: bigint | undefined, answered: string): ProtocolError {
  return new ProtocolError(`asked for job ${asked}, answered with job ${excerpt(answered)}`);
}

/** Enough of a line to recognise it, and safe to print. */
const excerptLength = 40;

export function excerpt(line: string): string {
  const shown = line.length > excerptLength ? `${line.slice(0, excerptLength)}…` : line;
  return JSON.stringify(shown);
}
