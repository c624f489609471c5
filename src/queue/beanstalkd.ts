// A beanstalkd with one tube of it, as a node.

import type { Buffer } from 'node:buffer';
import type { Connection } from '../beanstalk/connection.ts';
import { Dialer } from '../beanstalk/dialer.ts';
import {
  deleteJob,
  kickJob,
  peek,
  peekBuried,
  peekDelayed,
  peekReady,
  reserveBatch,
} from '../beanstalk/job-commands.ts';
import { Link } from '../beanstalk/link.ts';
import type { TlsOptions } from '../beanstalk/socket.ts';
import { stats, statsJob, statsTube } from '../beanstalk/stats-commands.ts';
import { ignore, use, watch } from '../beanstalk/tube-commands.ts';
import { systemClock } from '../core/clock.ts';
import type { Clock } from '../core/clock.ts';
import { NodeError } from '../core/errors.ts';
import { defaultTimeout, defaultTube, probeTube } from './beanstalkd-defaults.ts';
import { BeanstalkdReservation } from './beanstalkd-reservation.ts';
import { tubeCounts } from './beanstalkd-stats.ts';
import { longestEnvelope, surelyKept } from './longest-envelope.ts';
import type { Puts } from './puts.ts';
import type { Life, Placed, QueueNode, Refused, ReplicaStats } from './node.ts';
import type { Reservation, TubeCounts } from './node.ts';
import type { FoundReplica, ScanPage, WaitingState } from './node.ts';
import { WaitingConnections } from './waiting-connections.ts';

export interface BeanstalkdOptions {
  /** `host:port` */
  readonly endpoint: string;
  readonly tube: string;
  readonly tls?: TlsOptions | undefined;
  /** In ms. */
  readonly connectTimeout?: number | undefined;
  /** How long a reply may take, in ms. */
  readonly replyTimeout?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** What a `doctor` wants to know of it. */
export interface BeanstalkdDescription {
  readonly version: string;
  /** Whether jobs survive a restart. */
  readonly binlog: boolean;
  /** It takes no new jobs until it is restarted. */
  readonly draining: boolean;
  /** The largest envelope it takes, in bytes. */
  readonly maxJobSize: number;
  /** Seconds. */
  readonly uptime: number;
  /** Those of everybody, this one's included. */
  readonly connections: number;
  /** Connections that wait in a reserve on this tube. */
  readonly waiting: number;
  /** Jobs of this tube that are reserved, and those that nobody has. */
  readonly reserved: number;
  readonly idle: number;
  /** No other process has it, whatever its address; a very old one has none. */
  readonly server: string | undefined;
}

const peekFirst = { ready: peekReady, delayed: peekDelayed, buried: peekBuried };

/** The next delayed job may be ready a moment later: after so many in a row, jobs are coming all the time. */
const mostLooks = 10;

export class BeanstalkdNode implements QueueNode {
  readonly endpoint: string;
  readonly tube: string;
  readonly #dialer: Dialer;
  /** Every command that needs no reservation. */
  readonly #commands: Link;
  /** Every reserve that doesn't wait, however many reservations it holds. */
  readonly #fetching: Link;
  readonly #waiting: WaitingConnections;

