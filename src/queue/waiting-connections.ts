// The connections that wait for jobs. Each waits only while it holds none, because whatever is sent after a waiting
// reserve is answered after it; the one that got a job keeps it until it is settled, and then may wait again.

import type { Command } from '../beanstalk/command.ts';
import type { Connection } from '../beanstalk/connection.ts';
import { reserveWithTimeout } from '../beanstalk/job-commands.ts';
import type { FoundJob, ReserveOutcome } from '../beanstalk/job-commands.ts';

/** So many connections stay open although they neither wait nor hold a job: bursts are short. */
const mostSpare = 2;

export interface ReservedJob {
  readonly job: FoundJob;
  /** To be given back when the job is settled. */
  readonly connection: Connection;
}

export class WaitingConnections {
  readonly #open: () => Promise<Connection>;
  readonly #spare: Connection[] = [];

  /** @param open a new connection that watches the tube. */
  constructor(open: () => Promise<Connection>) {
    this.#open = open;
  }

  /** Undefined: no job within `seconds`, or the signal aborted. Rejects with a NodeError. */
  async reserve(seconds: number, signal?: AbortSignal): Promise<ReservedJob | undefined> {
    const command = reserveWithTimeout(seconds);
    const taking = this.#take();
    const connection = await unlessAborted(taking, signal);
    if (connection === undefined) {
      void this.#giveBackLater(taking);
      return undefined;
    }
    const job = await this.#wait(connection, command, signal);
    if (job !== undefined) return { job, connection };
    this.giveBack(connection);
    return undefined;
  }

  giveBack(connection: Connection): void {
    if (this.#spare.length < mostSpare && connection.isOpen) this.#spare.push(connection);
    else connection.close();
  }

  async #take(): Promise<Connection> {
    let spare = this.#spare.pop();
    while (spare?.isOpen === false) spare = this.#spare.pop();
    return spare ?? this.#open();
  }

  async #wait(
    connection: Connection,
    command: Command<ReserveOutcome>,
    signal: AbortSignal | undefined,
  ): Promise<FoundJob | undefined> {
    try {
      const outcome = await unlessAborted(connection.send(command), signal);
      // Only the end of the connection ends the wait on the server, which requeues a job that comes after all
      if (outcome === undefined) connection.close();
      return typeof outcome === 'object' ? outcome : undefined;
    } catch (error) {
      this.giveBack(connection);
      throw error;
    }
  }

  /** Nobody waits for it any more: whether it can be opened matters to the next one, who will try. */
  async #giveBackLater(taking: Promise<Connection>): Promise<void> {
    await taking.then(
      (connection) => {
        this.giveBack(connection);
      },
      () => undefined,
    );
  }
}

/** Undefined as soon as the signal aborts; what comes of the promise then is dropped. */
function unlessAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T | undefined> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      resolve(undefined);
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    void promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
