// A tiny beanstalkd client, one command at a time: what lies in a node, seen without dq's own client.

import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawReply {
  readonly line: string;
  /** The body of OK, FOUND and RESERVED. */
  readonly body: Buffer | undefined;
}

export type Counts = Readonly<Record<'ready' | 'reserved' | 'delayed' | 'buried', number>>;

export class RawNode {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  #received = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async ask(line: string, body?: Buffer): Promise<RawReply> {
    this.#socket.write(`${line}\r\n`);
    if (body !== undefined) this.#socket.write(Buffer.concat([body, Buffer.from('\r\n')]));
    return this.#reply();
  }

  /** A part of a command: nothing is answered. */
  write(text: string): void {
    this.#socket.write(text);
  }

  /** As beanstalkd prints them, without the quotes; undefined when there is no such job or tube. */
  async stats(line: string): Promise<ReadonlyMap<string, string> | undefined> {
    const { body } = await this.ask(line);
    const pairs = body?.toString('latin1').matchAll(/^([\w-]+): "?(.*?)"?$/gm);
    return pairs && new Map(Array.from(pairs, ([, name = '', value = '']) => [name, value]));
  }

  async counts(tube: string): Promise<Counts> {
    const stats = await this.stats(`stats-tube ${tube}`);
    const count = (name: string): number => Number(stats?.get(`current-jobs-${name}`) ?? 0);
    return {
      ready: count('ready'),
      reserved: count('reserved'),
      delayed: count('delayed'),
      buried: count('buried'),
    };
  }

  /** How many jobs it ever took. */
  async totalJobs(): Promise<number> {
    return Number((await this.stats('stats'))?.get('total-jobs'));
  }

  close(): void {
    this.#socket.destroy();
  }

  async #reply(): Promise<RawReply> {
    const end = await this.#find(() => {
      const at = this.#received.indexOf('\r\n');
      return at === -1 ? undefined : at;
    });
    const line = this.#received.toString('latin1', 0, end);
    const size = /^(?:OK|FOUND \d+|RESERVED \d+) (\d+)$/.exec(line)?.[1];
    const from = end + 2;
    if (size === undefined) {
      this.#received = this.#received.subarray(from);
      return { line, body: undefined };
    }
    const to = from + Number(size);
    await this.#find(() => (this.#received.length >= to + 2 ? to : undefined));
    const body = this.#received.subarray(from, to);
    this.#received = this.#received.subarray(to + 2);
    return { line, body };
  }

  async #find(look: () => number | undefined): Promise<number> {
    for (let at = look(); ; at = look()) {
      if (at !== undefined) return at;
      const chunk = await this.#chunks.next();
      if (chunk.done === true) throw new Error('the node closed the connection');
      this.#received = Buffer.concat([this.#received, chunk.value]);
    }
  }
}

export async function connectRaw(port: number): Promise<RawNode> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return new RawNode(socket);
}
