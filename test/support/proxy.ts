// A TCP proxy in front of a server, which can go silent, slow down, cut and half-close connections.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll } from 'vitest';

/** `requests` go to the server, `replies` to the client. */
export type Direction = 'requests' | 'replies';

const started = new Set<Proxy>();

afterAll(() => {
  for (const proxy of started) proxy.close();
});

export async function startProxy(targetPort: number): Promise<Proxy> {
  const listener = createServer({ allowHalfOpen: true, noDelay: true });
  const proxy = new Proxy(listener, targetPort);
  started.add(proxy);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return proxy;
}

export class Proxy {
  readonly #listener: Server;
  readonly #targetPort: number;
  readonly #links = new Set<Link>();
  readonly #stalled = new Set<Direction>();
  #onRequest: (chunk: Buffer) => void = () => undefined;
  #delayMs = 0;
  #refusing = false;
  #cutEvery = Infinity;
  #replies = 0;

  constructor(listener: Server, targetPort: number) {
    this.#listener = listener;
    this.#targetPort = targetPort;
    listener.on('connection', (client) => {
      this.#accept(client);
    });
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** How many connections go through it now. */
  get connections(): number {
    return this.#links.size;
  }

  /** Told of each chunk before it is passed on. */
  onRequest(listener: (chunk: Buffer) => void): void {
    this.#onRequest = listener;
  }

  /** A black hole: from now on nothing passes, and nobody is told. Bytes are kept, as TCP keeps them. */
  stall(...directions: readonly Direction[]): void {
    const both: readonly Direction[] = ['requests', 'replies'];
    for (const direction of directions.length > 0 ? directions : both) this.#stalled.add(direction);
    this.#apply();
  }

  /** From now on every n-th chunk of replies is passed in part only, and then its connection is reset. */
  cutReplies(every: number): void {
    this.#cutEvery = every;
  }

  /** Ends a stall, `refuse` and `cutReplies`; what was kept is delivered. */
  heal(): void {
    this.#stalled.clear();
    this.#refusing = false;
    this.#cutEvery = Infinity;
    this.#apply();
  }

  /** From now on every chunk of both directions takes that long (ms). */
  delay(ms: number): void {
    this.#delayMs = ms;
    this.#apply();
  }

  /** Resets every connection; new ones are welcome. */
  cut(): void {
    for (const link of this.#links) link.cut();
  }

  /** Cuts, and resets new connections as well until it heals. */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  /** Tells every client that no more replies will come; their requests still pass. */
  halfClose(): void {
    for (const link of this.#links) link.halfClose();
  }

  close(): void {
    started.delete(this);
    this.#listener.close();
    this.cut();
  }

  #accept(client: Socket): void {
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true });
    const cutAt = (length: number): number | undefined => this.#cutAt(length);
    const link = new Link(client, server, cutAt, () => this.#links.delete(link));
    this.#links.add(link);
    client.prependListener('data', (chunk: Buffer) => {
      this.#onRequest(chunk);
    });
    link.apply(this.#stalled, this.#delayMs);
  }

  /** After how many bytes of this chunk of replies its connection is reset; each time another place. */
  #cutAt(length: number): number | undefined {
    this.#replies += 1;
    return this.#replies % this.#cutEvery === 0 ? this.#replies % length : undefined;
  }

  #apply(): void {
    for (const link of this.#links) link.apply(this.#stalled, this.#delayMs);
  }
}

/** One connection through the proxy: two sockets and a lane for each direction. */
class Link {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #lanes: Readonly<Record<Direction, Lane>>;

  /** @param cutAt after how many bytes of a chunk of replies (of that length) the link is cut, if at all. */
  constructor(
    client: Socket,
    server: Socket,
    cutAt: (length: number) => number | undefined,
    onClose: () => void,
  ) {
    this.#client = client;
    this.#server = server;
    const passReply = (chunk: Buffer): void => {
      const at = cutAt(chunk.length);
      if (at === undefined) client.write(chunk);
      else
        client.write(chunk.subarray(0, at), () => {
          this.cut();
        });
    };
    const passRequest = (chunk: Buffer): boolean => server.write(chunk);
    this.#lanes = {
      requests: new Lane(client, server, passRequest),
      replies: new Lane(server, client, passReply),
    };
    for (const socket of [client, server]) {
      socket.on('error', () => {
        this.cut();
      });
      socket.on('close', () => {
        onClose();
        if (client.destroyed && server.destroyed) return;
        for (const other of [client, server]) other.end();
      });
    }
  }

  apply(stalled: ReadonlySet<Direction>, delayMs: number): void {
    for (const direction of ['requests', 'replies'] as const) {
      this.#lanes[direction].apply(stalled.has(direction), delayMs);
    }
  }

  cut(): void {
    this.#client.resetAndDestroy();
    this.#server.destroy();
  }

  halfClose(): void {
    this.#lanes.replies.apply(true, 0);
    this.#client.end();
  }
}

/** One direction of a link: chunks, and the end, in order, each after the delay, none while it is stalled. */
class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #waiting: { readonly write: () => unknown; readonly due: number }[] = [];
  #stalled = false;
  #delayMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, write: (chunk: Buffer) => unknown) {
    this.#from = from;
    this.#to = to;
    from.on('data', (chunk: Buffer) => {
      this.#pass(() => write(chunk));
    });
    from.on('end', () => {
      this.#pass(() => to.end());
    });
  }

  apply(stalled: boolean, delayMs: number): void {
    this.#stalled = stalled;
    this.#delayMs = delayMs;
    this.#deliver();
  }

  #pass(write: () => unknown): void {
    this.#waiting.push({ write, due: performance.now() + this.#delayMs });
    this.#deliver();
  }

  readonly #deliver = (): void => {
    clearTimeout(this.#timer);
    if (this.#stalled) return;
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      const left = next.due - performance.now();
      if (left > 0) {
        this.#timer = setTimeout(this.#deliver, left);
        return;
      }
      this.#waiting.shift();
      if (!this.#to.destroyed && this.#to.writable) next.write();
    }
  };
}
