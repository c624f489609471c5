// What a command is: its bytes and the meaning of its reply; and the checks that keep both sound.
//
// A number or a name that the server doesn't like can make it read a job's body as commands, or not answer
// at all: so nothing is written that wasn't checked.

import type { Buffer } from 'node:buffer';
import { isTubeName } from '../core/receipt.ts';
import { ProtocolError, excerpt, unexpected } from './reply.ts';
import type { BodyWord, Reply } from './reply.ts';
import type { Skimmer } from './skimmer.ts';

export interface Command<Outcome> {
  /** ASCII, at most 222 bytes: the CRLF comes after it. */
  readonly line: string;
  /** The body that follows the line, without its CRLF. */
  readonly body?: Buffer;
  /** What is sent instead of both. */
  readonly encoded?: Buffer;
  /** How long the server may rightly keep silent before each reply, in ms; 0 when left out. */
  readonly waitMs?: number;
  /** The word of the reply that has a body; left out: none has. */
  readonly bodyAfter?: BodyWord;
  /** @throws ProtocolError, Refusal */
  readonly read: (reply: Reply) => Outcome;
}

/** Many of one kind at once: to make an object of each would cost more than all the rest. */
export interface Commands<Outcome> {
  readonly lines: readonly string[];
  /** The word of the replies that have a body. */
  readonly bodyAfter: BodyWord;
  /** @param at the line that it answers. @throws ProtocolError, Refusal */
  readonly read: (reply: Reply, at: number) => Outcome;
  /** The same straight from the bytes, for most replies; false: this one is to be read. */
  readonly skim: (bytes: Skimmer, at: number) => Outcome | false;
}

/** Many of one kind with their bodies, encoded once, however many servers get them. */
export interface Batch<Outcome> extends Pick<Command<Outcome>, 'waitMs' | 'bodyAfter' | 'read'> {
  readonly encoded: Buffer;
  /** How many they are. */
  readonly length: number;
  /** The same as `read` straight from the bytes, for most replies; false: this one is to be read. */
  readonly skim?: (bytes: Skimmer) => Outcome | false;
}

const largestU32 = 2 ** 32 - 1;
const largestU64 = 2n ** 64n - 1n;

/** @throws RangeError */
export function u32(name: string, value: number, least = 0, most = largestU32): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}: ${value}`);
  }
  return value;
}

/** @throws RangeError */
export function u64(name: string, value: bigint): bigint {
  if (value < 0n || value > largestU64) {
    throw new RangeError(`${name} must be from 0 to ${largestU64}: ${value}`);
  }
  return value;
}

/** @throws RangeError */
export function tubeName(value: string): string {
  if (!isTubeName(value)) throw new RangeError(`not the name of a tube: ${excerpt(value)}`);
  return value;
}

/** @throws ProtocolError when the reply holds no id there. */
export function idIn(text: string): bigint {
  const id = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (id < 0n || id > largestU64) throw new ProtocolError(`not an id: ${excerpt(text)}`);
  return id;
}

/** @throws ProtocolError when the reply holds no count there. */
export function countIn(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new ProtocolError(`not a count: ${excerpt(text)}`);
  return Number(text);
}

/** Whether the reply is this word alone. */
export function isWord(reply: Reply, word: string): boolean {
  return reply.word === word && reply.rest === '' && reply.body === undefined;
}

/**
 * A reader of replies that say yes by this word, and no by NOT_FOUND.
 * @returns whether the job was there and the command allowed on it.
 */
export function yesBy(word: string): (reply: Reply) => boolean {
  return (reply) => {
    if (isWord(reply, word)) return true;
    if (isWord(reply, 'NOT_FOUND')) return false;
    throw unexpected(reply);
  };
}
