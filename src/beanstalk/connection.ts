// A connection to a server: commands in, outcomes out, over one socket, with a deadline for the replies.

import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { messageOf, NodeError } from '../core/errors.ts';
import type { NodeFault } from '../core/errors.ts';
import type { Batch, Command, Commands } from './command.ts';
import { ReplyDecoder } from './decoder.ts';
import { Pipeline } from './pipeline.ts';
import { ReplyDeadline } from './reply-deadline.ts';
import { openSocket } from './socket.ts';
import type { SocketOptions } from './socket.ts';
import { closedHere, secondsText, socketErrorText } from './socket-error.ts';

/** A reply whose bytes come more slowly has to be complete within its deadline, in bytes per ms. */
const slowestReply = 16;

export interface ConnectOptions extends SocketOptions {
  /** How long the server may keep silent while a reply is due (a reserve adds its wait), in ms. */
  readonly replyTimeout: number;
}

/** @throws NodeError */
export async function connect(options: ConnectOptions): Promise<Connection> {
  // Who isn't asked yet has nothing to say
  let receive: (chunk: Buffer) => void = () => undefined;
  const socket = await openSocket(options, (chunk) => {
    receive(chunk);
  });
  const connection = new Connection(socket, options);
  ({ receive } = connection);
  return connection;
}

export class Connection {
  /** Resolves with the reason when it has ended; it can't be opened again. */
  readonly ended: Promise<NodeError>;
  readonly #endpoint: string;
  readonly #socket: Socket;
  readonly #replyTimeout: number;
  readonly #pipeline: Pipeline;
  readonly #decoder: ReplyDecoder;
  readonly #deadline: ReplyDeadline;
  #writing = false;
  #end: NodeError | undefined;
  #onEnd!: (reason: NodeError) => void;

  /** @param socket connected, with no listeners. */
  constructor(socket: Socket, { endpoint, replyTimeout }: ConnectOptions) {
    this.#endpoint = endpoint;
    this.ended = new Promise((resolve) => {
      this.#onEnd = resolve;
    });
    this.#socket = socket;
    this.#replyTimeout = replyTimeout;
    this.#pipeline = new Pipeline(endpoint);
    this.#decoder = new ReplyDecoder(
      (reply) => {
        this.#pipeline.receive(reply);
      },
      (chunk, at) => this.#pipeline.skim(chunk, at),
    );
    this.#deadline = new ReplyDeadline((ms) => {
      this.#destroy('timeout', `no reply within ${secondsText(ms)}`);
    });
    socket.on('end', () => {
      this.#destroy('down', 'connection closed');
    });
    socket.on('error', (error) => {
      this.#destroy('down', socketErrorText(error), error);
    });
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /**
   * Commands sent in the same tick share one write. A body must not change before the command is answered.
   * @returns what the reply means. Rejects with a NodeError.
   */
  send<Outcome>(command: Command<Outcome>): Promise<Outcome> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    this.#writeSoon();
    return this.#pipeline.add(command);
  }

  /** The same for many at once: one that is refused rejects them all. */
  sendAll<Outcome>(commands: Commands<Outcome>): Promise<Outcome[]> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    if (commands.lines.length > 0) this.#writeSoon();
    return this.#pipeline.addAll(commands);
  }

  /** The same for a batch: each has its outcome, or is refused by itself. */
  sendBatch<Outcome>(batch: Batch<Outcome>): Promise<(Outcome | NodeError)[]> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    if (batch.length > 0) this.#writeSoon();
    return this.#pipeline.addBatch(batch);
  }

  /** At once: the server gives its reservations back, and every command without a reply is rejected. */
  close(): void {
    this.#destroy('down', closedHere);
  }

  #writeSoon(): void {
    if (this.#writing) return;
    this.#writing = true;
    process.nextTick(this.#write);
  }

  readonly #write = (): void => {
    this.#writing = false;
    if (this.#end !== undefined) return;
    const wasIdle = this.#pipeline.oldest === undefined;
    this.#socket.write(this.#pipeline.take());
    if (wasIdle) this.#expectReply();
  };

  /** @param chunk is not used any more when it returns. */
  readonly receive = (chunk: Buffer): void => {
    const wasInReply = this.#decoder.isInReply;
    const waiting = this.#pipeline.length;
    try {
      this.#decoder.push(chunk);
      if (this.#decoder.bodyOf !== undefined) this.#pipeline.expectBody(this.#decoder.bodyOf);
    } catch (error) {
      this.#destroy('protocol', `protocol broken: ${messageOf(error)}`, error);
      return;
    }
    if (wasInReply && this.#pipeline.length === waiting) this.#expectRest(chunk.length);
    else this.#expectReply();
  };

  /** A reserve may wait for its reply to begin, but not in the middle of it. */
  #expectReply(): void {
    const { oldest } = this.#pipeline;
    const waitMs = this.#decoder.isInReply ? 0 : (oldest?.waitMs ?? 0);
    this.#deadline.expect(oldest === undefined ? Infinity : waitMs + this.#replyTimeout);
  }

  /** A byte now and then doesn't keep a reply alive. */
  #expectRest(received: number): void {
    this.#deadline.extend(received / slowestReply);
  }

  #destroy(fault: NodeFault, message: string, cause?: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = new NodeError(this.#endpoint, fault, message, { cause });
    this.#deadline.stop();
    this.#socket.destroy();
    this.#pipeline.fail(fault, message, cause);
    this.#onEnd(this.#end);
  }
}
