// What every node must do, whatever holds the jobs: the contract of QueueNode as a test suite.

import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { QueueNode, Reservation, ScannedReplica, WaitingState } from '../../src/queue/node.ts';
import { Puts, type PutOptions } from '../../src/queue/puts.ts';
import { until } from '../support/wait.ts';
import { putOne } from '../support/put-one.ts';

/** Opens a node on one and the same tube each time; the tube is empty at first, and no other test's. */
export type OpenNode = () => QueueNode;

const plain: PutOptions = { delay: 0, priority: 1024, ttr: 60 };
const hello = Buffer.from('1767225600000000000/hello');
/** Longer than any test waits, in seconds. */
const long = 50;

export function queueNodeContract(name: string, freshTube: () => Promise<OpenNode>): void {
  describe(`${name} as a queue node`, () => {
    let node: QueueNode;
    let open: OpenNode;
    const opened: QueueNode[] = [];

    beforeEach(async () => {
      const openOne = await freshTube();
      open = () => {
        const another = openOne();
        opened.push(another);
        return another;
      };
      node = open();
    });
    afterEach(() => {
      for (const one of opened.splice(0)) one.close();
    });

    async function take(from: QueueNode, seconds = long): Promise<Reservation> {
      const reservation = await from.reserve(seconds);
      if (reservation === undefined) throw new Error('there was none');
      return reservation;
    }

    describe('putting', () => {
      it('gives each replica an id of its own, also equal ones', async () => {
        const ids = await Promise.all([putOne(node, hello, plain), putOne(node, hello, plain)]);
        expect(new Set(ids).size).toBe(2);
        expect(await node.peek(ids[0])).toEqual(hello);
        expect(await node.counts()).toMatchObject({ ready: 2 });
      });

      it('thousands in flight', async () => {
        const count = 3_000;
        const puts = Array.from({ length: count }, (_, at) =>
          putOne(node, Buffer.from(`${at}/x`), plain),
        );
        const ids = await Promise.all(puts);
        expect(new Set(ids).size).toBe(count);
        expect((await node.peek(ids[1_234]!))?.toString()).toBe('1234/x');
      });

      it('many at once, each with its own options', async () => {
        const all = Array.from({ length: 1_000 }, (_, at) => ({
          envelope: Buffer.from(`${at}/${'x'.repeat(at)}`),
          options: { delay: at % 2 === 0 ? 0 : 100 + at, priority: at, ttr: 1 + at },
        }));
        const { answers, life } = await node.putAll(new Puts(all));
        expect(new Set(answers).size).toBe(all.length);
        for (const at of [0, 1, 511, 512, 999]) {
          const id = answers[at] as bigint;
          expect(await node.peek(id)).toEqual(all[at]?.envelope);
          expect(await node.stats(id)).toMatchObject({ priority: at, ttr: 1 + at });
        }
        expect(await node.counts()).toMatchObject({ ready: 500, delayed: 500 });
        const [first, second] = answers as [bigint, bigint];
        expect(await life.delete(first, all[0]!.envelope)).toBe(true);
        expect(await life.delete(second, all[0]!.envelope)).toBe(false);
        expect(await node.counts()).toMatchObject({ ready: 499, delayed: 500 });
        expect(await node.putAll(new Puts([]))).toMatchObject({ answers: [] });
      });

      it.each([
        ['nothing', Buffer.alloc(0)],
        ['every byte', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
        ['line ends and what looks like a protocol', Buffer.from('1/\r\n\0delete 1\r\n--\r\n')],
        ['65,535 bytes', Buffer.alloc(65_535, 'abcdefghi')],
      ])('an envelope of %s comes back as it was', async (_, envelope) => {
        const id = await putOne(node, envelope, plain);
        const peeked = await node.peek(id);
        const reserved = await take(node);
        expect(peeked?.equals(envelope)).toBe(true);
        expect(reserved.envelope.equals(envelope)).toBe(true);
      });

      it('with a delay it is delayed', async () => {
        const id = await putOne(node, hello, { ...plain, delay: 100 });
        expect(await node.reserve(0)).toBeUndefined();
        expect(await node.stats(id)).toMatchObject({ state: 'delayed' });
        expect(await node.counts()).toMatchObject({ ready: 0, delayed: 1 });
      });

      it('the largest numbers', async () => {
        const most = 2 ** 32 - 1;
        const id = await putOne(node, hello, { delay: most, priority: most, ttr: most });
        expect(await node.stats(id)).toMatchObject({ priority: most, ttr: most, state: 'delayed' });
      });

      it.each([
        { ...plain, delay: -1 },
        { ...plain, delay: 1.5 },
        { ...plain, priority: 2 ** 32 },
        { ...plain, ttr: 0 },
      ])('refuses $delay $priority $ttr', async (options) => {
        await expect(putOne(node, hello, options)).rejects.toThrow(RangeError);
        expect(await node.counts()).toMatchObject({ ready: 0, delayed: 0 });
      });
    });

    describe('reserving', () => {
      it('an empty tube has none', async () => {
        expect(await node.reserve(0)).toBeUndefined();
        expect(await node.reserve(1)).toBeUndefined();
      });

      it('gives the replica with its id and envelope', async () => {
        const id = await putOne(node, hello, plain);
        const reservation = await take(node, 0);
        expect(reservation).toMatchObject({ id, envelope: hello, node });
        expect(await node.stats(id)).toMatchObject({ state: 'reserved' });
        expect(await node.reserve(0)).toBeUndefined();
      });

      it('the most urgent first, then the oldest', async () => {
        const late = await putOne(node, hello, { ...plain, priority: 9 });
        const first = await putOne(node, hello, { ...plain, priority: 0 });
        const second = await putOne(node, hello, { ...plain, priority: 0 });
        const ids = [await take(node), await take(node), await take(node)].map(({ id }) => id);
        expect(ids).toEqual([first, second, late]);
      });

      it('many at once get one each', async () => {
        const ids = await Promise.all(
          Array.from({ length: 100 }, () => putOne(node, hello, plain)),
        );
        const asked = await Promise.all(Array.from({ length: 128 }, () => node.reserve(0)));
        const got = asked.filter((reservation) => reservation !== undefined);
        expect(got.map(({ id }) => id).sort()).toEqual([...ids].sort());
        expect(await Promise.all(got.map((reservation) => reservation.delete()))).toEqual(
          ids.map(() => true),
        );
      });

      it('many with one ask, deleted with one more', async () => {
        const puts = Array.from({ length: 100 }, () => putOne(node, hello, plain));
        const ids = await Promise.all(puts);
        const asked = await node.reserveAll(128);
        expect(asked).toHaveLength(128);
        const got = asked.filter((answer) => answer !== undefined) as Reservation[];
        expect(got.map(({ id }) => id).sort()).toEqual(ids.sort());
        expect(got.every(({ envelope }) => envelope.equals(hello))).toBe(true);
        expect(await node.deleteAll(got)).toEqual([]);
        expect(await node.counts()).toMatchObject({ ready: 0, reserved: 0 });
        await expect(got[0]!.delete()).rejects.toThrow('settled');
      });

      it('a wait is woken by a put', async () => {
        const waiting = take(node);
        await until('it waits', async () => (await node.counts()).waiting === 1);
        const id = await putOne(node, hello, plain);
        expect(await waiting).toMatchObject({ id });
        expect((await node.counts()).waiting).toBe(0);
      });

      it('a wait is woken by a put of another', async () => {
        const other = open();
        const waiting = take(node);
        await until('it waits', async () => (await other.counts()).waiting === 1);
        const id = await putOne(other, hello, plain);
        expect(await waiting).toMatchObject({ id });
      });

      it('a wait is woken by a delay that is over', async () => {
        const waiting = take(node);
        const id = await putOne(node, hello, { ...plain, delay: 1 });
        expect(await waiting).toMatchObject({ id });
      });

      it('waiting delays nothing else', async () => {
        const first = await putOne(node, hello, { ...plain, priority: 5 });
        const held = await take(node);
        const waits = [take(node), take(node)];
        await until('both wait', async () => (await node.counts()).waiting === 2);
        expect(await held.touch()).toBe(true);
        expect(await node.peek(first)).toEqual(hello);
        expect(await node.reserve(0)).toBeUndefined();
        expect(await held.delete()).toBe(true);
        const ids = [await putOne(node, hello, plain), await putOne(node, hello, plain)];
        const got = await Promise.all(waits);
        expect(got.map(({ id }) => id).sort()).toEqual(ids.sort());
      });

      it('two nodes that race for one replica: one gets it', async () => {
        const other = open();
        for (let round = 0; round < 20; round++) {
          const id = await putOne(node, hello, plain);
          const both = await Promise.all([node.reserve(0), other.reserve(0)]);
          const got = both.filter((reservation) => reservation !== undefined);
          expect(got.map((reservation) => reservation.id)).toEqual([id]);
          expect(await got[0]!.delete()).toBe(true);
        }
      });
    });

    describe('aborting', () => {
      it('a wait that is aborted answers undefined, and waits no more', async () => {
        const aborter = new AbortController();
        const waiting = node.reserve(long, aborter.signal);
        await until('it waits', async () => (await node.counts()).waiting === 1);
        aborter.abort();
        expect(await waiting).toBeUndefined();
        await until('it waits no more', async () => (await node.counts()).waiting === 0);
      });

      it('a signal that aborted before: nothing is taken', async () => {
        await putOne(node, hello, plain);
        expect(await node.reserve(0, AbortSignal.abort())).toBeUndefined();
        expect(await node.reserve(long, AbortSignal.abort())).toBeUndefined();
        expect(await node.counts()).toMatchObject({ ready: 1, reserved: 0, waiting: 0 });
      });

      it('a reservation survives the abort of another wait, and of its own', async () => {
        const aborter = new AbortController();
        await putOne(node, hello, plain);
        const held = await node.reserve(long, aborter.signal);
        const waiting = node.reserve(long, aborter.signal);
        await until('it waits', async () => (await node.counts()).waiting === 1);
        aborter.abort();
        expect(await waiting).toBeUndefined();
        expect(await held?.touch()).toBe(true);
        expect(await held?.delete()).toBe(true);
      });

      it('a replica that arrives as the wait is aborted is not lost', async () => {
        for (let round = 0; round < 20; round++) {
          const aborter = new AbortController();
          const waiting = node.reserve(long, aborter.signal);
          await until('it waits', async () => (await node.counts()).waiting === 1);
          const id = await putOne(node, hello, plain);
          aborter.abort();
          const reservation = (await waiting) ?? (await take(open()));
          expect(reservation.id).toBe(id);
          expect(await reservation.delete()).toBe(true);
        }
      });
    });

    describe('settling', () => {
      it('delete', async () => {
        const id = await putOne(node, hello, plain);
        expect(await (await take(node)).delete()).toBe(true);
        expect(await node.peek(id)).toBeUndefined();
        expect(await node.counts()).toMatchObject({ ready: 0, reserved: 0 });
      });

      it('release keeps the priority', async () => {
        const id = await putOne(node, hello, { ...plain, priority: 7 });
        expect(await (await take(node)).release(0)).toBe(true);
        expect(await node.stats(id)).toMatchObject({ state: 'ready', priority: 7 });
        expect(await take(node, 0)).toMatchObject({ id });
      });

      it('release with a delay', async () => {
        const id = await putOne(node, hello, plain);
        expect(await (await take(node)).release(100)).toBe(true);
        expect(await node.stats(id)).toMatchObject({ state: 'delayed' });
        expect(await node.reserve(0)).toBeUndefined();
      });

      it('released for two seconds, it is back after them', async () => {
        const id = await putOne(node, hello, plain);
        expect(await (await take(node)).release(2)).toBe(true);
        expect(await take(node)).toMatchObject({ id });
      });

      it('a release wakes a wait', async () => {
        const id = await putOne(node, hello, plain);
        const held = await take(node);
        const waiting = take(open());
        await until('it waits', async () => (await node.counts()).waiting === 1);
        expect(await held.release(0)).toBe(true);
        expect(await waiting).toMatchObject({ id });
      });

      it('bury keeps the priority', async () => {
        const id = await putOne(node, hello, { ...plain, priority: 7 });
        expect(await (await take(node)).bury()).toBe(true);
        expect(await node.stats(id)).toMatchObject({ state: 'buried', priority: 7 });
        expect(await node.counts()).toMatchObject({ reserved: 0, buried: 1 });
        expect(await node.reserve(0)).toBeUndefined();
      });

      it.each(['delete', 'bury', 'release'] as const)(
        'a second settling after %s throws',
        async (how) => {
          await putOne(node, hello, plain);
          const held = await take(node);
          expect(await (how === 'release' ? held.release(0) : held[how]())).toBe(true);
          await expect(held.delete()).rejects.toThrow('settled already');
          await expect(held.bury()).rejects.toThrow('settled already');
          await expect(held.release(0)).rejects.toThrow('settled already');
        },
      );

      it('two settlings at once: the second throws', async () => {
        await putOne(node, hello, plain);
        const held = await take(node);
        const both = await Promise.allSettled([held.bury(), held.delete()]);
        expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
        expect(await node.counts()).toMatchObject({ buried: 1 });
      });

      it('what is settled is no longer ours', async () => {
        const id = await putOne(node, hello, plain);
        const held = await take(node);
        expect(await held.release(0)).toBe(true);
        expect(await held.touch()).toBe(false);
        expect(await node.stats(id)).toMatchObject({ state: 'ready' });
      });

      it('what is settled is no longer ours, although it is reserved here again', async () => {
        await putOne(node, hello, plain);
        const before = await take(node, 0);
        expect(await before.release(0)).toBe(true);
        const again = await take(node, 0);
        expect(again.id).toBe(before.id);
        expect(await before.touch()).toBe(false);
        expect(await again.touch()).toBe(true);
      });

      it('touch begins the ttr anew', async () => {
        const id = await putOne(node, hello, { ...plain, ttr: 20 });
        const held = await take(node);
        await until('two seconds have passed', async () => (await node.stats(id))!.timeLeft < 18);
        expect(await held.touch()).toBe(true);
        expect((await node.stats(id))?.timeLeft).toBeGreaterThan(17);
        expect(await held.delete()).toBe(true);
      });

      it('stats are asked for once', async () => {
        await putOne(node, hello, { ...plain, priority: 3, ttr: 9 });
        const held = await take(node);
        const [first, second] = [held.stats(), held.stats()];
        expect(await first).toMatchObject({ state: 'reserved', priority: 3, ttr: 9 });
        expect(await second).toBe(await first);
        expect(await held.bury()).toBe(true);
        expect(await held.stats()).toBe(await first);
      });
    });

    describe('losing', () => {
      it.each(['delete', 'bury', 'release'] as const)(
        'after its ttr a replica may be taken by others, and %s is refused',
        async (how) => {
          const id = await putOne(node, hello, { ...plain, ttr: 3 });
          const held = await take(node, 0);
          let next: Reservation | undefined;
          const waiting = take(open()).then((reservation) => (next = reservation));
          await until('another has it', async () => {
            await node.reserve(0);
            return next !== undefined;
          });
          expect(await held.touch()).toBe(false);
          expect(await (how === 'release' ? held.release(0) : held[how]())).toBe(false);
          expect(await node.stats(id)).toMatchObject({ state: 'reserved' });
          expect(await (await waiting).delete()).toBe(true);
        },
      );

      it('after its ttr a replica that nobody took has no stats for us', async () => {
        const id = await putOne(node, hello, { ...plain, ttr: 1 });
        const held = await take(node, 0);
        await putOne(node, hello, plain);
        const sibling = await take(node, 0);
        await until('it is ready again', async () => {
          await sibling.touch();
          return (await node.stats(id))?.state === 'ready';
        });
        expect(await held.stats()).toBeUndefined();
        expect(await held.bury()).toBe(false);
        expect(await node.stats(id)).toMatchObject({ state: 'ready' });
      });

      it('close gives every reservation back, and its own are no longer ours', async () => {
        const ids = [await putOne(node, hello, plain), await putOne(node, hello, plain)];
        const held = [await take(node, 0), await take(node)];
        const other = open();
        node.close();
        const again = [await take(other), await take(other)];
        expect(again.map(({ id }) => id).sort()).toEqual(ids.sort());
        expect(await held[0]!.touch()).toBe(false);
        expect(await held[1]!.delete()).toBe(false);
        expect(await Promise.all(again.map((reservation) => reservation.delete()))).toEqual([
          true,
          true,
        ]);
      });

      it('nothing can be asked of a closed node', async () => {
        node.close();
        node.close();
        await expect(putOne(node, hello, plain)).rejects.toMatchObject({ name: 'NodeError' });
        await expect(node.reserve(0)).rejects.toMatchObject({ name: 'NodeError' });
        await expect(node.reserve(1)).rejects.toMatchObject({ name: 'NodeError' });
        await expect(node.counts()).rejects.toMatchObject({ name: 'NodeError' });
      });
    });

    describe('by id', () => {
      it('what is not there', async () => {
        const id = await putOne(node, hello, plain);
        expect(await node.delete(id, hello)).toBe(true);
        for (const absent of [id, 2n ** 63n - 1n]) {
          expect(await node.peek(absent)).toBeUndefined();
          expect(await node.stats(absent)).toBeUndefined();
          expect(await node.delete(absent, hello)).toBe(false);
          expect(await node.kick(absent)).toBe(false);
        }
      });

      it('deletes what is ready, delayed or buried, not what is reserved', async () => {
        const buried = await putOne(node, hello, plain);
        await (await take(node)).bury();
        const reserved = await putOne(node, hello, plain);
        const held = await take(node);
        const delayed = await putOne(node, hello, { ...plain, delay: 100 });
        const ready = await putOne(node, hello, plain);
        const ids = [buried, delayed, ready];
        const deleted = await Promise.all(ids.map((id) => node.delete(id, hello)));
        expect(deleted).toEqual([true, true, true]);
        expect(await node.delete(reserved, hello)).toBe(false);
        expect(await open().delete(reserved, hello)).toBe(false);
        expect(await held.delete()).toBe(true);
      });

      it('deletes nothing that holds another envelope', async () => {
        const id = await putOne(node, hello, plain);
        expect(await node.delete(id, Buffer.from('1/other'))).toBe(false);
        expect(await node.peek(id)).toEqual(hello);
      });

      it('kicks what is buried or delayed, nothing else', async () => {
        const buried = await putOne(node, hello, plain);
        await (await take(node)).bury();
        const delayed = await putOne(node, hello, { ...plain, delay: 100 });
        expect(await Promise.all([node.kick(buried), node.kick(delayed)])).toEqual([true, true]);
        expect(await node.counts()).toMatchObject({ ready: 2, delayed: 0, buried: 0 });
        expect(await node.kick(buried)).toBe(false);
        const held = await take(node);
        expect(await node.kick(held.id)).toBe(false);
      });

      it('stats', async () => {
        const id = await putOne(node, hello, { delay: 100, priority: 3, ttr: 9 });
        const stats = await node.stats(id);
        expect(stats).toEqual({
          ...{ tube: node.tube, state: 'delayed', priority: 3, ttr: 9 },
          age: expect.any(Number) as number,
          timeLeft: expect.any(Number) as number,
        });
        expect(stats?.timeLeft).toBeGreaterThan(90);
        expect(stats?.timeLeft).toBeLessThanOrEqual(100);
      });
    });

    it('the next of each state is told: the most urgent, the soonest, the first that was buried', async () => {
      const idOf = async (state: WaitingState) => (await node.next(state))?.id;
      for (const state of ['ready', 'delayed', 'buried'] as const) {
        expect(await idOf(state)).toBeUndefined();
      }
      const buried = await putOne(node, hello, { ...plain, priority: 9 });
      await (await take(node)).bury();
      await putOne(node, hello, { ...plain, priority: 1 });
      await (await take(node)).bury();
      await putOne(node, hello, { ...plain, delay: 200, priority: 0 });
      const soonest = await putOne(node, hello, { ...plain, delay: 100 });
      await putOne(node, hello, { ...plain, priority: 8 });
      const urgent = await putOne(node, Buffer.from('urgent'), { ...plain, priority: 7 });
      await putOne(node, hello, { ...plain, priority: 7 });
      expect(await idOf('buried')).toBe(buried);
      expect(await idOf('delayed')).toBe(soonest);
      expect(await node.next('ready')).toMatchObject({
        ...{ id: urgent, envelope: Buffer.from('urgent') },
        stats: { state: 'ready', priority: 7, tube: node.tube },
      });
      expect((await take(node)).id).toBe(urgent);
    });

    describe('the scan', () => {
      async function scanned(of: QueueNode): Promise<ScannedReplica[]> {
        const found: ScannedReplica[] = [];
        for await (const { replicas, progress } of of.scan()) {
          expect(progress).toBeGreaterThanOrEqual(0);
          expect(progress).toBeLessThanOrEqual(1);
          found.push(...replicas);
        }
        return found;
      }

      it('an empty tube has none', async () => {
        expect(await scanned(node)).toEqual([]);
      });

      it('finds each replica, whatever its state, the newest first, and leaves it as it is', async () => {
        const buried = await putOne(node, hello, { ...plain, priority: 7 });
        await (await take(node)).bury();
        const reserved = await putOne(node, hello, plain);
        const held = await take(node);
        const delayed = await putOne(node, Buffer.from([0, 255]), { ...plain, delay: 100 });
        const ready = await putOne(node, Buffer.alloc(0), plain);
        const found = await scanned(open());
        expect(found).toMatchObject([
          { id: ready, envelope: '', stats: { state: 'ready' } },
          { id: delayed, envelope: '\u0000\u00ff', stats: { state: 'delayed' } },
          { id: reserved, envelope: hello.toString('latin1'), stats: { state: 'reserved' } },
          {
            id: buried,
            envelope: hello.toString('latin1'),
            stats: { state: 'buried', priority: 7, ttr: 60 },
          },
        ]);
        expect(found.every(({ stats }) => stats.tube === node.tube)).toBe(true);
        expect(await node.counts()).toMatchObject({ ready: 1, delayed: 1, reserved: 1, buried: 1 });
        expect(await held.touch()).toBe(true);
      });

      it('finds all of many, between which others were deleted', async () => {
        const puts = Array.from({ length: 3_000 }, () => putOne(node, hello, plain));
        const ids = await Promise.all(puts);
        const deleted = ids.filter((_, at) => at % 3 === 1);
        await Promise.all(deleted.map((id) => node.delete(id, hello)));
        const left = ids.filter((_, at) => at % 3 !== 1).reverse();
        expect((await scanned(node)).map(({ id }) => id)).toEqual(left);
      });

      it('large ones', async () => {
        const large = Buffer.alloc(65_535, 'abcdefghi');
        for (let put = 0; put < 100; put++) await putOne(node, large, plain);
        const found = await scanned(node);
        expect(found.length).toBe(100);
        expect(found.every(({ envelope }) => envelope === large.toString())).toBe(true);
      });

      it('can be left off, and begun anew', async () => {
        for (let put = 0; put < 2_000; put++) void putOne(node, hello, plain);
        await until('they are there', async () => (await node.counts()).ready === 2_000);
        const pages = node.scan()[Symbol.asyncIterator]();
        expect((await pages.next()).done).toBe(false);
        await pages.return?.();
        expect((await pages.next()).done).toBe(true);
        expect((await scanned(node)).length).toBe(2_000);
      });

      it('while jobs come and go it finds every one that stays', async () => {
        const staying = await Promise.all(
          Array.from({ length: 500 }, () => putOne(node, hello, { ...plain, delay: 100 })),
        );
        const scans = Array.from({ length: 5 }, () => scanned(node));
        const other = open();
        const over = new AbortController();
        const traffic = (async () => {
          while (!over.signal.aborted) await other.delete(await putOne(other, hello, plain), hello);
        })();
        const found = await Promise.all(scans);
        over.abort();
        await traffic;
        for (const each of found) {
          const ids = each.map(({ id }) => id);
          expect(new Set(ids).size).toBe(ids.length);
          expect(ids.filter((id) => staying.includes(id))).toEqual(staying.toReversed());
        }
      });

      it('of a closed node', async () => {
        node.close();
        await expect(scanned(node)).rejects.toMatchObject({ name: 'NodeError' });
      });
    });

    describe('the tube', () => {
      it('an empty one counts nothing', async () => {
        const none = { ready: 0, reserved: 0, delayed: 0, buried: 0, waiting: 0 };
        expect(await node.counts()).toEqual(none);
        expect(await node.nextReady()).toBeUndefined();
      });

      it('counts by state', async () => {
        for (let put = 0; put < 5; put++) await putOne(node, hello, plain);
        await putOne(node, hello, { ...plain, delay: 100 });
        await (await take(node)).bury();
        await take(node);
        await take(node);
        expect(await open().counts()).toEqual({
          ...{ ready: 2, reserved: 2, delayed: 1, buried: 1, waiting: 0 },
        });
      });

      it('when the next delayed one is ready', async () => {
        await putOne(node, hello, { ...plain, delay: 300 });
        await putOne(node, hello, { ...plain, delay: 200 });
        await putOne(node, hello, plain);
        const next = await node.nextReady();
        expect(next).toBeGreaterThan(190);
        expect(next).toBeLessThanOrEqual(200);
      });

      it('less than a second is 0', async () => {
        await putOne(node, hello, { ...plain, delay: 1 });
        expect(await node.nextReady()).toBe(0);
      });
    });
  });
}
