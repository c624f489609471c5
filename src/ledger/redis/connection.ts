// One connection to Redis: it comes back by itself, and whoever asks meanwhile is told at once why not.

import { Redis, type RedisOptions } from 'ioredis';
import { backoffMs, betweenConnects } from '../../core/backoff.ts';
import { monotonicMs } from '../../core/clock.ts';
import { DqError, LedgerDown, messageOf, StrangeEntry } from '../../core/errors.ts';
import { faultOf, isDemotion, isReply, refusalIn, strangenessIn } from './faults.ts';

export interface ConnectionOptions {
  /** A URL, or options of ioredis (sentinels and tls among them). */
  readonly redis: string | object;
  /** The deadline of every command, in ms; 2 s by default. */
  readonly commandTimeout?: number;
  /** Called once a change, not a try: with the reason when it goes down, with undefined when it is back. */
  readonly onState?: (reason: string | undefined) => void;
}

/** How long a server that doesn't close its end may hold up the end of this process, in ms. */
const farewell = 200;

export class RedisConnection {
  /** How messages call it; never with a password. */
  readonly name: string;
  readonly #client: Redis;
  readonly #deadline: number;
  readonly #onState: (reason: string | undefined) => void;
  /** Why it is down; undefined: it is up, or the first try goes on. */
  #reason: string | undefined;
  /** A part of the handshake was refused (such as SELECT); ioredis would go on regardless. */
  #unusable = false;
  /** When it was last seen away, or came back, by `monotonicMs`. */
  #awayAt = -Infinity;
  /** The first try to connect, while it goes on. */
  #opening: Promise<void> | undefined;

  /** @throws DqError (config) when `redis` can't be understood. */
  constructor({ redis, commandTimeout = 2_000, onState }: ConnectionOptions) {
    this.#deadline = commandTimeout;
    this.#onState = onState ?? ignore;
    this.#client = open(redis, commandTimeout);
    this.name = nameOf(this.#client.options);
    this.#client.on('error', (error: Error) => {
      if (this.#client.status === 'connect') this.#unusable = true;
      this.#down(faultOf(error, commandTimeout));
    });
    this.#client.on('close', () => {
      this.#unusable = false;
      this.#down(this.#reason ?? 'the connection was lost');
    });
    this.#client.on('ready', () => {
      if (!this.#unusable) this.#up();
    });
    this.#opening = this.#firstTry();
  }

  /** For how long Redis could be asked without a break, in ms; Infinity: as far as this process knows, always. */
  get connectedMs(): number {
    return monotonicMs() - this.#awayAt;
  }

  /**
   * Waits for the first try to connect, not for later ones.
   * @param command one call of ioredis.
   * @throws LedgerDown when Redis can't be asked, or refuses; any other error it replies with, as it is.
   */
  async ask<Reply>(command: (client: Redis) => Promise<Reply>): Promise<Reply> {
    if (this.#opening !== undefined) await this.#opening;
    if (this.#unusable) throw this.#isDown();
    try {
      this.#gather();
      return await command(this.#client);
    } catch (error) {
      throw isReply(error) ? this.meaningOf(error) : this.#isDown(error);
    }
  }

  /** A reply that is an error: LedgerDown when Redis refuses, or the error as it is. */
  meaningOf(error: Error): Error {
    const refusal = refusalIn(error);
    if (refusal !== undefined) {
      this.#awayAt = monotonicMs();
      return new LedgerDown(`${this.name}: ${refusal}`);
    }
    const strangeness = strangenessIn(error);
    if (strangeness !== undefined) return new StrangeEntry(`${this.name}: ${strangeness}`);
    return error;
  }

  close(): void {
    this.#reason = 'it was closed';
    this.#client.disconnect();
  }

  /** The commands of one tick share one write. */
  #gather(): void {
    const { stream } = this.#client as { stream: Redis['stream'] | undefined };
    if (stream === undefined || stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => {
      stream.uncork();
    });
  }

  #up(): void {
    if (this.#reason === undefined) return;
    this.#awayAt = monotonicMs();
    this.#reason = undefined;
    this.#onState(undefined);
  }

  #down(reason: string): void {
    const wasUp = this.#reason === undefined;
    this.#reason = reason;
    if (wasUp) this.#onState(reason);
  }

  /** The cause is left out: ioredis puts the words of the failed command on its errors, a password among them. */
  #isDown(error?: unknown): LedgerDown {
    const reason = this.#reason ?? faultOf(error as Error, this.#deadline);
    return new LedgerDown(`${this.name}: ${reason}`);
  }

  async #firstTry(): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(end, this.#deadline);
      for (const event of ['ready', 'error', 'close', 'end']) this.#client.once(event, end);
    });
    this.#opening = undefined;
  }
}

function ignore(): void {
  // Nobody asked to be told.
}

function open(redis: string | object, deadline: number): Redis {
  const client = construct(redis, insisted(deadline));
  if (!Number.isInteger(client.options.db)) {
    client.disconnect();
    throw notRedis('the database is no number');
  }
  return client;
}

function construct(redis: string | object, ours: ReturnType<typeof insisted>): Redis {
  try {
    // A URL's own query would go before ours: it is read by a client that never connects.
    const asked: object =
      typeof redis === 'string' ? new Redis(redis, { lazyConnect: true }).options : redis;
    return new Redis({ ...asked, ...ours });
  } catch (error) {
    throw notRedis(messageOf(error));
  }
}

/** What a ledger can't do without, whatever the user's options are. */
function insisted(deadline: number) {
  return {
    connectionName: 'dq',
    lazyConnect: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: false,
    // A server that loads, or is a replica, says so in its replies; INFO may be forbidden.
    enableReadyCheck: false,
    disableClientInfo: true,
    commandTimeout: deadline,
    // A socket that died in silence is replaced when the commands on it have timed out.
    socketTimeout: deadline,
    connectTimeout: deadline,
    sentinelCommandTimeout: deadline,
    disconnectTimeout: farewell,
    retryStrategy: (tries: number) => backoffMs(betweenConnects, tries, Math.random()),
    reconnectOnError: isDemotion,
  } satisfies RedisOptions;
}

function notRedis(why: string): DqError {
  return new DqError('config', `redis: ${why}`, {
    path: 'redis',
    hint: 'give a URL such as redis://:PASSWORD@HOST:6379/0, or options of ioredis',
  });
}

function nameOf({ sentinels, name, path, host, port }: RedisOptions): string {
  if (Array.isArray(sentinels)) return `redis ${name ?? ''} (by sentinels)`;
  return path === undefined ? `redis ${host ?? ''}:${port ?? ''}` : `redis ${path}`;
}
