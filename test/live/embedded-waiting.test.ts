// Who waits on the embedded queue is woken by what others do, in this process and in any other.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { openEmbedded, type Embedded } from '../../src/embedded/embedded.ts';
import type { QueueNode, Reservation, TubeCounts } from '../../src/queue/node.ts';
import { temporaryFolder } from '../support/servers.ts';
import { until } from '../support/wait.ts';
import { putOne } from '../support/put-one.ts';

const options = { delay: 0, priority: 1024, ttr: 60 };
const hello = Buffer.from('hello');

/** Nothing but an abort ends a sleep, so that only the bell can wake who waits. */
const clock: Clock = {
  now: () => now,
  sleep: async (_, signal) => {
    if (signal?.aborted === false) await once(signal, 'abort');
  },
};

let now = 1_767_225_600_000;
let folder: string;
let embedded: Embedded;
let node: QueueNode;
let other: QueueNode;

beforeEach(async () => {
  folder = temporaryFolder();
  embedded = await openEmbedded({ folder, clock });
  node = embedded.node('mail');
  other = embedded.node('mail');
});

afterEach(() => {
  embedded.close();
});

async function reservedByOther(): Promise<Reservation> {
  await putOne(other, hello, options);
  const reservation = await other.reserve(0);
  if (reservation === undefined) throw new Error('nothing is ready');
  return reservation;
}

it('by the put of another process, which says nothing', async () => {
  const waiting = node.reserve(60);
  const program = `
    const [dist, folder] = process.argv.slice(1);
    const { openEmbedded } = await import(dist + 'embedded/embedded.js');
    const { Puts } = await import(dist + 'queue/puts.js');
    const embedded = await openEmbedded({ folder });
    const options = { delay: 0, priority: 1024, ttr: 60 };
    await embedded.node('mail').putAll(new Puts([{ envelope: Buffer.from('hello'), options }]));
    embedded.close();`;
  const dist = new URL('../../dist/', import.meta.url).href;
  const words = ['--input-type=module', '-e', program, dist, folder];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'inherit', 'pipe'] });
  const stderr = await child.stderr.setEncoding('utf8').toArray();
  expect((await waiting)?.id).toBe(1n);
  expect(stderr).toEqual([]);
});

it('by a release', async () => {
  const reservation = await reservedByOther();
  const waiting = node.reserve(60);
  await reservation.release(0);
  expect((await waiting)?.id).toBe(reservation.id);
});

it('by a kick', async () => {
  const reservation = await reservedByOther();
  await reservation.bury();
  const waiting = node.reserve(60);
  await other.kick(reservation.id);
  expect((await waiting)?.id).toBe(reservation.id);
});

it('by the end of another worker', async () => {
  const reservation = await reservedByOther();
  const waiting = node.reserve(60);
  other.close();
  expect((await waiting)?.id).toBe(reservation.id);
});

it('although the bell was taken away meanwhile', async () => {
  const bell = join(folder, 'queue.bell');
  const waiting = node.reserve(60);
  rmSync(bell);
  await until('the bell hangs again', () => existsSync(bell));
  await putOne(other, hello, options);
  expect((await waiting)?.id).toBe(1n);
});

it('of one tube and one waiting at a time', async () => {
  const waiting = [node.reserve(60), other.reserve(60)];
  await bothWait();
  await putOne(embedded.node('other'), hello, options);
  const id = await putOne(node, hello, options);
  expect((await Promise.race(waiting))?.id).toBe(id);
  expect(await node.counts()).toMatchObject({ waiting: 1 });
  node.close();
  other.close();
  const got = (await Promise.all(waiting)).map((reservation) => reservation?.id);
  expect(new Set(got)).toEqual(new Set([id, undefined]));
});

it('by its own signal and by its own end, with nothing', async () => {
  const stop = new AbortController();
  const aborted = node.reserve(60, stop.signal);
  const closed = other.reserve(60);
  await bothWait();
  stop.abort();
  other.close();
  expect(await aborted).toBeUndefined();
  expect(await closed).toBeUndefined();
  await putOne(node, hello, options);
  expect(await node.counts()).toMatchObject({ ready: 1, waiting: 0 });
});

it('is counted by every process, until its time is over', async () => {
  const elsewhere = await openEmbedded({ folder, clock });
  const waiting = node.reserve(60);
  const counts = (): Promise<TubeCounts> => elsewhere.node('mail').counts();
  await until('it waits', async () => (await counts()).waiting === 1);
  now += 60_000;
  expect(await counts()).toMatchObject({ waiting: 1 });
  now += 60_000;
  expect(await counts()).toMatchObject({ waiting: 0 });
  node.close();
  expect(await waiting).toBeUndefined();
  elsewhere.close();
});

async function bothWait(): Promise<void> {
  await until('both wait', async () => (await embedded.node('mail').counts()).waiting === 2);
}