  constructor(options: BeanstalkdOptions) {
    const { endpoint, tube } = options;
    this.endpoint = endpoint;
    this.tube = tube;
    this.#dialer = new Dialer({
      endpoint,
      tls: options.tls,
      connectTimeout: options.connectTimeout ?? defaultTimeout,
      replyTimeout: options.replyTimeout ?? defaultTimeout,
      clock: options.clock ?? systemClock,
    });
    const watching = tube === defaultTube ? [watch(tube)] : [watch(tube), ignore(defaultTube)];
    this.#commands = new Link(this.#dialer, [use(tube)]);
    this.#fetching = new Link(this.#dialer, watching);
    this.#waiting = new WaitingConnections(() => this.#dialer.open(watching));
  }

  async putAll(puts: Puts): Promise<Placed> {
    try {
      const connection = this.#commands.open ?? (await this.#commands.connection());
      const isAsked = puts.all.some(({ envelope }) => envelope.length > surelyKept);
      const longest = isAsked ? await longestEnvelope(connection) : surelyKept;
      const kept = puts.only(({ envelope }) => envelope.length <= longest);
      const answers = await this.#put(kept, connection);
      const life = lifeOf(connection);
      if (kept === puts) return { answers, life };
      const all = puts.all.map(({ envelope: { length } }) => {
        return (length <= longest ? answers.shift() : undefined) ?? this.#tooBig(length, longest);
      });
      return { answers: all, life };
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      return { answers: puts.all.map(() => error), life: this };
    }
  }

  async #put(puts: Puts, connection: Connection): Promise<(bigint | NodeError)[]> {
    const answers: (bigint | NodeError)[] = [];
    for (const outcome of await connection.sendBatch(puts.encoded)) {
      if (outcome instanceof NodeError) answers.push(outcome);
      else if (outcome.kind === 'inserted') answers.push(outcome.id);
      else answers.push(await this.#takeBack(outcome.id, connection));
    }
    return answers;
  }

  #tooBig(length: number, longest: number): NodeError {
    const message = `job too big: ${length} bytes with its due instant, at most ${longest}`;
    return new NodeError(this.endpoint, 'too-big', message);
  }

  /** The node has stored it and can't queue it: deleted again, it was merely refused. */
  async #takeBack(id: bigint, connection: Connection): Promise<NodeError> {
    const message = 'out of memory';
    try {
      const deleted = await connection.send(deleteJob(id));
      return new NodeError(this.endpoint, 'out-of-memory', message, { unconfirmed: !deleted });
    } catch (cause) {
      return new NodeError(this.endpoint, 'out-of-memory', message, { unconfirmed: true, cause });
    }
  }

  reserve(seconds: number, signal?: AbortSignal): Promise<Reservation | undefined> {
    if (signal?.aborted === true) return Promise.resolve(undefined);
    return seconds === 0 ? this.#reserveNow() : this.#wait(seconds, signal);
  }

  async #wait(seconds: number, signal?: AbortSignal): Promise<Reservation | undefined> {
    const waited = await this.#waiting.reserve(seconds, signal);
    if (waited === undefined) return undefined;
    const { job, connection } = waited;
    return new BeanstalkdReservation(this, job, connection, () => {
      this.#waiting.giveBack(connection);
    });
  }

  async #reserveNow(): Promise<Reservation | undefined> {
    const [answer] = await this.reserveAll(1);
    if (answer instanceof NodeError) throw answer;
    return answer;
  }

  async reserveAll(count: number): Promise<(Reservation | undefined | NodeError)[]> {
    try {
      const connection = this.#fetching.open ?? (await this.#fetching.connection());
      const outcomes = await connection.sendBatch(reserveBatch(count));
      return outcomes.map((outcome) => {
        if (typeof outcome === 'string') return undefined;
        if (outcome instanceof NodeError) return outcome;
        return new BeanstalkdReservation(this, outcome, connection);
      });
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      return Array.from({ length: count }, () => error);
    }
  }

  async peek(id: bigint): Promise<Buffer | undefined> {
    const job = await this.#commands.send(peek(id));
    return job?.body;
  }

  stats(id: bigint): Promise<ReplicaStats | undefined> {
    return this.#commands.send(statsJob(id));
  }

  async delete(id: bigint, envelope: Buffer): Promise<boolean> {
    return lifeOf(await this.#commands.connection()).delete(id, envelope);
  }

  deleteAll(reservations: readonly Reservation[]): Promise<Refused[]> {
    return BeanstalkdReservation.deleteAll(reservations);
  }

  async kick(id: bigint): Promise<boolean> {
    return this.#commands.send(kickJob(id));
  }

  async counts(): Promise<TubeCounts> {
    return tubeCounts(await this.#commands.send(statsTube(this.tube)));
  }

  async nextReady(): Promise<number | undefined> {
    for (let looks = 0; looks < mostLooks; looks++) {
      const next = await this.#commands.send(peekDelayed());
      if (next === undefined) return undefined;
      const nextStats = await this.#commands.send(statsJob(next.id));
      if (nextStats?.state === 'delayed') return Math.max(nextStats.timeLeft, 0);
    }
    return 0;
  }

  async next(state: WaitingState): Promise<FoundReplica | undefined> {
    for (;;) {
      const first = await this.#commands.send(peekFirst[state]());
      if (first === undefined) return undefined;
      const { id, body: envelope } = first;
      const found = await this.stats(id);
      if (found !== undefined) return { id, stats: found, envelope };
    }
  }

  async *scan(): AsyncGenerator<ScanPage> {
    const { scanIds } = await import('./beanstalkd-scan.ts');
    const connection = await this.#dialer.open([use(probeTube)]);
    try {
      yield* scanIds(connection, this.tube);
    } finally {
      connection.close();
    }
  }

  async describe(): Promise<BeanstalkdDescription> {
    const [facts, counts] = await Promise.all([this.#commands.send(stats()), this.counts()]);
    const { version, binlog, draining, maxJobSize, uptime, connections, all } = facts;
    const { waiting, reserved, ready, delayed, buried } = counts;
    return {
      ...{ version, binlog, draining, maxJobSize, uptime, connections, waiting, reserved },
      idle: ready + delayed + buried,
      server: all.get('id'),
    };
  }

  close(): void {
    this.#dialer.close();
  }
}

/** A connection doesn't outlive the server's process, which alone may lose its data. */
function lifeOf(connection: Connection): Life {
  return {
    delete: async (id, envelope) => {
      const job = await connection.send(peek(id));
      if (job?.body.equals(envelope) !== true) return false;
      return connection.send(deleteJob(id));
    },
  };
}
