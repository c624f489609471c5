// A replica that a connection to a beanstalkd has reserved: what may be done with it, once.

import type { Buffer } from 'node:buffer';
import type { Command } from '../beanstalk/command.ts';
import type { Connection } from '../beanstalk/connection.ts';
import {
  bury,
  deleteBatch,
  deleteJob,
  kickJob,
  release,
  touch,
} from '../beanstalk/job-commands.ts';
import type { FoundJob } from '../beanstalk/job-commands.ts';
import { statsJob } from '../beanstalk/stats-commands.ts';
import { NodeError } from '../core/errors.ts';
import type { QueueNode, Refused, ReplicaStats, Reservation } from './node.ts';

export class BeanstalkdReservation implements Reservation {
  readonly node: QueueNode;
  readonly id: bigint;
  readonly envelope: Buffer;
  readonly #connection: Connection;
  readonly #onSettled: (() => void) | undefined;
  #state: 'held' | 'settling' | 'settled' = 'held';
  #stats: Promise<ReplicaStats | undefined> | undefined;
  /** A release failed halfway: the node had no memory to queue the job, and buried it. */
  #strandedByNode = false;

  /** @param connection the one that reserved the job: no other may settle it. */
  constructor(node: QueueNode, job: FoundJob, connection: Connection, onSettled?: () => void) {
    this.node = node;
    this.id = job.id;
    this.envelope = job.body;
    this.#connection = connection;
    this.#onSettled = onSettled;
  }

  stats(): Promise<ReplicaStats | undefined> {
    this.#stats ??= this.#askStats().catch((error: unknown) => {
      this.#stats = undefined;
      throw error;
    });
    return this.#stats;
  }

  async touch(): Promise<boolean> {
    return (await this.#send(touch(this.id))) ?? false;
  }

  delete(): Promise<boolean> {
    return this.#settle(() => this.#send(deleteJob(this.id)));
  }

  release(delay: number): Promise<boolean> {
    return this.#settle(async () => {
      const stats = await this.stats();
      return stats !== undefined && (await this.#release(stats.priority, delay));
    });
  }

  bury(): Promise<boolean> {
    return this.#settle(async () => {
      const stats = await this.stats();
      return stats && this.#send(bury(this.id, stats.priority));
    });
  }

  /** One write for each connection that reserved some of them. @returns those that were refused. */
  static async deleteAll(reservations: readonly Reservation[]): Promise<Refused[]> {
    const groups = new Map<Connection, BeanstalkdReservation[]>();
    for (const reservation of reservations) {
      if (!(reservation instanceof BeanstalkdReservation)) throw new Error('not of a beanstalkd');
      const group = groups.get(reservation.#connection);
      if (group === undefined) groups.set(reservation.#connection, [reservation]);
      else group.push(reservation);
    }
    const refused = Array.from(groups, ([connection, group]) => this.#deleteOn(connection, group));
    return (await Promise.all(refused)).flat();
  }

  static async #deleteOn(
    connection: Connection,
    group: readonly BeanstalkdReservation[],
  ): Promise<Refused[]> {
    for (const reservation of group) reservation.#begin();
    const batch = deleteBatch(group.map(({ id }) => id));
    const answers = connection.isOpen ? await connection.sendBatch(batch) : [];
    const refused: Refused[] = [];
    group.forEach((reservation, at) => {
      const answer = answers[at];
      const isRefused = answer instanceof NodeError && !isLoss(answer);
      reservation.#end(!isRefused);
      if (isRefused) refused.push({ reservation, error: answer });
    });
    return refused;
  }

  async #release(priority: number, delay: number): Promise<boolean> {
    if (!this.#strandedByNode) {
      const outcome = await this.#send(release(this.id, priority, delay));
      if (outcome !== 'buried') return outcome === 'released';
      this.#strandedByNode = true;
    }
    const kicked = await this.#send(kickJob(this.id));
    // Where it isn't buried any more, somebody else has kicked or deleted it
    if (kicked === false && (await this.#send(statsJob(this.id)))?.state === 'buried') {
      throw new NodeError(this.node.endpoint, 'out-of-memory', 'out of memory');
    }
    return kicked ?? false;
  }

  async #askStats(): Promise<ReplicaStats | undefined> {
    const job = await this.#send(statsJob(this.id));
    return job?.state === 'reserved' ? job : undefined;
  }

  async #settle(act: () => Promise<boolean | undefined>): Promise<boolean> {
    this.#begin();
    let isSettled = false;
    try {
      const answer = await act();
      isSettled = true;
      return answer ?? false;
    } finally {
      this.#end(isSettled);
    }
  }

  #begin(): void {
    if (this.#state !== 'held') throw new Error(`replica ${this.id} is settled already`);
    this.#state = 'settling';
  }

  #end(isSettled: boolean): void {
    this.#state = isSettled ? 'settled' : 'held';
    if (isSettled) this.#onSettled?.();
  }

  /** Undefined: no longer ours, because it is settled or the connection is lost. */
  #send<Outcome>(command: Command<Outcome>): Promise<Outcome | undefined> {
    if (this.#state === 'settled' || !this.#connection.isOpen) return Promise.resolve(undefined);
    return this.#connection.send(command).catch(unlessLost);
  }
}

function unlessLost(error: unknown): undefined {
  if (!isLoss(error)) throw error;
}

function isLoss(error: unknown): boolean {
  return error instanceof NodeError && (error.fault === 'down' || error.fault === 'timeout');
}
