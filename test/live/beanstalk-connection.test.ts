// One connection: its deadlines, its end, and what becomes of those who wait for a reply.

import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect } from '../../src/beanstalk/connection.ts';
import type { Connection, ConnectOptions } from '../../src/beanstalk/connection.ts';
import { put, reserve, reserveWithTimeout, touch } from '../../src/beanstalk/job-commands.ts';
import { Opening } from '../../src/beanstalk/opening.ts';
import { listTubeUsed, quit, use } from '../../src/beanstalk/tube-commands.ts';
import { NodeError } from '../../src/core/errors.ts';
import { cut, startFakeNode } from '../support/fake-node.ts';
import type { Script } from '../support/fake-node.ts';
import { freePort, startBeanstalkd } from '../support/servers.ts';
import type { Server } from '../support/servers.ts';
import { until } from '../support/wait.ts';

const plain = { priority: 1024, delay: 0, ttr: 60 };
const silent: Script = () => undefined;
/** Short enough to wait for, in ms. */
const short = 50;

let server: Server;
const open: Connection[] = [];

beforeAll(async () => {
  server = await startBeanstalkd();
});
afterEach(() => {
  for (const connection of open.splice(0)) connection.close();
  vi.useRealTimers();
});

async function connectTo(
  endpoint: string,
  options: Partial<ConnectOptions> = {},
): Promise<Connection> {
  const patient = { connectTimeout: 30_000, replyTimeout: 30_000 };
  const connection = await connect({ endpoint, ...patient, ...options });
  open.push(connection);
  return connection;
}

/** But by what is returned: so many ms, and what they lead to. A server takes the time it needs. */
function timeStandsStill(): (ms: number) => Promise<void> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'hrtime'] });
  const turn = (): Promise<unknown> => new Promise(setImmediate);
  return async (ms) => {
    await turn();
    vi.advanceTimersByTime(ms);
    await turn();
  };
}

function settled(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

describe('opening', () => {
  it('a connection that came while this process stood still is one', async () => {
    const opening = connectTo(server.endpoint, { connectTimeout: short });
    await Promise.resolve();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4 * short);
    expect(await (await opening).send(listTubeUsed())).toBe('default');
  });

  it('nobody listens', async () => {
    const endpoint = `127.0.0.1:${await freePort()}`;
    expect(await settled(connectTo(endpoint))).toMatchObject({
      name: 'NodeError',
      node: endpoint,
      fault: 'down',
      message: 'connection refused',
      unconfirmed: false,
    });
  });

  it('a name that has several addresses', async () => {
    const connection = await connectTo(`localhost:${server.port}`);
    expect(await connection.send(listTubeUsed())).toBe('default');
  });

  it('gives up in time', async () => {
    const { endpoint } = await startFakeNode(silent);
    const opening = connectTo(endpoint, { tls: {}, connectTimeout: short });
    expect(await settled(opening)).toMatchObject({
      node: endpoint,
      fault: 'timeout',
      message: 'no TLS handshake within 0.05 s',
      unconfirmed: false,
    });
  });

  it('gives up when told to', async () => {
    const { endpoint } = await startFakeNode(silent);
    const opening = new Opening();
    const reason = new NodeError(endpoint, 'down', 'connection closed here');
    const connecting = connectTo(endpoint, { tls: {}, opening });
    setImmediate(() => {
      opening.giveUp(reason);
    });
    expect(await settled(connecting)).toBe(reason);
    expect(await settled(connectTo(server.endpoint, { opening }))).toBe(reason);
  });

  it('no endpoint', async () => {
    await expect(connectTo('somewhere')).rejects.toThrow(RangeError);
  });
});

describe('deadlines', () => {
  it('a server that accepts and is silent', async () => {
    const { endpoint } = await startFakeNode(silent);
    const connection = await connectTo(endpoint, { replyTimeout: short });
    const commands = [connection.send(touch(1n)), connection.send(touch(2n))].map(settled);
    const timeout = {
      node: endpoint,
      fault: 'timeout',
      message: 'no reply within 0.05 s',
      unconfirmed: true,
    };
    expect(await Promise.all(commands)).toMatchObject([timeout, timeout]);
    expect(connection.isOpen).toBe(false);
  });

  it('a server that falls silent in the middle of a reply', async () => {
    const { endpoint } = await startFakeNode(() => 'RESERVED 1 10\r\nabc');
    const connection = await connectTo(endpoint, { replyTimeout: short });
    expect(await settled(connection.send(reserve()))).toMatchObject({
      fault: 'timeout',
      message: 'no reply within 0.05 s',
    });
  });

  it('a waiting reserve may take its wait, and no longer', async () => {
    const pass = timeStandsStill();
    const real = await connectTo(server.endpoint, { replyTimeout: 3_000 });
    const waiting = real.send(reserveWithTimeout(1));
    await pass(3_999);
    expect(await waiting).toBe('timed-out');
    vi.useRealTimers();

    const { endpoint } = await startFakeNode(silent);
    const scripted = await connectTo(endpoint, { replyTimeout: short });
    expect(await settled(scripted.send(reserveWithTimeout(1)))).toMatchObject({
      fault: 'timeout',
      message: 'no reply within 1.05 s',
    });
  });

  it('an idle connection has none', async () => {
    const pass = timeStandsStill();
    const connection = await connectTo(server.endpoint);
    await connection.send(listTubeUsed());
    await pass(3_600_000);
    expect(await connection.send(listTubeUsed())).toBe('default');
  });
});

