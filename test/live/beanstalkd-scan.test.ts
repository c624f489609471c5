// The scan of a real beanstalkd that refuses puts, or whose jobs come and go meanwhile, step by step.

import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from 'vitest';
import { BeanstalkdNode } from '../../src/queue/beanstalkd.ts';
import type { ScanPage } from '../../src/queue/node.ts';
import { connectRaw, type RawNode } from '../support/raw-node.ts';
import { startBeanstalkd, temporaryFolder, type Server } from '../support/servers.ts';
import { until } from '../support/wait.ts';
import { putOne } from '../support/put-one.ts';

const plain = { priority: 1024, delay: 0, ttr: 60 };
const later = { ...plain, delay: 1_000 };
const hello = Buffer.from('1767225600000000000/hello');

/** Its jobs outlive a restart; nothing is synced, as the machine stays on. */
const kept = (): string[] => ['-b', temporaryFolder(), '-F'];

/** Far more ids than a scan asks for in vain before it counts anew. */
const spent = 20_000;

const open: { close: () => void }[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function nodeAt({ endpoint }: Server, tube = 'jobs'): BeanstalkdNode {
  const node = new BeanstalkdNode({ endpoint, tube, connectTimeout: 30_000, replyTimeout: 30_000 });
  open.push(node);
  return node;
}

async function rawAt({ port }: Server): Promise<RawNode> {
  const raw = await connectRaw(port);
  open.push(raw);
  return raw;
}

/** The ids of the new jobs. */
function putMany(node: BeanstalkdNode, count: number, options = plain): Promise<bigint[]> {
  return Promise.all(Array.from({ length: count }, () => putOne(node, hello, options)));
}

async function spendIds(server: Server, count: number): Promise<void> {
  const node = nodeAt(server, 'spent');
  const ids = await putMany(node, count);
  await Promise.all(ids.map((id) => node.delete(id, hello)));
}

async function rest(pages: AsyncIterator<ScanPage>): Promise<bigint[]> {
  const ids: bigint[] = [];
  for (let page = await pages.next(); page.done !== true; page = await pages.next()) {
    expect(page.value.progress).toBeGreaterThanOrEqual(0);
    expect(page.value.progress).toBeLessThanOrEqual(1);
    ids.push(...page.value.replicas.map(({ id }) => id));
  }
  return ids;
}

const scanned = (node: BeanstalkdNode): Promise<bigint[]> =>
  rest(node.scan()[Symbol.asyncIterator]());

/** Its first page, and the rest of it. */
async function begun(node: BeanstalkdNode): Promise<[bigint[], AsyncIterator<ScanPage>]> {
  const pages = node.scan()[Symbol.asyncIterator]();
  const first = await pages.next();
  return [first.done === true ? [] : first.value.replicas.map(({ id }) => id), pages];
}

const ascending = (ids: readonly bigint[]): bigint[] => ids.toSorted((a, b) => Number(a - b));

async function looksAt(raw: RawNode): Promise<number> {
  return Number((await raw.stats('stats'))?.get('cmd-stats-job'));
}

async function drain(server: Server): Promise<RawNode> {
  const raw = await rawAt(server);
  server.signal('SIGUSR1');
  const isDraining = async () => (await raw.stats('stats'))?.get('draining') === 'true';
  await until('it drains', isDraining);
  return raw;
}

describe('a server that drains', () => {
  it('is scanned from the newest down, though nobody tells that one', async () => {
    const server = await startBeanstalkd();
    const node = nodeAt(server);
    await spendIds(server, spent);
    const ids = await putMany(node, 1_000);
    const raw = await drain(server);
    expect(await scanned(node)).toEqual(ids.toReversed());
    expect(await looksAt(raw)).toBeLessThan(spent / 2);
    expect(await scanned(nodeAt(server, 'none'))).toEqual([]);
    expect((await raw.stats('stats'))?.get('current-jobs-ready')).toBe('1000');
  });

  it('and was restarted with its jobs, so that no count tells the newest', async () => {
    const server = await startBeanstalkd(kept());
    const before = nodeAt(server);
    const old = await putMany(before, 10, later);
    await spendIds(server, 2_000);
    const next = await putMany(before, 300, later);
    await before.delete(next[0]!, hello);
    await spendIds(server, 2_000);
    const young = await putMany(before, 10);
    await server.kill();
    await server.start();
    const node = nodeAt(server);
    const put = await putMany(node, 5);
    await drain(server);
    const all = [...old, ...next.slice(1), ...young, ...put];
    expect(ascending(await scanned(node))).toEqual(ascending(all));
    expect(await scanned(nodeAt(server, 'none'))).toEqual([]);
  });

  it('and has deleted some of the jobs before they are found', async () => {
    const server = await startBeanstalkd(kept());
    await spendIds(server, spent);
    const ids = await putMany(nodeAt(server), 2_000);
    await server.kill();
    await server.start();
    const raw = await drain(server);
    const node = nodeAt(server);
    const [first, pages] = await begun(node);
    const gone = ids.slice(-10);
    expect(await Promise.all(gone.map((id) => node.delete(id, hello)))).not.toContain(false);
    expect(ascending([...first, ...(await rest(pages))])).toEqual(ids.slice(0, -10));
    expect(await looksAt(raw)).toBeLessThan(spent);
  });
});

describe('jobs that are deleted before they are found', () => {
  it('are not looked for down to the first id', async () => {
    const server = await startBeanstalkd();
    const node = nodeAt(server);
    const raw = await rawAt(server);
    await spendIds(server, spent);
    const ids = await putMany(node, 300);
    const [first, pages] = await begun(node);
    for (const id of [ids[0]!, ids[1]!, ids[299]!]) await node.delete(id, hello);
    await putMany(node, 10);
    expect([...first, ...(await rest(pages))]).toEqual(ids.slice(2).toReversed());
    expect(await looksAt(raw)).toBeLessThan(spent / 2);
  });

  it('don’t end it before an old one that is still there', async () => {
    const server = await startBeanstalkd();
    const node = nodeAt(server);
    const [oldest] = await putMany(node, 1, later);
    await spendIds(server, spent);
    const ids = await putMany(node, 300);
    const [first, pages] = await begun(node);
    await node.delete(ids[0]!, hello);
    // As many as are gone: the count alone would tell nothing
    await node.delete(ids[299]!, hello);
    await putMany(node, 2);
    const found = [...first, ...(await rest(pages))];
    expect(found).toEqual([...ids.slice(1).toReversed(), oldest]);
  });
});

describe('a put that is under way', () => {
  const start = `put 0 0 60 ${hello.length}`;

  it('is no job yet', async () => {
    const server = await startBeanstalkd();
    const node = nodeAt(server);
    const slow = await rawAt(server);
    await slow.ask('use jobs');
    const ids = await putMany(node, 10);
    slow.write(`${start}\r\n`);
    await idIsTaken(server, 11n);
    expect(await scanned(node)).toEqual(ids.toReversed());
    expect(await node.stats(11n)).toBeUndefined();
  });

  it('and is found after the count hides no old one', async () => {
    const server = await startBeanstalkd();
    const node = nodeAt(server);
    const slow = await rawAt(server);
    await slow.ask('use jobs');
    const [oldest] = await putMany(node, 1);
    await spendIds(server, 2_000);
    slow.write(`${start}\r\n`);
    await idIsTaken(server, 2_002n);
    const ids = await putMany(node, 1_000);
    const [first, pages] = await begun(node);
    const { line } = await slow.ask(hello.toString());
    expect(line).toBe('INSERTED 2002');
    const found = [...first, ...(await rest(pages))];
    expect(found).toEqual([...ids.toReversed(), 2_002n, oldest]);
  });

  async function idIsTaken(server: Server, id: bigint): Promise<void> {
    const raw = await rawAt(server);
    const state = async () => (await raw.stats(`stats-job ${id}`))?.get('state');
    await until('the put has begun', async () => (await state()) === 'invalid');
  }
});
