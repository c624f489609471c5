// A scripted node: it hears beanstalkd's commands and answers whatever the test wants.

import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll } from 'vitest';

export interface Heard {
  /** Without its CRLF, such as `put 1024 0 60 5`. */
  readonly line: string;
  /** Its first word. */
  readonly name: string;
  /** Of `put`. */
  readonly body: Buffer | undefined;
}

/**
 * What it answers, byte for byte ('' and undefined: nothing at all); `cut`: it resets the connection.
 * A script may write to the socket by itself, in pieces or later.
 */
export type Script = (heard: Heard, socket: Socket) => string | Buffer | undefined | typeof cut;

export const cut = Symbol('cut');

const started = new Set<FakeNode>();

afterAll(() => {
  for (const node of started) node.close();
});

export async function startFakeNode(script: Script): Promise<FakeNode> {
  const listener = createServer();
  const node = new FakeNode(listener, script);
  started.add(node);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return node;
}

export class FakeNode {
  readonly heard: Heard[] = [];
  readonly #listener: Server;
  readonly #script: Script;
  readonly #sockets = new Set<Socket>();

  constructor(listener: Server, script: Script) {
    this.#listener = listener;
    this.#script = script;
    listener.on('connection', (socket) => {
      this.#converse(socket);
    });
  }

  get endpoint(): string {
    return `127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  close(): void {
    started.delete(this);
    this.#listener.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #converse(socket: Socket): void {
    this.#sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      for (let next = nextCommand(received); next !== undefined; next = nextCommand(received)) {
        received = received.subarray(next.length);
        this.#answer(next.heard, socket);
      }
    });
  }

  #answer(heard: Heard, socket: Socket): void {
    this.heard.push(heard);
    const answer = this.#script(heard, socket);
    if (answer === cut) socket.resetAndDestroy();
    else if (answer !== undefined && socket.writable) socket.write(answer);
  }
}

/** Undefined as long as it isn't whole. */
function nextCommand(received: Buffer): { heard: Heard; length: number } | undefined {
  const end = received.indexOf('\r\n');
  if (end === -1) return undefined;
  const line = received.toString('latin1', 0, end);
  const [name = '', ...words] = line.split(' ');
  const from = end + 2;
  if (name !== 'put') return { heard: { line, name, body: undefined }, length: from };
  const to = from + Number(words[3]);
  if (received.length < to + 2) return undefined;
  return { heard: { line, name, body: received.subarray(from, to) }, length: to + 2 };
}

/** What a node says that takes every job and has none to give, unless `overrides` has an answer. */
export function obliging(overrides: Script = () => undefined): Script {
  const bodies: Buffer[] = [];
  return (heard, socket) => {
    const own = overrides(heard, socket);
    if (own !== undefined) return own;
    switch (heard.name) {
      case 'use':
        return `USING ${heard.line.slice('use '.length)}\r\n`;
      case 'watch':
        return 'WATCHING 2\r\n';
      case 'ignore':
        return 'WATCHING 1\r\n';
      case 'put':
        return `INSERTED ${bodies.push(heard.body!)}\r\n`;
      case 'peek':
        return found(heard.line.slice('peek '.length), bodies);
      case 'delete':
        return 'DELETED\r\n';
      default:
        return 'NOT_FOUND\r\n';
    }
  };
}

function found(id: string, bodies: readonly Buffer[]): string {
  const body = bodies[Number(id) - 1];
  return body === undefined
    ? 'NOT_FOUND\r\n'
    : `FOUND ${id} ${body.length}\r\n${body.toString()}\r\n`;
}
