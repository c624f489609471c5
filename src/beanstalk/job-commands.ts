// The commands on jobs: put, reserve in its three forms, delete, release, bury, touch, peek and kick.

import { Buffer } from 'node:buffer';
import { countIn, idIn, isWord, u32, u64, yesBy } from './command.ts';
import type { Batch, Command, Commands } from './command.ts';
import { encode } from './encode.ts';
import { misdirected, unexpected } from './reply.ts';
import type { BodyWord, Reply } from './reply.ts';
import type { Skimmer } from './skimmer.ts';

export interface JobOptions {
  /** 0 (most urgent) to 2^32 − 1. */
  readonly priority: number;
  /** Seconds until it is ready, 0 to 2^32 − 1. */
  readonly delay: number;
  /** Seconds a reservation lasts, 1 to 2^32 − 1. */
  readonly ttr: number;
}

/** `buried`: the server had no memory to queue it, but it exists. */
export interface PutOutcome {
  readonly kind: 'inserted' | 'buried';
  readonly id: bigint;
}

/** A link as slow as this gets a body through before the reply is due, in bytes per s. */
const slowestPut = 256 * 1_024;

/** @throws RangeError */
export function assertJobOptions({ priority, delay, ttr }: JobOptions): void {
  u32('priority', priority);
  u32('delay', delay);
  u32('ttr', ttr, 1);
}

/** Into the tube in use. @throws RangeError */
export function put(body: Buffer, options: JobOptions): Command<PutOutcome> {
  assertJobOptions(options);
  const { priority, delay, ttr } = options;
  const line = `put ${priority} ${delay} ${ttr} ${body.length}`;
  return { line, body, waitMs: sendingMs(body.length), read: readPut };
}

/** @throws RangeError */
export function putBatch(
  puts: readonly { readonly envelope: Buffer; readonly options: JobOptions }[],
): Batch<PutOutcome> {
  const encoded = encode(puts.map(({ envelope, options }) => put(envelope, options)));
  const longest = puts.reduce((most, { envelope }) => Math.max(most, envelope.length), 0);
  const waitMs = sendingMs(longest);
  return { encoded, length: puts.length, waitMs, read: readPut, skim: skimPut };
}

/** In whole seconds: errors tell them. */
function sendingMs(bytes: number): number {
  return 1_000 * Math.floor(bytes / slowestPut);
}

function skimPut(bytes: Skimmer): PutOutcome | false {
  const id = bytes.numberAfter('INSERTED ');
  return id >= 0 && bytes.isLine('') && { kind: 'inserted', id: BigInt(id) };
}

function readPut(reply: Reply): PutOutcome {
  if (reply.word === 'INSERTED') return { kind: 'inserted', id: idIn(reply.rest) };
  if (reply.word === 'BURIED') return { kind: 'buried', id: idIn(reply.rest) };
  throw unexpected(reply);
}

export interface FoundJob {
  readonly id: bigint;
  readonly body: Buffer;
}

/** `deadline-soon`: none is ready, and a reservation of this connection has less than a second left. */
export type ReserveOutcome = FoundJob | 'timed-out' | 'deadline-soon';

/** From the tubes on the watch list; waits for ever. */
export function reserve(): Command<ReserveOutcome> {
  return { line: 'reserve', waitMs: Infinity, bodyAfter: 'RESERVED', read: readReserve };
}

/** The server keeps the wait in a signed number. */
const longestWait = 2 ** 31 - 1;

/** @param seconds whole, 0 to 2^31 − 1. @throws RangeError */
export function reserveWithTimeout(seconds: number): Command<ReserveOutcome> {
  u32('timeout', seconds, 0, longestWait);
  const line = `reserve-with-timeout ${seconds}`;
  return { line, waitMs: seconds * 1_000, bodyAfter: 'RESERVED', read: readReserve };
}

/** So many that don't wait. */
export function reserveBatch(length: number): Batch<ReserveOutcome> {
  const encoded = Buffer.from('reserve-with-timeout 0\r\n'.repeat(length), 'latin1');
  return { encoded, length, bodyAfter: 'RESERVED', read: readReserve, skim: skimReserve };
}

function skimReserve(bytes: Skimmer): FoundJob | false {
  const id = bytes.numberAfter('RESERVED ');
  if (!(id >= 0) || !bytes.skip(' ') || !bytes.opensBody()) return false;
  return { id: BigInt(id), body: bytes.body() };
}

function readReserve(reply: Reply): ReserveOutcome {
  if (reply.word === 'RESERVED') return jobIn(reply);
  if (isWord(reply, 'TIMED_OUT')) return 'timed-out';
  if (isWord(reply, 'DEADLINE_SOON')) return 'deadline-soon';
  throw unexpected(reply);
}

/** A ready, delayed or buried job; undefined when there is none with this id. @throws RangeError */
export function reserveJob(id: bigint): Command<FoundJob | undefined> {
  return found(`reserve-job ${u64('id', id)}`, 'RESERVED', id);
}

