// Opens connections to one server, and closes them all; after a failure it fails fast until it is time to try again.

import { backoffMs, betweenConnects } from '../core/backoff.ts';
import { havePassed, type Clock } from '../core/clock.ts';
import { NodeError } from '../core/errors.ts';
import type { Command } from './command.ts';
import { connect } from './connection.ts';
import type { Connection } from './connection.ts';
import { Opening } from './opening.ts';
import type { TlsOptions } from './socket.ts';
import { closedHere } from './socket-error.ts';

export interface DialerOptions {
  /** `host:port` */
  readonly endpoint: string;
  readonly tls?: TlsOptions | undefined;
  /** In ms. */
  readonly connectTimeout: number;
  /** In ms. */
  readonly replyTimeout: number;
  readonly clock: Clock;
}

interface Failure {
  readonly error: unknown;
  /** How many there were in a row with this one. */
  readonly inARow: number;
  /** When, in ms since the epoch, and for how long it is repeated instead of trying again. */
  readonly at: number;
  readonly waitMs: number;
}

export class Dialer {
  readonly #options: DialerOptions;
  readonly #connections = new Set<Connection>();
  readonly #opening = new Opening();
  #failure: Failure | undefined;

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /**
   * @param prelude sent first and in this order (`watch` before `ignore`): all of it must succeed.
   * @throws NodeError
   */
  async open(prelude: readonly Command<unknown>[]): Promise<Connection> {
    const before = this.#failure;
    const { clock } = this.#options;
    if (before !== undefined && !havePassed(clock, before.waitMs, before.at)) throw before.error;
    try {
      const connection = await this.#connect(prelude);
      this.#failure = undefined;
      return connection;
    } catch (error) {
      this.#failure = this.#failureAfter(before, error);
      throw error;
    }
  }

  /** Also those that are being opened. From now on none is. */
  close(): void {
    this.#opening.giveUp(new NodeError(this.#options.endpoint, 'down', closedHere));
    for (const connection of this.#connections) connection.close();
  }

  async #connect(prelude: readonly Command<unknown>[]): Promise<Connection> {
    const connection = await connect({ ...this.#options, opening: this.#opening });
    this.#connections.add(connection);
    void connection.ended.then(() => this.#connections.delete(connection));
    try {
      await Promise.all(prelude.map((command) => connection.send(command)));
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** @param before what was known when the try began: those that fail side by side count once. */
  #failureAfter(before: Failure | undefined, error: unknown): Failure {
    const inARow = (before?.inARow ?? 0) + 1;
    const waitMs = backoffMs(betweenConnects, inARow, Math.random());
    return { error, inARow, at: this.#options.clock.now(), waitMs };
  }
}
