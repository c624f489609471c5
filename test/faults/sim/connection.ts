// Stands in for src/beanstalk/connection.ts: the same face, over a channel to a modelled beanstalkd.

import type { Buffer } from 'node:buffer';
import type { Batch, Command } from '../../../src/beanstalk/command.ts';
import { ProtocolError, Refusal, type Reply } from '../../../src/beanstalk/reply.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { NodeError, type NodeFault } from '../../../src/core/errors.ts';
import type { Beanstalkd } from './beanstalkd.ts';
import { Channel } from './channel.ts';
import { ProcessClock, type Process } from './process.ts';
import type { Session } from './stored.ts';

export interface ConnectOptions {
  readonly endpoint: string;
  readonly clock: Clock;
  readonly connectTimeout: number;
  readonly replyTimeout: number;
  readonly signal?: AbortSignal | undefined;
}

/** The process is known by its clock. */
export function connect(options: ConnectOptions): Promise<Connection> {
  const { endpoint, clock, connectTimeout, signal } = options;
  if (!(clock instanceof ProcessClock)) throw new Error('not a clock of the simulation');
  const { process } = clock;
  const { world } = process;
  const host = world.nodes.find(({ name }) => name === endpoint);
  if (host === undefined) throw new Error(`no such node: ${endpoint}`);
  return new Promise((resolve, reject) => {
    let open = true;
    const end = (): void => {
      open = false;
      deadline.cancelled = true;
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (fault: NodeFault, message: string): void => {
      if (!open) return;
      end();
      reject(new NodeError(endpoint, fault, message));
    };
    const onAbort = (): void => {
      fail('down', 'connection closed here');
    };
    signal?.addEventListener('abort', onAbort);
    const roundTrip = world.weather.latency() + world.weather.latency();
    const deadline = process.plan(connectTimeout, 'deadline', () => {
      fail('timeout', 'no connection in time');
    });
    world.timeline.plan(roundTrip, () => {
      world.pathOf(process, host).pass(() => {
        process.enter('bytes', () => {
          if (host.state === 'down') fail('down', 'connection refused');
          else if (open) {
            end();
            resolve(new Connection(process, host, options));
          }
        });
      });
    });
  });
}

interface Waiting {
  readonly command: Command<unknown>;
  readonly resolve: (outcome: unknown) => void;
  readonly reject: (error: NodeError) => void;
}

export class Connection {
  readonly endpoint: string;
  readonly ended: Promise<NodeError>;
  readonly #process: Process;
  readonly #host: Beanstalkd;
  readonly #channel: Channel;
  readonly #session: Session;
  readonly #replyTimeout: number;
  #pending: Waiting[] = [];
  #end: NodeError | undefined;
  #onEnd!: (reason: NodeError) => void;
  #due = Infinity;
  #timer: { cancelled: boolean } | undefined;
  #wakesAt = Infinity;

  constructor(process: Process, host: Beanstalkd, { endpoint, replyTimeout }: ConnectOptions) {
    this.endpoint = endpoint;
    this.#process = process;
    this.#host = host;
    this.#replyTimeout = replyTimeout;
    this.ended = new Promise((resolve) => {
      this.#onEnd = resolve;
    });
    this.#channel = new Channel(process, host);
    this.#session = host.open(this.#channel);
    this.#channel.onCut = () => {
      this.#destroy('down', 'it closed the connection');
    };
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  get inFlight(): number {
    return this.#pending.length;
  }

  get backlog(): number {
    return 0;
  }

  send<Outcome>(command: Command<Outcome>): Promise<Outcome> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    this.#process.world.meter.count(this.#process);
    return new Promise<Outcome>((resolve, reject) => {
      const waiting = { command, resolve: resolve as Waiting['resolve'], reject };
      this.#pending.push(waiting);
      if (this.#pending.length === 1) this.#expectReply();
      this.#channel.ask<Reply>(
        command.line,
        (answer) => {
          this.#host.receive(this.#session, command, answer);
        },
        (reply) => {
          this.#receive(waiting, reply);
        },
      );
    });
  }

  sendBatch<Outcome>(batch: Batch<Outcome>): Promise<(Outcome | NodeError)[]> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return Promise.all(
      commandsIn(batch).map((command) =>
        this.send(command).catch((error: unknown) => {
          if (error instanceof NodeError) return error;
          throw error;
        }),
      ),
    );
  }

  close(): void {
    this.#destroy('down', 'connection closed here');
  }

  #receive(waiting: Waiting, reply: Reply): void {
    const first = this.#pending.shift();
    if (first !== waiting) throw new Error('the model answers out of order');
    this.#process.world.trace(this.#process, () => {
      return `${this.endpoint} ${waiting.command.line} -> ${reply.word} ${reply.rest}`;
    });
    if (reply.word === 'BURIED') this.#host.buryKnown(waiting.command.line);
    try {
      waiting.resolve(waiting.command.read(reply));
    } catch (error) {
      if (error instanceof Refusal) {
        waiting.reject(new NodeError(this.endpoint, error.fault, error.message));
      } else if (error instanceof ProtocolError) {
        this.#pending.unshift(waiting);
        this.#destroy('protocol', error.message);
      } else throw error;
    }
    this.#expectReply();
  }

  /** As ReplyDeadline: silence is counted while a reply is due. */
  #expectReply(): void {
    const [oldest] = this.#pending;
    const { timeline } = this.#process.world;
    const allowed = oldest === undefined ? Infinity : (oldest.command.waitMs ?? 0);
    this.#due = timeline.now + allowed + this.#replyTimeout;
    if (this.#due < this.#wakesAt) this.#sleep();
  }

  #sleep(): void {
    if (this.#timer !== undefined) this.#timer.cancelled = true;
    this.#wakesAt = this.#due;
    const left = this.#due - this.#process.world.timeline.now;
    this.#timer = this.#process.plan(left, 'deadline', () => {
      this.#wakesAt = Infinity;
      if (this.#end !== undefined) return;
      if (this.#process.world.timeline.now >= this.#due)
        this.#destroy('timeout', 'no reply in time');
      else if (this.#due < Infinity) this.#sleep();
    });
  }

  #destroy(fault: NodeFault, message: string): void {
    if (this.#end !== undefined) return;
    const { endpoint } = this;
    this.#process.world.trace(this.#process, () => `${endpoint} connection lost: ${message}`);
    this.#end = new NodeError(endpoint, fault, message);
    if (this.#timer !== undefined) this.#timer.cancelled = true;
    this.#channel.close();
    const unconfirmed = new NodeError(endpoint, fault, message, { unconfirmed: true });
    for (const { reject } of this.#pending) reject(unconfirmed);
    this.#pending = [];
    this.#onEnd(this.#end);
  }
}

function commandsIn<Outcome>({ encoded, read }: Batch<Outcome>): Command<Outcome>[] {
  const commands: Command<Outcome>[] = [];
  for (let rest: Buffer = encoded; rest.length > 0;) {
    const line = rest.toString('latin1', 0, rest.indexOf('\r\n'));
    const from = line.length + 2;
    if (!line.startsWith('put ')) {
      commands.push({ line, read });
      rest = rest.subarray(from);
      continue;
    }
    const to = from + Number(line.slice(line.lastIndexOf(' ')));
    commands.push({ line, body: rest.subarray(from, to), read });
    rest = rest.subarray(to + 2);
  }
  return commands;
}