/** Whether it was ready, delayed, buried, or reserved by this connection. @throws RangeError */
export function deleteJob(id: bigint): Command<boolean> {
  return { line: `delete ${u64('id', id)}`, read: readDelete };
}

export function deleteBatch(ids: readonly bigint[]): Batch<boolean> {
  let lines = '';
  for (const id of ids) lines += `delete ${u64('id', id)}\r\n`;
  const skim = (bytes: Skimmer): boolean => bytes.isLine('DELETED');
  return { encoded: Buffer.from(lines, 'latin1'), length: ids.length, read: readDelete, skim };
}

const readDelete = yesBy('DELETED');

/** `buried`: the server had no memory to queue it; `not-found`: this connection hasn't reserved it. */
export type ReleaseOutcome = 'released' | 'buried' | 'not-found';

/** @param delay seconds until it is ready, 0 to 2^32 − 1. @throws RangeError */
export function release(id: bigint, priority: number, delay: number): Command<ReleaseOutcome> {
  const line = `release ${u64('id', id)} ${u32('priority', priority)} ${u32('delay', delay)}`;
  return { line, read: readRelease };
}

function readRelease(reply: Reply): ReleaseOutcome {
  if (isWord(reply, 'RELEASED')) return 'released';
  if (isWord(reply, 'BURIED')) return 'buried';
  if (isWord(reply, 'NOT_FOUND')) return 'not-found';
  throw unexpected(reply);
}

/** Whether this connection had reserved it. @throws RangeError */
export function bury(id: bigint, priority: number): Command<boolean> {
  return { line: `bury ${u64('id', id)} ${u32('priority', priority)}`, read: readBury };
}

const readBury = yesBy('BURIED');

/** Begins the ttr anew. Whether this connection had reserved it. @throws RangeError */
export function touch(id: bigint): Command<boolean> {
  return { line: `touch ${u64('id', id)}`, read: readTouch };
}

const readTouch = yesBy('TOUCHED');

/** In any tube and state. @throws RangeError */
export function peek(id: bigint): Command<FoundJob | undefined> {
  return found(`peek ${u64('id', id)}`, 'FOUND', id);
}

/**
 * The bodies of many, each byte as the character of its number: a Buffer costs more than its bytes.
 * @throws RangeError
 */
export function peekAll(ids: readonly bigint[]): Commands<string | undefined> {
  const read = (reply: Reply, at: number): string | undefined => {
    if (isWord(reply, 'NOT_FOUND')) return undefined;
    if (reply.word !== 'FOUND' || reply.body === undefined) throw unexpected(reply);
    if (reply.rest !== String(ids[at])) throw misdirected(ids[at], reply.rest);
    return reply.body.toString('latin1');
  };
  const skim = (bytes: Skimmer, at: number): string | false => {
    const isIt = bytes.numberAfter('FOUND ') === Number(ids[at]) && bytes.skip(' ');
    return isIt && bytes.opensBody() && bytes.text();
  };
  return { lines: ids.map((id) => `peek ${u64('id', id)}`), bodyAfter: 'FOUND', read, skim };
}

/** The most urgent one of the tube in use. */
export function peekReady(): Command<FoundJob | undefined> {
  return found('peek-ready', 'FOUND');
}

/** The one of the tube in use that is ready first. */
export function peekDelayed(): Command<FoundJob | undefined> {
  return found('peek-delayed', 'FOUND');
}

/** The one of the tube in use that was buried first. */
export function peekBuried(): Command<FoundJob | undefined> {
  return found('peek-buried', 'FOUND');
}

/**
 * Buried jobs of the tube in use become ready, or, when none is buried, delayed ones; how many did.
 * @param bound at most so many, 0 to 2^32 − 1. @throws RangeError
 */
export function kick(bound: number): Command<number> {
  return { line: `kick ${u32('bound', bound)}`, read: readKick };
}

function readKick(reply: Reply): number {
  if (reply.word === 'KICKED') return countIn(reply.rest);
  throw unexpected(reply);
}

/** Whether it was buried or delayed, and is ready now. @throws RangeError */
export function kickJob(id: bigint): Command<boolean> {
  return { line: `kick-job ${u64('id', id)}`, read: readKickJob };
}

const readKickJob = yesBy('KICKED');

function found(line: string, word: BodyWord, id?: bigint): Command<FoundJob | undefined> {
  const read = (reply: Reply): FoundJob | undefined => {
    if (isWord(reply, 'NOT_FOUND')) return undefined;
    if (reply.word !== word) throw unexpected(reply);
    const job = jobIn(reply);
    if (id === undefined || job.id === id) return job;
    throw misdirected(id, reply.rest);
  };
  return { line, bodyAfter: word, read };
}

function jobIn(reply: Reply): FoundJob {
  if (reply.body === undefined) throw unexpected(reply);
  return { id: idIn(reply.rest), body: reply.body };
}
