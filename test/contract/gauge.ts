// What every gauge must tell of a node, whatever holds the jobs: the contract of Gauge as a test suite.

import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gauge, TubeReading } from '../../src/queue/gauge.ts';
import type { QueueNode } from '../../src/queue/node.ts';
import type { PutOptions } from '../../src/queue/puts.ts';
import { until } from '../support/wait.ts';
import { putOne } from '../support/put-one.ts';

export interface GaugedNode {
  readonly gauge: Gauge;
  /** Opens a tube of the node. */
  readonly node: (tube: string) => QueueNode;
}

const plain: PutOptions = { delay: 0, priority: 1024, ttr: 60 };
const due = Date.parse('2026-01-01T00:00:00Z');
const hello = Buffer.from(`${due}000000/hello`);
const later = Buffer.from(`${due + 1}000000/later`);

/** @param fresh an empty node. */
export function gaugeContract(name: string, fresh: () => Promise<GaugedNode>): void {
  describe(`${name} as a node that is gauged`, () => {
    let gauge: Gauge;
    let open: (tube: string) => QueueNode;
    const opened: { close: () => void }[] = [];

    beforeEach(async () => {
      const gauged = await fresh();
      gauge = gauged.gauge;
      open = (tube) => {
        const node = gauged.node(tube);
        opened.push(node);
        return node;
      };
      opened.push(gauge);
    });
    afterEach(() => {
      for (const one of opened.splice(0)) one.close();
    });

    async function tube(of: string): Promise<TubeReading | undefined> {
      return (await gauge.read()).tubes.get(of);
    }

    it('counts the replicas of every tube by state', async () => {
      const [one, two] = [open('a/b'), open('1e3')];
      const ids = await Promise.all([hello, hello, later].map((each) => putOne(one, each, plain)));
      await putOne(one, hello, { ...plain, delay: 3_600 });
      await putOne(two, hello, plain);
      const buried = await one.reserve(0);
      await buried?.bury();
      await one.reserve(0);
      const counts = { ready: 1, reserved: 1, delayed: 1, buried: 1, waiting: 0 };
      expect(await tube('a/b')).toMatchObject(counts);
      expect(await tube('a/b')).toMatchObject(await one.counts());
      expect(await tube('1e3')).toMatchObject({ ready: 1, reserved: 0, delayed: 0, buried: 0 });
      expect(ids).toHaveLength(3);
    });

    it('counts who waits', async () => {
      const node = open('null');
      const stop = new AbortController();
      const waiting = node.reserve(50, stop.signal);
      await until('it waits', async () => (await tube('null'))?.waiting === 1);
      stop.abort();
      await waiting;
    });

    it('tells when the next job was due: the most urgent one that is ready', async () => {
      const node = open('mail');
      await putOne(node, later, { ...plain, delay: 3_600 });
      expect((await tube('mail'))?.nextDue).toBeUndefined();
      await putOne(node, later, plain);
      expect((await tube('mail'))?.nextDue).toBe(due + 1);
      await putOne(node, hello, { ...plain, priority: 1 });
      expect((await tube('mail'))?.nextDue).toBe(due);
    });

    it('tells no due instant of what is no envelope', async () => {
      await putOne(open('foreign'), Buffer.from('x'.repeat(1_000)), plain);
      expect(await tube('foreign')).toMatchObject({ ready: 1, nextDue: undefined });
    });

    it('knows a delay that ended meanwhile', async () => {
      const node = open('soon');
      const soon = Date.now() + 1_000;
      await putOne(node, Buffer.from(`${soon}000000/soon`), { ...plain, delay: 1 });
      await until('it is ready', async () => (await tube('soon'))?.ready === 1);
      expect((await tube('soon'))?.nextDue).toBe(soon);
    });

    it('reads one tube alone, also one that is not there, and makes none', async () => {
      await putOne(open('mail'), hello, plain);
      expect([...(await gauge.read('mail')).tubes.keys()]).toEqual(['mail']);
      const nothing = { ready: 0, reserved: 0, delayed: 0, buried: 0, waiting: 0 };
      expect((await gauge.read('nowhere')).tubes.get('nowhere')).toMatchObject({
        ...nothing,
        nextDue: undefined,
      });
      expect(await tube('nowhere')).toBeUndefined();
    });

    it('changes nothing', async () => {
      const node = open('mail');
      const id = await putOne(node, hello, plain);
      const before = await node.stats(id);
      await gauge.read();
      expect(await node.stats(id)).toEqual({ ...before, age: expect.any(Number) as number });
      expect(await node.reserve(0)).toBeDefined();
    });
  });
}
