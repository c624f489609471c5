// What a node can do: the interface that producers and consumers see, whatever holds the jobs.

import type { Buffer } from 'node:buffer';
import type { NodeError } from '../core/errors.ts';
import type { Puts } from './puts.ts';

export type ReplicaState = 'ready' | 'delayed' | 'reserved' | 'buried';

/** The states in which nobody has it. */
export type WaitingState = Exclude<ReplicaState, 'reserved'>;

export interface ReplicaStats {
  readonly tube: string;
  readonly state: ReplicaState;
  readonly priority: number;
  /** Whole seconds since it was put, rounded down. */
  readonly age: number;
  readonly ttr: number;
  /** Whole seconds, rounded down: until a delayed one is ready, or a reserved one runs out of its ttr. */
  readonly timeLeft: number;
}

export interface TubeCounts {
  readonly ready: number;
  readonly reserved: number;
  readonly delayed: number;
  readonly buried: number;
  /** Connections that wait in a reserve on this tube. */
  readonly waiting: number;
}

/** A replica that was looked for. */
export interface FoundReplica {
  readonly id: bigint;
  readonly stats: ReplicaStats;
  readonly envelope: Buffer;
}

/** A replica that a scan found. */
export interface ScannedReplica extends Omit<FoundReplica, 'envelope'> {
  /** Each byte as the character of its number (latin1): most are only compared, and a Buffer of each would cost too much. */
  readonly envelope: string;
}

export interface ScanPage {
  /** May be none: ids that are no more, or of other tubes, take their time too. */
  readonly replicas: readonly ScannedReplica[];
  /** How much of the scan is done, 0 to 1. */
  readonly progress: number;
}

/** What came of puts that a node was asked for together. */
export interface Placed {
  /** For each its id, or why it has none. */
  readonly answers: readonly (bigint | NodeError)[];
  readonly life: Life;
}

export interface Refused {
  readonly reservation: Reservation;
  readonly error: NodeError;
}

/** A node as long as it surely has its data: in one life of it an id is never given twice. When it may be over, a call rejects. */
export type Life = Pick<QueueNode, 'delete'>;

/**
 * One node with one tube of it. Every method rejects with a NodeError that names the node when the
 * node can't be asked or refuses; a lost connection is opened anew by the next call.
 */
export interface QueueNode {
  /** Its name in receipts: `host:port`, or `embedded`. */
  readonly endpoint: string;
  readonly tube: string;
  /** It rejects with no NodeError. */
  putAll(puts: Puts): Promise<Placed>;
  /**
   * The next ready replica, or undefined when there was none for `seconds` (whole; 0: now), or `signal` aborted.
   * Waiting never delays any other call, nor the settling of reservations.
   */
  reserve(seconds: number, signal?: AbortSignal): Promise<Reservation | undefined>;
  /** Asks for so many ready ones at once: for each a replica, undefined when there was none, or why not. It rejects with no NodeError. */
  reserveAll(count: number): Promise<readonly (Reservation | undefined | NodeError)[]>;
  /** The envelope of a replica, whatever its state and tube; undefined when there is no such id. */
  peek(id: bigint): Promise<Buffer | undefined>;
  stats(id: bigint): Promise<ReplicaStats | undefined>;
  /**
   * Whether it was there and is deleted; false also when another connection has it reserved.
   * @param envelope what it must hold: a node that lost its data counts its ids from 1 again.
   */
  delete(id: bigint, envelope: Buffer): Promise<boolean>;
  /**
   * Deletes many reservations of this node, each as its own `delete` does.
   * @returns those that the node refused: they are still ours. It rejects with no NodeError.
   */
  deleteAll(reservations: readonly Reservation[]): Promise<readonly Refused[]>;
  /** A buried or delayed replica becomes ready; false when it is neither. */
  kick(id: bigint): Promise<boolean>;
  /** How many replicas of the tube are in which state. */
  counts(): Promise<TubeCounts>;
  /** Whole seconds (rounded down) until the next delayed replica of the tube is ready; undefined: none is delayed. */
  nextReady(): Promise<number | undefined>;
  /** The replica of the tube that is the first in that state: the next to be reserved, to be ready, the first that was buried. */
  next(state: WaitingState): Promise<FoundReplica | undefined>;
  /**
   * Every replica of the tube, the newest first (a node that can't tell which that is: in any order), without touching
   * any: one that is there all the time is given once; one that is put or deleted meanwhile may be given or not. Nothing is
   * asked much ahead of what is taken, and whoever stops taking ends it. It delays no other call.
   */
  scan(): AsyncIterable<ScanPage>;
  /** Gives every reservation back at once and lets go of all it holds. */
  close(): void;
}

/**
 * A replica that is ours until it is settled, by one of `delete`, `release`, `bury`; a second settling throws.
 * They resolve to false when it is no longer ours (its ttr or its connection ended): it will turn up again.
 * A NodeError other than `down` and `timeout` means that the node refused: it is still ours, try on
 * (after `protocol` that answers false: the connection has ended).
 */
export interface Reservation {
  readonly node: QueueNode;
  readonly id: bigint;
  readonly envelope: Buffer;
  /** Asked once, when first needed; undefined when it is no longer ours. */
  stats(): Promise<ReplicaStats | undefined>;
  /** Begins the ttr anew. */
  touch(): Promise<boolean>;
  delete(): Promise<boolean>;
  /** Back into the tube with its own priority, ready after `delay` whole seconds. */
  release(delay: number): Promise<boolean>;
  /** With its own priority. */
  bury(): Promise<boolean>;
}