describe('a broken protocol ends the connection', () => {
  it.each([
    [
      'another protocol',
      'HTTP/1.1 400 Bad Request\r\n',
      'unexpected reply "HTTP/1.1 400 Bad Request"',
    ],
    [
      'a length nobody has',
      'OK 1000000000000\r\n',
      'a body can\'t have the length "1000000000000"',
    ],
    ['an endless line', 'x'.repeat(2_000), 'a reply line is longer than 1024 bytes'],
    ['a body without CRLF', 'OK 1\r\nabc', "a body of 1 bytes isn't followed by CRLF"],
    ['a reply too many', 'TOUCHED\r\nTOUCHED\r\nTOUCHED\r\n', 'a reply that nobody waits for'],
  ])('%s', async (_, answer, message) => {
    const { endpoint } = await startFakeNode(({ line }) => (line === 'touch 1' ? answer : ''));
    const connection = await connectTo(endpoint);
    const last = [connection.send(touch(1n)), connection.send(touch(2n))].map(settled);
    const reason = await connection.ended;
    expect(reason).toMatchObject({ node: endpoint, fault: 'protocol', unconfirmed: false });
    expect(reason.message).toContain(`protocol broken: ${message}`);
    for (const outcome of await Promise.all(last)) {
      if (outcome !== true) expect(outcome).toMatchObject({ fault: 'protocol', unconfirmed: true });
    }
    expect(await settled(connection.send(touch(3n)))).toBe(reason);
  });

  it('a server that greets', async () => {
    const greeter = createServer((socket) => socket.end('220 ready\r\n')).listen(0, '127.0.0.1');
    await once(greeter, 'listening');
    const connection = await connectTo(`127.0.0.1:${(greeter.address() as AddressInfo).port}`);
    expect(await connection.ended).toMatchObject({ fault: 'protocol' });
    greeter.close();
  });
});

describe('the end', () => {
  it('the server leaves', async () => {
    const { endpoint } = await startFakeNode((_, socket) => {
      socket.end();
      return '';
    });
    const connection = await connectTo(endpoint);
    expect(await settled(connection.send(touch(1n)))).toMatchObject({
      node: endpoint,
      fault: 'down',
      message: 'connection closed',
      unconfirmed: true,
    });
  });

  it('the server resets', async () => {
    const { endpoint } = await startFakeNode(() => cut);
    const connection = await connectTo(endpoint);
    expect(await settled(connection.send(touch(1n)))).toMatchObject({
      fault: 'down',
      message: 'connection reset',
    });
  });

  it('quit', async () => {
    const connection = await connectTo(server.endpoint);
    expect(await settled(connection.send(quit()))).toMatchObject({ message: 'connection closed' });
  });

  it('we leave: what was written may have taken effect, the rest has not', async () => {
    const { endpoint, heard } = await startFakeNode(silent);
    const connection = await connectTo(endpoint);
    const written = settled(connection.send(touch(1n)));
    await until('it is there', () => heard.length > 0);
    const unwritten = settled(connection.send(touch(2n)));
    connection.close();
    const closed = { node: endpoint, fault: 'down', message: 'connection closed here' };
    expect(await written).toMatchObject({ ...closed, unconfirmed: true });
    expect(await unwritten).toMatchObject({ ...closed, unconfirmed: false });
    expect(await connection.ended).toMatchObject(closed);
  });

  it('nothing is left of it', async () => {
    const connection = await connectTo(server.endpoint);
    await connection.send(use('jobs'));
    expect(sockets()).toBeGreaterThan(0);
    const waiting = settled(connection.send(reserve()));
    connection.close();
    await waiting;
    await until('the socket is gone', () => sockets() === 0);
  });

  it('no timer is left of it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const connection = await connectTo(server.endpoint);
    expect(await connection.send(listTubeUsed())).toBe('default');
    void settled(connection.send(listTubeUsed()));
    expect(vi.getTimerCount()).toBe(1);
    connection.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('writing', () => {
  it('commands of one tick share a write', async () => {
    const connection = await connectTo(server.endpoint);
    const write = vi.spyOn(Socket.prototype, 'write');
    const body = Buffer.from('hello');
    await Promise.all(Array.from({ length: 500 }, () => connection.send(put(body, plain))));
    expect(write).toHaveBeenCalledTimes(1);
    write.mockRestore();
  });

  it('commands that answers lead to share one as well, however far behind them', async () => {
    const count = 10;
    const { endpoint } = await startFakeNode(({ line }) =>
      line === `touch ${count - 1}` ? 'TOUCHED\r\n'.repeat(count) : '',
    );
    const connection = await connectTo(endpoint);
    const write = vi.spyOn(Socket.prototype, 'write');
    const chains = Array.from({ length: count }, async (_, at) => {
      await connection.send(touch(BigInt(at)));
      for (let hop = 0; hop < at; hop++) await Promise.resolve();
      void settled(connection.send(touch(100n)));
    });
    await Promise.all(chains);
    await new Promise(setImmediate);
    const own = write.mock.calls.filter(([bytes]) => String(bytes).startsWith('touch'));
    expect(own.map(([bytes]) => String(bytes).split('\r\n').length - 1)).toEqual([count, count]);
    write.mockRestore();
  });

  it('a server that does not read for a while gets all that was written', async () => {
    const frozen = await startBeanstalkd();
    const connection = await connectTo(frozen.endpoint);
    frozen.pause();
    const body = Buffer.alloc(60_000);
    const puts = Array.from({ length: 400 }, () => connection.send(put(body, plain)));
    await new Promise(setImmediate);
    frozen.resume();
    expect(await Promise.all(puts)).toHaveLength(400);
  });
});

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}
