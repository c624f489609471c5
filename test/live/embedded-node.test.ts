// The embedded queue beyond the contract of a node: exact instants, reservations that end, ids.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { sealEnvelope } from '../../src/core/envelope.ts';
import { openEmbedded, type Embedded } from '../../src/embedded/embedded.ts';
import type { QueueNode, Reservation, WaitingState } from '../../src/queue/node.ts';
import { temporaryFolder } from '../support/servers.ts';
import { putOne } from '../support/put-one.ts';

const options = { delay: 0, priority: 1024, ttr: 60 };
const hello = Buffer.from('hello');
let now: number;
let embedded: Embedded;
let node: QueueNode;

beforeEach(async () => {
  now = 1_767_225_600_000;
  const clock = { now: () => now, sleep: () => Promise.reject(new Error('nobody sleeps')) };
  embedded = await openEmbedded({ folder: temporaryFolder(), clock });
  node = embedded.node('mail');
});

afterEach(() => {
  embedded.close();
});

function envelopeDue(ms: number): Buffer {
  return sealEnvelope({ dueNs: BigInt(ms) * 1_000_000n, payload: hello });
}

async function reserve(from: QueueNode = node): Promise<Reservation> {
  const reservation = await from.reserve(0);
  if (reservation === undefined) throw new Error('nothing is ready');
  return reservation;
}

describe('the instant at which a replica is ready', () => {
  it.each([
    [0, 1],
    [0, 1_000],
    [1, 1_500],
    [7, 7_001],
  ])('is the due instant when the delay is %i s and it is due in %i ms', async (delay, ms) => {
    await putOne(node, envelopeDue(now + ms), { ...options, delay });
    now += ms - 1;
    expect(await node.counts()).toMatchObject({ ready: 0, delayed: 1 });
    expect(await node.reserve(0)).toBeUndefined();
    now += 1;
    expect(await node.counts()).toMatchObject({ ready: 1, delayed: 0 });
    await reserve();
  });

  it.each([
    ['that are due long before', (): Buffer => envelopeDue(now - 5_000)],
    ['that are due long after', (): Buffer => envelopeDue(now + 50_000)],
    ['that are no envelope', (): Buffer => hello],
  ])('is the end of the delay for bytes %s', async (_, bytes) => {
    await putOne(node, bytes(), { ...options, delay: 2 });
    now += 1_999;
    expect(await node.reserve(0)).toBeUndefined();
    now += 1;
    await reserve();
  });

  it('is awaited by who waits, and never anticipated', async () => {
    const real = await openEmbedded({ folder: temporaryFolder() });
    const due = systemClock.now() + 150;
    await putOne(real.node('mail'), envelopeDue(due), options);
    expect(await real.node('mail').reserve(50)).toBeDefined();
    expect(systemClock.now()).toBeGreaterThanOrEqual(due);
    real.close();
  });
});

it('the next one is among those whose delay or ttr is over', async () => {
  const idOf = async (state: WaitingState) => (await node.next(state))?.id;
  const wasReserved = await putOne(node, hello, { delay: 0, priority: 2, ttr: 10 });
  await reserve();
  const wasDelayed = await putOne(node, hello, { delay: 20, priority: 1, ttr: 60 });
  const least = await putOne(node, hello, { ...options, priority: 3 });
  expect([await idOf('ready'), await idOf('delayed')]).toEqual([least, wasDelayed]);
  now += 10_000;
  expect([await idOf('ready'), await idOf('delayed')]).toEqual([wasReserved, wasDelayed]);
  now += 10_000;
  expect([await idOf('ready'), await idOf('delayed')]).toEqual([wasDelayed, undefined]);
  expect((await reserve()).id).toBe(wasDelayed);
});

