// What only a beanstalkd node does, and what it does when its server refuses, hangs or dies.

import { Buffer } from 'node:buffer';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { BeanstalkdNode } from '../../src/queue/beanstalkd.ts';
import type { BeanstalkdOptions } from '../../src/queue/beanstalkd.ts';
import type { Reservation } from '../../src/queue/node.ts';
import { Puts } from '../../src/queue/puts.ts';
import { cut, obliging, startFakeNode } from '../support/fake-node.ts';
import type { Script } from '../support/fake-node.ts';
import { startProxy } from '../support/proxy.ts';
import { connectRaw } from '../support/raw-node.ts';
import { startBeanstalkd } from '../support/servers.ts';
import type { Server } from '../support/servers.ts';
import { until } from '../support/wait.ts';
import { putOne } from '../support/put-one.ts';

const plain = { priority: 1024, delay: 0, ttr: 60 };
const hello = Buffer.from('1767225600000000000/hello');
/** In seconds. */
const long = 50;
/** Never has time to try again pass. */
const stillClock: Clock = { now: () => 0, sleep: () => Promise.resolve() };

let server: Server;
let tubes = 0;
const open: BeanstalkdNode[] = [];

beforeAll(async () => {
  server = await startBeanstalkd();
});
afterEach(() => {
  for (const node of open.splice(0)) node.close();
});

function nodeAt(endpoint: string, options: Partial<BeanstalkdOptions> = {}): BeanstalkdNode {
  const patient = { connectTimeout: 30_000, replyTimeout: 30_000 };
  const node = new BeanstalkdNode({ endpoint, tube: `tube-${++tubes}`, ...patient, ...options });
  open.push(node);
  return node;
}

function putsOf(texts: readonly string[]): Puts {
  return new Puts(texts.map((text) => ({ envelope: Buffer.from(text), options: plain })));
}

async function take(node: BeanstalkdNode, seconds = long): Promise<Reservation> {
  const reservation = await node.reserve(seconds);
  if (reservation === undefined) throw new Error('there was none');
  return reservation;
}

it('is not asked on and on for its next job when it contradicts itself', async () => {
  const stats =
    '---\nid: 1\ntube: t\nstate: ready\npri: 0\nage: 0\ndelay: 0\nttr: 1\ntime-left: 0\nreserves: 0\n' +
    'timeouts: 0\nreleases: 0\nburies: 0\nkicks: 0\n';
  const fake = await startFakeNode(
    obliging(({ name }) => {
      if (name === 'peek-delayed') return 'FOUND 1 5\r\nhello\r\n';
      return name === 'stats-job' ? `OK ${stats.length}\r\n${stats}\r\n` : undefined;
    }),
  );
  expect(await nodeAt(fake.endpoint).nextReady()).toBe(0);
});

