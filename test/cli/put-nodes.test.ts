// `dq put` with nodes that are down, hung, slow, full, draining or hostile.

import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dq, jsonLines } from '../support/cli.ts';
import { clusterOf, configOf, type Cluster } from '../support/cluster.ts';
import { cut, obliging, startFakeNode, type Script } from '../support/fake-node.ts';
import { startProxy, type Proxy } from '../support/proxy.ts';
import { startBeanstalkd } from '../support/servers.ts';
import { until } from '../support/wait.ts';

/** A cluster whose last node is behind a proxy. */
async function clusterWithProxy(count: number): Promise<{ cluster: Cluster; proxy: Proxy }> {
  const proxies: Proxy[] = [];
  const cluster = await clusterOf(count, {
    endpoints: async (nodes) => {
      proxies.push(await startProxy(nodes.at(-1)?.port ?? 0));
      return [...nodes.slice(0, -1), ...proxies].map(({ endpoint }) => endpoint);
    },
  });
  const [proxy] = proxies;
  if (proxy === undefined) throw new Error('no proxy');
  return { cluster, proxy };
}

/** The node gets the job, and nobody is told. */
function stallRepliesToPut(proxy: Proxy): void {
  proxy.onRequest((chunk) => {
    if (chunk.includes('put ')) proxy.stall('replies');
  });
}

/** Two real nodes and a third with this script. */
async function clusterWithFake(script: Script): Promise<{ cluster: Cluster; fake: string }> {
  const { endpoint: fake } = await startFakeNode(script);
  const endpoints = (nodes: Cluster['nodes']): string[] => [
    ...nodes.map(({ endpoint }) => endpoint),
    fake,
  ];
  return { cluster: await clusterOf(2, { endpoints }), fake };
}

const ready = async (cluster: Cluster): Promise<number[]> =>
  (await cluster.counts('default')).map((counts) => counts.ready + counts.delayed);

describe('enough nodes', () => {
  it('a hung node costs a bounded wait, and the job is on the others', async () => {
    const cluster = await clusterOf(3);
    cluster.nodes[0]?.pause();
    const { replicas, failed } = await cluster.put('hello');
    expect(replicas).toHaveLength(2);
    expect(failed.map(({ node }) => node)).toEqual([cluster.nodes[0]?.endpoint]);
    cluster.nodes[0]?.resume();
  });

  it('a black hole behind an accepted connection is no different', async () => {
    const { cluster, proxy } = await clusterWithProxy(3);
    proxy.stall();
    const { replicas, failed } = await cluster.put('hello');
    expect(replicas).toHaveLength(2);
    expect(failed.map(({ node }) => node)).toEqual([proxy.endpoint]);
  });

  it('a slow node is waited for', async () => {
    const { cluster, proxy } = await clusterWithProxy(3);
    proxy.delay(100);
    expect((await cluster.put('hello')).failed).toEqual([]);
  });

  it('a spare node takes the place of one that is down', async () => {
    const cluster = await clusterOf(4);
    await cluster.nodes[2]?.kill();
    const { replicas } = await cluster.put('hello');
    expect(replicas).toHaveLength(3);
    expect(replicas.map(({ node }) => node)).not.toContain(cluster.nodes[2]?.endpoint);
  });

  it('a node that dies under many lines costs no receipt, and its copies alone', async () => {
    const cluster = await clusterOf(3);
    const count = 20_000;
    const stdin = Array.from({ length: count }, (_, at) => `${at}\n`).join('');
    const putting = cluster.startDq(['put', '--lines'], { stdin });
    await putting.line(/./, 'stdout');
    await cluster.nodes[1]?.kill();
    const { code, stdout, stderr } = await putting.ended;
    expect(code).toBe(0);
    expect(new Set(stdout.split('\n').slice(0, -1)).size).toBe(count);
    expect(stderr.match(/2 of 3 replicas/g)).toHaveLength(1);
    for (const alive of [cluster.nodes[0], cluster.nodes[2]]) {
      const raw = await cluster.raw(alive);
      expect(await raw.counts('default')).toMatchObject({ ready: count });
    }
  });

  it('Redis isn’t asked', async () => {
    const cluster = await clusterOf(3);
    await cluster.redis.kill();
    expect((await cluster.put('hello')).replicas).toHaveLength(3);
  });

  it('the nodes that failed are named on stderr, and the exit is 0', async () => {
    const cluster = await clusterOf(3);
    await cluster.nodes[1]?.kill();
    const { code, stderr } = await cluster.dq(['put', 'hello']);
    expect(code).toBe(0);
    expect(stderr).toContain(cluster.nodes[1]?.endpoint);
  });

  it('a draining node is passed over', async () => {
    const cluster = await clusterOf(3);
    cluster.nodes[1]?.signal('SIGUSR1');
    const raw = await cluster.raw(cluster.nodes[1]);
    await until('it drains', async () => (await raw.stats('stats'))?.get('draining') === 'true');
    const { failed } = await cluster.put('hello');
    expect(failed).toEqual([
      { node: cluster.nodes[1]?.endpoint, error: expect.stringMatching(/drain/i) as string },
    ]);
  });
});

