// Keeps one connection alive: opened when first needed, opened anew after it was lost.

import type { Command } from './command.ts';
import type { Connection } from './connection.ts';
import type { Dialer } from './dialer.ts';

export class Link {
  readonly #dialer: Dialer;
  readonly #prelude: readonly Command<unknown>[];
  #connection: Connection | undefined;
  #opening: Promise<Connection> | undefined;

  constructor(dialer: Dialer, prelude: readonly Command<unknown>[]) {
    this.#dialer = dialer;
    this.#prelude = prelude;
  }

  /** The open connection, if there is one now. */
  get open(): Connection | undefined {
    return this.#connection?.isOpen === true ? this.#connection : undefined;
  }

  /** Those who ask while it is being opened share it. Rejects with a NodeError. */
  connection(): Promise<Connection> {
    const { open } = this;
    if (open !== undefined) return Promise.resolve(open);
    this.#opening ??= this.#reopen();
    return this.#opening;
  }

  /** Rejects with a NodeError. */
  send<Outcome>(command: Command<Outcome>): Promise<Outcome> {
    const { open } = this;
    if (open !== undefined) return open.send(command);
    return this.connection().then((connection) => connection.send(command));
  }

  async #reopen(): Promise<Connection> {
    try {
      this.#connection = await this.#dialer.open(this.#prelude);
      return this.#connection;
    } finally {
      this.#opening = undefined;
    }
  }
}