describe('connections', () => {
  it('what a doctor wants to know', async () => {
    const own = await startBeanstalkd(['-z', '1000'], { binlog: true });
    const node = nodeAt(own.endpoint);
    const waiting = node.reserve(long);
    await until('it waits', async () => (await node.describe()).waiting === 1);
    const description = await node.describe();
    expect(description).toMatchObject({
      ...{ binlog: true, draining: false, maxJobSize: 1_000, connections: 2, waiting: 1 },
    });
    expect(description.version).toMatch(/^\d/);
    expect(description.uptime).toBeGreaterThanOrEqual(0);
    await putOne(node, hello, plain);
    expect(await (await waiting)?.delete()).toBe(true);
  });

  it('one for the commands, one for all that is fetched', async () => {
    const own = await startBeanstalkd();
    const node = nodeAt(own.endpoint);
    for (let put = 0; put < 200; put++) await putOne(node, hello, plain);
    const held = await Promise.all(Array.from({ length: 128 }, () => take(node, 0)));
    expect((await node.describe()).connections).toBe(2);
    await Promise.all(held.map((reservation) => reservation.release(0)));
    expect(await node.counts()).toMatchObject({ ready: 200 });
  });

  it('one for each that waits or got a job by waiting, and few when all is done', async () => {
    const own = await startBeanstalkd();
    const node = nodeAt(own.endpoint);
    const waits = Array.from({ length: 5 }, () => take(node));
    await until('all wait', async () => (await node.counts()).waiting === 5);
    for (let put = 0; put < 5; put++) await putOne(node, hello, plain);
    const held = await Promise.all(waits);
    expect((await node.describe()).connections).toBe(6);
    expect(await Promise.all(held.map((reservation) => reservation.delete()))).not.toContain(false);
    await until('few are left', async () => (await node.describe()).connections === 3);

    const aborter = new AbortController();
    const again = [node.reserve(long, aborter.signal), node.reserve(long, aborter.signal)];
    await until('both wait', async () => (await node.counts()).waiting === 2);
    expect((await node.describe()).connections).toBe(3);
    aborter.abort();
    expect(await Promise.all(again)).toEqual([undefined, undefined]);
    await until('they are closed', async () => (await node.describe()).connections === 1);
  });

  it('a connection that got a job by waiting does not wait before it is settled', async () => {
    const node = nodeAt(server.endpoint);
    const first = take(node);
    await until('it waits', async () => (await node.counts()).waiting === 1);
    await putOne(node, hello, plain);
    const held = await first;
    const second = take(node);
    await until('it waits', async () => (await node.counts()).waiting === 1);
    expect(await held.touch()).toBe(true);
    expect(await held.release(100)).toBe(true);
    await putOne(node, hello, plain);
    expect(await (await second).delete()).toBe(true);
  });

  it('an abort while the connection is being opened', async () => {
    const fake = await startFakeNode(() => undefined);
    const node = nodeAt(fake.endpoint);
    const aborter = new AbortController();
    const waiting = node.reserve(long, aborter.signal);
    await until('it is asked', () => fake.heard.length > 0);
    aborter.abort();
    expect(await waiting).toBeUndefined();
  });

  it('an abort at any moment', async () => {
    const node = nodeAt(server.endpoint);
    for (let hops = 0; hops < 20; hops++) {
      const wasWaiting = take(node);
      await putOne(node, hello, plain);
      await (await wasWaiting).delete();
      const aborter = new AbortController();
      const waiting = node.reserve(long, aborter.signal);
      for (let hop = 0; hop < hops; hop++) await Promise.resolve();
      aborter.abort();
      expect(await waiting).toBeUndefined();
    }
  });

  it('DEADLINE_SOON is no job', async () => {
    const node = nodeAt(server.endpoint);
    await putOne(node, hello, { ...plain, ttr: 1 });
    const [held, none] = await Promise.all([take(node, 0), node.reserve(0)]);
    expect(none).toBeUndefined();
    await held.delete();
  });
});

describe('tubes', () => {
  it('takes no job of another tube, the default one included', async () => {
    const [own, other] = [nodeAt(server.endpoint), nodeAt(server.endpoint, { tube: 'default' })];
    const id = await putOne(other, hello, plain);
    expect(await own.reserve(0)).toBeUndefined();
    expect(await own.reserve(1)).toBeUndefined();
    expect(await own.stats(id)).toMatchObject({ tube: 'default', state: 'ready' });
    expect(await own.counts()).toMatchObject({ ready: 0 });
    expect(await (await take(other)).delete()).toBe(true);
  });

  it('the default tube alone', async () => {
    const [own, other] = [nodeAt(server.endpoint, { tube: 'default' }), nodeAt(server.endpoint)];
    const id = await putOne(other, hello, plain);
    expect(await own.reserve(0)).toBeUndefined();
    const waiting = take(own);
    await until('it waits', async () => (await own.counts()).waiting === 1);
    await putOne(own, hello, plain);
    expect(await (await waiting).delete()).toBe(true);
    expect(await other.delete(id, hello)).toBe(true);
  });
});

