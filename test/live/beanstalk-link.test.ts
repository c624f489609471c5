// The link that keeps a connection alive, and the dialer that fails fast.

import type { Socket } from 'node:net';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { Dialer } from '../../src/beanstalk/dialer.ts';
import { Link } from '../../src/beanstalk/link.ts';
import { stats } from '../../src/beanstalk/stats-commands.ts';
import {
  ignore,
  listTubesWatched,
  listTubeUsed,
  use,
  watch,
} from '../../src/beanstalk/tube-commands.ts';
import type { Clock } from '../../src/core/clock.ts';
import { startFakeNode } from '../support/fake-node.ts';
import { freePort, Server, startBeanstalkd } from '../support/servers.ts';
import { until } from '../support/wait.ts';

let server: Server;
const dialers: Dialer[] = [];

beforeAll(async () => {
  server = await startBeanstalkd();
});
afterEach(() => {
  for (const dialer of dialers.splice(0)) dialer.close();
});

/** Shows what it is told to. */
class StillClock implements Clock {
  time = 1_000_000;
  now = (): number => this.time;
  sleep = (): Promise<void> => Promise.reject(new Error('nobody sleeps here'));
}

function dialerTo(endpoint: string): { dialer: Dialer; clock: StillClock } {
  const clock = new StillClock();
  const dialer = new Dialer({ endpoint, clock, connectTimeout: 30_000, replyTimeout: 30_000 });
  dialers.push(dialer);
  return { dialer, clock };
}

function settled(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

it('opens one connection for all who ask', async () => {
  const { dialer } = dialerTo(server.endpoint);
  const link = new Link(dialer, [use('jobs')]);
  expect(link.open).toBeUndefined();
  const connections = await Promise.all([link.connection(), link.connection(), link.connection()]);
  expect(new Set([...connections, await link.connection(), link.open]).size).toBe(1);
  expect(await Promise.all([link.send(listTubeUsed()), link.send(listTubeUsed())])).toEqual([
    'jobs',
    'jobs',
  ]);
});

it('opens anew after a loss, with the prelude', async () => {
  const own = await startBeanstalkd();
  const { dialer } = dialerTo(own.endpoint);
  const link = new Link(dialer, [watch('jobs'), ignore('default')]);
  const first = await link.connection();
  await own.kill();
  expect(await first.ended).toMatchObject({ node: own.endpoint, fault: 'down' });
  expect(link.open).toBeUndefined();
  await own.start();
  expect(await link.send(listTubesWatched())).toEqual(['jobs']);
});

it('after a failure it fails fast with the same error, until it is time to try again', async () => {
  const own = new Server(await freePort(), 'beanstalkd', []);
  const { dialer, clock } = dialerTo(own.endpoint);
  const link = new Link(dialer, []);
  const refused = await settled(link.send(stats()));
  expect(refused).toMatchObject({ node: own.endpoint, message: 'connection refused' });

  const other = await startOn(own.port);
  clock.time += 99;
  expect(await settled(link.send(stats()))).toBe(refused);
  clock.time += 26;
  expect(await link.send(stats())).toMatchObject({ draining: false });
  await other.kill();
});

it('waits longer after each failure, but not for those that failed together', async () => {
  const { dialer, clock } = dialerTo(`127.0.0.1:${await freePort()}`);
  const together = await Promise.all([settled(dialer.open([])), settled(dialer.open([]))]);
  clock.time += 125;
  const second = await settled(dialer.open([]));
  expect(together).not.toContain(second);
  clock.time += 199;
  expect(await settled(dialer.open([]))).toBe(second);
  clock.time += 51;
  expect(await settled(dialer.open([]))).not.toBe(second);
});

it('a clock that is set back does not prolong it', async () => {
  const { dialer, clock } = dialerTo(`127.0.0.1:${await freePort()}`);
  const first = await settled(dialer.open([]));
  clock.time -= 3_600_000;
  expect(await settled(dialer.open([]))).not.toBe(first);
});

it('success ends it', async () => {
  const port = await freePort();
  const { dialer, clock } = dialerTo(`127.0.0.1:${port}`);
  await settled(dialer.open([]));
  clock.time += 125;
  await settled(dialer.open([]));
  const own = await startOn(port);
  clock.time += 250;
  await dialer.open([]);
  await own.kill();
  const refused = await settled(dialer.open([]));
  clock.time += 125;
  expect(await settled(dialer.open([]))).not.toBe(refused);
});

it('a prelude that is refused is no connection', async () => {
  const sockets = new Set<Socket>();
  const fake = await startFakeNode(({ line }, socket) => {
    sockets.add(socket);
    return line.startsWith('watch') ? 'OUT_OF_MEMORY\r\n' : 'WATCHING 1\r\n';
  });
  const { dialer } = dialerTo(fake.endpoint);
  const link = new Link(dialer, [watch('jobs'), ignore('default')]);
  expect(await settled(link.connection())).toMatchObject({ fault: 'out-of-memory' });
  expect(fake.heard.map(({ line }) => line)).toEqual(['watch jobs', 'ignore default']);
  await until('it is closed', () => [...sockets].every(({ destroyed }) => destroyed));
});

it('closes all its connections, those that are being opened too, and opens no more', async () => {
  const sockets = new Set<Socket>();
  const fake = await startFakeNode(({ line }, socket) => {
    sockets.add(socket);
    return line === 'use a' ? 'USING a\r\n' : undefined;
  });
  const { dialer } = dialerTo(fake.endpoint);
  const opened = await dialer.open([use('a')]);
  const opening = settled(dialer.open([use('silent')]));
  await until('it is asked', () => fake.heard.some(({ line }) => line === 'use silent'));
  const dialling = settled(dialer.open([use('a')]));
  dialer.close();

  const closed = { fault: 'down', message: 'connection closed here' };
  expect(await opened.ended).toMatchObject(closed);
  expect(await Promise.all([opening, dialling])).toMatchObject([closed, closed]);
  expect(await settled(dialer.open([]))).toMatchObject(closed);
  await until('all are closed', () => [...sockets].every(({ destroyed }) => destroyed));
});

function startOn(port: number): Promise<Server> {
  return new Server(port, 'beanstalkd', ['-l', '127.0.0.1', '-p', String(port)]).start();
}