describe('too few nodes', () => {
  it('is exit 75 with the reason of each, and what was written is taken back', async () => {
    const cluster = await clusterOf(3);
    const [alive, one, two] = cluster.nodes;
    await Promise.all([one?.kill(), two?.kill('SIGTERM')]);
    const { code, stdout, stderr } = await cluster.dq(['put', 'hello']);
    expect(code).toBe(75);
    expect(stdout).toBe('');
    expect(stderr).toContain(one?.endpoint);
    expect(stderr).toContain(two?.endpoint);
    const raw = await cluster.raw(alive);
    expect(await raw.counts('default')).toMatchObject({ ready: 0, delayed: 0 });
    expect(await raw.totalJobs()).toBe(1);
  });

  it('is one error under --json', async () => {
    const cluster = await clusterOf(1);
    await cluster.nodes[0]?.kill();
    const { code, stdout, stderr } = await cluster.dq(['--json', 'put', 'hello']);
    expect(code).toBe(75);
    expect(stdout).toBe('');
    expect(jsonLines(stderr)).toMatchObject([
      { error: { kind: 'unavailable', message: expect.stringMatching(/./) as string } },
    ]);
  });

  it('an unconfirmed replica is revoked: it doesn’t run when its node answers again', async () => {
    const { cluster, proxy } = await clusterWithProxy(1);
    stallRepliesToPut(proxy);
    const { code } = await cluster.dq(['put', 'hello']);
    expect(code).toBe(75);
    expect(await ready(cluster)).toEqual([1]);
    proxy.heal();
    const work = await cluster.dq(['work', '--drain', '--', 'echo ran >> ran']);
    expect(work.code).toBe(0);
    expect(cluster.read('ran')).toEqual([]);
    expect(await ready(cluster)).toEqual([0]);
  });

  it('an unconfirmed job at an instant is named: an equal one may be accepted elsewhere', async () => {
    const node = await startBeanstalkd();
    const proxy = await startProxy(node.port);
    stallRepliesToPut(proxy);
    const words = ['at', '2100-01-01T00:00:00Z', 'hello'];
    const { code, stderr } = await dq(words, { env: { DQ_NODES: proxy.endpoint } });
    expect(code).toBe(75);
    expect(stderr).toContain('may still run: c7f61fde7ef757dc7cfacb50eb5beb9f');
  });
});

describe('a payload over the limit of the nodes', () => {
  it('is refused by all of them', async () => {
    const cluster = await clusterOf(3);
    const { code, stdout, stderr } = await cluster.dq(['put', '-'], { stdin: 'x'.repeat(70_000) });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/too big|too large|limit/i);
    expect(await cluster.totalJobs()).toEqual([0, 0, 0]);
  });

  it('is taken back from the node that took it', async () => {
    const roomy = await startBeanstalkd(['-z', '1000']);
    const cluster = await clusterOf(2, { words: ['-z', '50'] });
    const endpoints = [roomy, ...cluster.nodes].map(({ endpoint }) => endpoint);
    writeFileSync(cluster.file, configOf(endpoints, cluster.redis.endpoint));
    const { code } = await cluster.dq(['put', 'x'.repeat(100)]);
    expect(code).toBe(2);
    const raw = await cluster.raw(roomy);
    expect([await raw.totalJobs(), (await raw.counts('default')).ready]).toEqual([1, 0]);
  });

  it('may have the limit’s exact size', async () => {
    const cluster = await clusterOf(1, { words: ['-z', '30'] });
    const envelopeWithout = '1767225600000000000/'.length;
    const { code } = await cluster.dq(['put', 'x'.repeat(30 - envelopeWithout)]);
    expect(code).toBe(0);
    expect((await cluster.dq(['put', 'x'.repeat(31 - envelopeWithout)])).code).toBe(2);
  });
});

describe('a hostile node', () => {
  const onPut =
    (answer: string | typeof cut): Script =>
    ({ name }) =>
      name === 'put' ? answer : undefined;

  it.each<[string, Script]>([
    ['an id over 64 bits', onPut('INSERTED 18446744073709551616\r\n')],
    ['no id', onPut('INSERTED\r\n')],
    ['another reply', onPut('DELETED\r\n')],
    ['a reply with a body', onPut('OK 5\r\nhello\r\n')],
    ['an endless line', onPut('x'.repeat(100_000))],
    ['EXPECTED_CRLF', onPut('EXPECTED_CRLF\r\n')],
    ['a reset connection', onPut(cut)],
    ['OUT_OF_MEMORY', onPut('OUT_OF_MEMORY\r\n')],
    ['BURIED', onPut('BURIED 5\r\n')],
    ['a greeting nobody asked for', (_, socket) => (socket.write('HELLO\r\n'), undefined)],
  ])('that answers with %s is named, and the job is on the others', async (_, script) => {
    const { cluster, fake } = await clusterWithFake(obliging(script));
    const { failed, replicas } = await cluster.put('hello');
    expect(replicas).toHaveLength(2);
    expect(failed).toEqual([{ node: fake, error: expect.stringMatching(/^.+$/) as string }]);
  });

  it('that buries a put has it deleted again', async () => {
    const node = await startFakeNode(obliging(onPut('BURIED 5\r\n')));
    const cluster = await clusterOf(2, {
      endpoints: (nodes) => [...nodes, node].map(({ endpoint }) => endpoint),
    });
    await cluster.put('hello');
    expect(node.heard.map(({ line }) => line)).toContain('delete 5');
  });
});