describe('a server that fails', () => {
  it('dies: what it had given is no longer ours, and after its return all works again', async () => {
    const own = await startBeanstalkd([], { binlog: true });
    const node = nodeAt(own.endpoint);
    const wasWaiting = [take(node), take(node)];
    await putOne(node, hello, plain);
    await putOne(node, hello, plain);
    for (const waited of await Promise.all(wasWaiting)) await waited.delete();
    const id = await putOne(node, hello, plain);
    const held = await take(node, 0);
    const waiting = node.reserve(long).catch((error: unknown) => error);
    await until('it waits', async () => (await node.counts()).waiting === 1);
    await own.kill();
    expect(await waiting).toMatchObject({ name: 'NodeError', node: own.endpoint, fault: 'down' });
    expect(await held.stats()).toBeUndefined();
    expect(await held.touch()).toBe(false);
    expect(await held.release(0)).toBe(false);

    await own.start();
    expect(await (await take(node)).delete()).toBe(true);
    expect(await node.peek(id)).toBeUndefined();
  });

  it('dies, and has every envelope again that it took: one that its binlog would choke on is refused', async () => {
    const own = await startBeanstalkd(['-z', '1000'], { binlog: true });
    const node = nodeAt(own.endpoint);
    const longest = Buffer.alloc(998, 'x');
    const [first, last] = [await putOne(node, longest, plain), await putOne(node, hello, plain)];
    await expect(putOne(node, Buffer.alloc(999, 'x'), plain)).rejects.toMatchObject({
      fault: 'too-big',
      message: 'job too big: 999 bytes with its due instant, at most 998',
      unconfirmed: false,
    });
    await own.kill();
    await own.start();
    expect(await Promise.all([first, last].map((id) => node.peek(id)))).toEqual([longest, hello]);
  });

  it('that forgets all the same takes what its limit says', async () => {
    const node = nodeAt((await startBeanstalkd(['-z', '1000'])).endpoint);
    await putOne(node, Buffer.alloc(1_000, 'x'), plain);
    await expect(putOne(node, Buffer.alloc(1_001, 'x'), plain)).rejects.toThrow('at most 1000');
  });

  it('dies and forgets: an id that now names another job deletes nothing', async () => {
    const own = await startBeanstalkd();
    const node = nodeAt(own.endpoint);
    const id = await putOne(node, hello, plain);
    await own.kill();
    await own.start();
    const other = Buffer.from('1/other');
    expect(await putOne(nodeAt(own.endpoint), other, plain)).toBe(id);
    expect(await node.delete(id, hello)).toBe(false);
    expect(await node.peek(id)).toEqual(other);
  });

  it('dies and forgets: an id that now names an equal job deletes nothing in the life that is over', async () => {
    const own = await startBeanstalkd();
    const node = nodeAt(own.endpoint);
    const { answers, life } = await node.putAll(new Puts([{ envelope: hello, options: plain }]));
    const [id] = answers as [bigint];
    await own.kill();
    await own.start();
    expect(await putOne(nodeAt(own.endpoint), hello, plain)).toBe(id);
    await expect(life.delete(id, hello)).rejects.toMatchObject({ fault: 'down' });
    expect(await node.peek(id)).toEqual(hello);
    expect(await node.delete(id, hello)).toBe(true);
  });

  it('dies while nobody takes the next page of a scan: whoever does is told', async () => {
    const own = await startBeanstalkd();
    const node = nodeAt(own.endpoint);
    await Promise.all(Array.from({ length: 2_000 }, () => putOne(node, hello, plain)));
    const raw = await connectRaw(own.port);
    const peeks = async (): Promise<number> => Number((await raw.stats('stats'))?.get('cmd-peek'));
    const pages = node.scan()[Symbol.asyncIterator]();
    const first = await pages.next();
    const size = first.done === true ? NaN : first.value.replicas.length;
    await until('the next two pages are here', async () => (await peeks()) === 3 * size);
    raw.close();
    // The one after them is asked for in vain
    own.pause();
    expect((await pages.next()).done).toBe(false);
    await own.kill();
    await expect(node.counts()).rejects.toMatchObject({ fault: 'down' });
    const rest = async (): Promise<void> => {
      while ((await pages.next()).done !== true);
    };
    await expect(rest()).rejects.toMatchObject({ node: own.endpoint, fault: 'down' });
  });

  it('is down: every call fails at once with the same error', async () => {
    const own = await startBeanstalkd();
    await own.kill();
    const node = nodeAt(own.endpoint, { clock: stillClock });
    const first = await putOne(node, hello, plain).catch((error: unknown) => error);
    expect(first).toMatchObject({ message: 'connection refused', unconfirmed: false });
    await own.start();
    expect(await node.reserve(0).catch((error: unknown) => error)).toBe(first);
    expect(await node.reserve(1).catch((error: unknown) => error)).toBe(first);
    expect(await node.counts().catch((error: unknown) => error)).toBe(first);
  });

  it('hangs: a put is unconfirmed, a settling is no longer ours', async () => {
    const own = await startBeanstalkd();
    const proxy = await startProxy(own.port);
    const node = nodeAt(proxy.endpoint, { replyTimeout: 5_000 });
    await putOne(node, hello, plain);
    const held = await take(node, 0);
    proxy.stall();
    const [put, settled] = await Promise.all([
      putOne(node, hello, plain).catch((error: unknown) => error),
      held.delete(),
    ]);
    expect(put).toMatchObject({
      fault: 'timeout',
      message: 'no reply within 5 s',
      unconfirmed: true,
    });
    expect(settled).toBe(false);
  });

  it('breaks the protocol: a settling says so, then it is no longer ours', async () => {
    const held = await take(await nodeWith({ 'delete 7': 'GONE\r\n' }));
    await expect(held.delete()).rejects.toMatchObject({ fault: 'protocol' });
    expect(await held.delete()).toBe(false);
    await expect(held.delete()).rejects.toThrow('settled already');
  });

  it('dies in the middle of many puts: those that it answered are told, the others may have taken effect', async () => {
    let puts = 0;
    const node = nodeAt(
      await serve(({ name }, socket) => {
        if (name !== 'put') return undefined;
        puts += 1;
        if (puts > 3) socket.end();
        return puts > 3 ? '' : `INSERTED ${puts}\r\n`;
      }),
    );
    const { answers } = await node.putAll(putsOf(['a', 'b', 'c', 'd', 'e']));
    expect(answers.slice(0, 3)).toEqual([1n, 2n, 3n]);
    const lost = { name: 'NodeError', fault: 'down', unconfirmed: true };
    expect(answers.slice(3)).toMatchObject([lost, lost]);
  });

  it('is down: none of many puts may have taken effect', async () => {
    const own = await startBeanstalkd();
    const node = nodeAt(own.endpoint);
    await own.kill();
    const down = { name: 'NodeError', fault: 'down', unconfirmed: false };
    expect(await node.putAll(putsOf(['a', 'b']))).toMatchObject({ answers: [down, down] });
  });

  it('refuses some of many puts, each for itself', async () => {
    const deleted: string[] = [];
    const answersTo: Record<string, string> = { b: 'OUT_OF_MEMORY', c: 'BURIED 3', e: 'DRAINING' };
    let puts = 0;
    const node = nodeAt(
      await serve(({ name, line, body }) => {
        if (name === 'delete') deleted.push(line);
        if (name !== 'put') return undefined;
        puts += 1;
        return `${answersTo[String(body)] ?? `INSERTED ${puts}`}\r\n`;
      }),
    );
    const { answers } = await node.putAll(putsOf(['a', 'b', 'c', 'd', 'e', 'f']));
    expect(answers).toMatchObject([
      ...[1n, { fault: 'out-of-memory' }, { fault: 'out-of-memory', unconfirmed: false }],
      ...[4n, { fault: 'draining' }, 6n],
    ]);
    expect(deleted).toEqual(['delete 3']);
  });

  it('is not given those of many puts that are too big for it', async () => {
    const own = await startBeanstalkd(['-z', '1000']);
    const node = nodeAt(own.endpoint);
    const all = ['a', 'x'.repeat(1_001), 'b', 'x'.repeat(1_000)];
    const { answers } = await node.putAll(putsOf(all));
    expect(answers).toMatchObject([1n, { fault: 'too-big', unconfirmed: false }, 2n, 3n]);
    expect(await Promise.all([1n, 2n, 3n].map((id) => node.peek(id)))).toEqual(
      ['a', 'b', 'x'.repeat(1_000)].map((text) => Buffer.from(text)),
    );
  });

  it('has no memory to tell how much it takes, and is asked again', async () => {
    const stats =
      '---\nversion: "1.13"\ndraining: false\nmax-job-size: 65535\nuptime: 1\n' +
      'current-connections: 1\nbinlog-current-index: 0\n';
    const answers = ['OUT_OF_MEMORY\r\n', `OK ${stats.length}\r\n${stats}\r\n`];
    const node = nodeAt(
      await serve(({ name }) => (name === 'stats' ? answers.shift() : undefined)),
    );
    const large = putsOf(['x'.repeat(1_000)]);
    const refusal = { fault: 'out-of-memory', unconfirmed: false };
    expect(await node.putAll(large)).toMatchObject({ answers: [refusal] });
    expect(await node.putAll(large)).toMatchObject({ answers: [1n] });
  });

  it('is no beanstalkd at all', async () => {
    const fake = await startFakeNode(() => "-ERR unknown command 'use'\r\n");
    await expect(putOne(nodeAt(fake.endpoint), hello, plain)).rejects.toMatchObject({
      fault: 'protocol',
      message: `protocol broken: unexpected reply "-ERR unknown command 'use'"`,
    });
  });
});