describe('a reservation', () => {
  it('is over with its ttr, unless it is touched', async () => {
    const id = await putOne(node, hello, { ...options, ttr: 10 });
    const first = await reserve();
    now += 9_999;
    expect(await node.reserve(0)).toBeUndefined();
    expect(await first.touch()).toBe(true);
    now += 9_999;
    expect(await first.stats()).toMatchObject({ state: 'reserved', age: 19, timeLeft: 0 });
    expect(await node.delete(id, hello)).toBe(false);
    now += 1;
    expect(await node.stats(id)).toMatchObject({ state: 'ready' });
    expect(await first.touch()).toBe(false);
    await reserve();
  });

  it('leaves who had it nothing once another has it', async () => {
    await putOne(node, hello, { ...options, ttr: 1 });
    const former = [await reserve()];
    while (former.length < 5) {
      now += 1_000;
      former.push(await reserve());
    }
    const [touching, releasing, burying, deleting, present] = former;
    expect(await touching?.touch()).toBe(false);
    expect(await touching?.stats()).toBeUndefined();
    expect(await releasing?.release(0)).toBe(false);
    expect(await burying?.bury()).toBe(false);
    expect(await deleting?.delete()).toBe(false);
    expect(await present?.bury()).toBe(true);
  });

  it('is settled once', async () => {
    await putOne(node, hello, options);
    const reservation = await reserve();
    const settling = reservation.release(0);
    await expect(reservation.bury()).rejects.toThrow('settled already');
    expect(await settling).toBe(true);
    await expect(reservation.delete()).rejects.toThrow('settled already');
    expect(await node.counts()).toMatchObject({ ready: 1 });
  });

  it('is given back when its node is closed, and only that', async () => {
    await putOne(node, hello, options);
    await putOne(node, hello, options);
    await putOne(node, hello, options);
    const buried = await reserve();
    await reserve();
    const other = embedded.node('mail');
    await reserve(other);
    const burying = buried.bury();
    node.close();
    expect(await burying).toBe(true);
    expect(await other.counts()).toMatchObject({ ready: 1, reserved: 1, buried: 1 });
  });

  it('of a tube leaves the other tubes alone', async () => {
    await putOne(embedded.node('other'), hello, options);
    expect(await node.reserve(0)).toBeUndefined();
    expect(await node.counts()).toMatchObject({ ready: 0 });
    expect((await node.peek(1n))?.toString()).toBe('hello');
  });
});

it('hands out each replica once, the most urgent first', async () => {
  const priorities = [3, 1, 2, 1];
  await Promise.all(priorities.map((priority) => putOne(node, hello, { ...options, priority })));
  const other = embedded.node('mail');
  const asked = [node, other, node, other, node].map((from) => from.reserve(0));
  const ids = (await Promise.all(asked)).map((reservation) => reservation?.id);
  expect(ids).toEqual([2n, 4n, 3n, 1n, undefined]);
});

it('knows no replica of an id that no SQLite has', async () => {
  await putOne(node, hello, options);
  for (const id of [0n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    expect(await node.peek(id)).toBeUndefined();
    expect(await node.stats(id)).toBeUndefined();
    expect(await node.kick(id)).toBe(false);
    expect(await node.delete(id, hello)).toBe(false);
  }
});

it('refuses what is too big, and goes on', async () => {
  const tooBig = putOne(node, Buffer.alloc(64 * 1024 * 1024 + 1), options);
  const small = putOne(node, hello, options);
  await expect(tooBig).rejects.toMatchObject({ node: 'embedded', fault: 'too-big' });
  expect(await small).toBe(1n);
});

it('is down once it is closed', async () => {
  const putting = putOne(node, hello, options);
  embedded.close();
  expect(await putting).toBe(1n);
  const down = { node: 'embedded', fault: 'down' };
  await expect(putOne(node, hello, options)).rejects.toMatchObject(down);
  await expect(node.reserve(0)).rejects.toMatchObject(down);
  await expect(node.counts()).rejects.toMatchObject(down);
  node.close();
  embedded.close();
});