describe('a server out of memory', () => {
  it('refuses a put, and the next one works', async () => {
    const answers = ['OUT_OF_MEMORY\r\n'];
    const node = nodeAt(await serve(({ name }) => (name === 'put' ? answers.shift() : undefined)));
    await expect(putOne(node, hello, plain)).rejects.toMatchObject({
      fault: 'out-of-memory',
      unconfirmed: false,
    });
    expect(await putOne(node, hello, plain)).toBe(1n);
  });

  it('buries a put: it is deleted again', async () => {
    const deleted: string[] = [];
    const endpoint = await serve(({ name, line }) => {
      if (name === 'delete') deleted.push(line);
      return name === 'put' ? 'BURIED 9\r\n' : undefined;
    });
    await expect(putOne(nodeAt(endpoint), hello, plain)).rejects.toMatchObject({
      node: endpoint,
      fault: 'out-of-memory',
      message: 'out of memory',
      unconfirmed: false,
    });
    expect(deleted).toEqual(['delete 9']);
  });

  it.each(['NOT_FOUND\r\n', 'INTERNAL_ERROR\r\n'])(
    'buries a put, and deleting it says %j: it may have taken effect',
    async (answer) => {
      const endpoint = await serve(({ name }) => {
        if (name === 'put') return 'BURIED 9\r\n';
        return name === 'delete' ? answer : undefined;
      });
      await expect(putOne(nodeAt(endpoint), hello, plain)).rejects.toMatchObject({
        fault: 'out-of-memory',
        unconfirmed: true,
      });
    },
  );

  it.each(['bury', 'release', 'delete'] as const)('refuses a %s: it is still ours', async (how) => {
    const refusals = ['OUT_OF_MEMORY\r\n', 'OUT_OF_MEMORY\r\n'];
    const held = await take(
      await nodeWith({
        [how]: () => refusals.shift() ?? `${ended[how]}\r\n`,
        touch: 'TOUCHED\r\n',
      }),
    );
    const settle = (): Promise<boolean> => (how === 'release' ? held.release(5) : held[how]());
    await expect(settle()).rejects.toMatchObject({ fault: 'out-of-memory' });
    expect(await held.touch()).toBe(true);
    await expect(settle()).rejects.toMatchObject({ fault: 'out-of-memory' });
    expect(await settle()).toBe(true);
  });

  it('refuses one delete of many: that one is still ours', async () => {
    const answers = ['DELETED\r\n', 'OUT_OF_MEMORY\r\n', 'NOT_FOUND\r\n', 'DELETED\r\n'];
    let id = 0;
    const node = await nodeWith({
      'reserve-with-timeout': () => `RESERVED ${++id} 5\r\nhello\r\n`,
      delete: () => answers.shift(),
    });
    const held = (await node.reserveAll(3)) as Reservation[];
    const refused = await node.deleteAll(held);
    expect(refused).toMatchObject([{ reservation: { id: 2n }, error: { fault: 'out-of-memory' } }]);
    expect(await refused[0]!.reservation.delete()).toBe(true);
    await expect(held[0]!.delete()).rejects.toThrow('settled');
  });

  it('refuses one of many that are asked for, or all of them', async () => {
    const answers = ['RESERVED 1 5\r\nhello\r\n', 'OUT_OF_MEMORY\r\n', 'TIMED_OUT\r\n'];
    const node = await nodeWith({ 'reserve-with-timeout': () => answers.shift() });
    const asked = await node.reserveAll(3);
    expect(asked).toMatchObject([{ id: 1n }, { fault: 'out-of-memory' }, undefined]);
    const nowhere = nodeAt('127.0.0.1:1');
    expect(await nowhere.reserveAll(2)).toMatchObject([{ fault: 'down' }, { fault: 'down' }]);
  });

  it('is gone when many are deleted: they are no longer ours, and nothing is refused', async () => {
    const node = await nodeWith({
      'reserve-with-timeout': 'RESERVED 1 5\r\nhello\r\n',
      delete: () => cut,
    });
    const held = (await node.reserveAll(3)) as Reservation[];
    expect(await node.deleteAll(held.slice(1))).toEqual([]);
    expect(await node.deleteAll(held.slice(0, 1))).toEqual([]);
  });

  it('refuses the stats that a bury needs: they are asked for again', async () => {
    const refusals = ['OUT_OF_MEMORY\r\n'];
    const held = await take(
      await nodeWith({ 'stats-job': () => refusals.shift() ?? jobStats, bury: 'BURIED\r\n' }),
    );
    await expect(held.bury()).rejects.toMatchObject({ fault: 'out-of-memory' });
    expect(await held.bury()).toBe(true);
  });

  it('buries a release: it is kicked, as often as it takes', async () => {
    const kicks = ['NOT_FOUND\r\n', 'OUT_OF_MEMORY\r\n', 'KICKED\r\n'];
    const heard: string[] = [];
    const stats = [jobStats];
    const held = await take(
      await nodeWith({
        'stats-job': () => stats.shift() ?? statsOf('buried'),
        release: (line) => (heard.push(line), 'BURIED\r\n'),
        'kick-job': (line) => (heard.push(line), kicks.shift()!),
      }),
    );
    await expect(held.release(5)).rejects.toMatchObject({ fault: 'out-of-memory' });
    await expect(held.release(5)).rejects.toMatchObject({ fault: 'out-of-memory' });
    expect(await held.release(5)).toBe(true);
    expect(heard).toEqual(['release 7 3 5', 'kick-job 7', 'kick-job 7', 'kick-job 7']);
  });

  it.each([
    ['kicked', () => statsOf('ready')],
    ['deleted', () => 'NOT_FOUND\r\n'],
  ])('buries a release, and somebody else has %s it: it is no longer ours', async (_, after) => {
    const stats = [jobStats];
    const held = await take(
      await nodeWith({
        'stats-job': () => stats.shift() ?? after(),
        ...{ release: 'BURIED\r\n', 'kick-job': 'NOT_FOUND\r\n' },
      }),
    );
    expect(await held.release(5)).toBe(false);
  });
});

const ended = { bury: 'BURIED', release: 'RELEASED', delete: 'DELETED' } as const;

/** Of job 7. */
function statsOf(state: string): string {
  const counters = ['reserves', 'timeouts', 'releases', 'buries', 'kicks'].map(
    (key) => `${key}: 0\n`,
  );
  const times = 'age: 0\ndelay: 0\nttr: 60\ntime-left: 59\n';
  const body = `---\nid: 7\ntube: t\nstate: ${state}\npri: 3\n${times}${counters.join('')}`;
  return `OK ${body.length}\r\n${body}\r\n`;
}

const jobStats = statsOf('reserved');

async function serve(script: Script): Promise<string> {
  return (await startFakeNode(obliging(script))).endpoint;
}

type Answer = ReturnType<Script> | ((line: string) => ReturnType<Script>);

/** A node whose server gives out job 7, and answers the rest by the whole line or its first word. */
async function nodeWith(answers: Record<string, Answer>): Promise<BeanstalkdNode> {
  const all: Record<string, Answer> = {
    'reserve-with-timeout': `RESERVED 7 ${hello.length}\r\n${hello.toString()}\r\n`,
    'stats-job': jobStats,
    ...answers,
  };
  const endpoint = await serve(({ line, name }) => {
    const answer = all[line] ?? all[name];
    return typeof answer === 'function' ? answer(line) : answer;
  });
  return nodeAt(endpoint);
}
