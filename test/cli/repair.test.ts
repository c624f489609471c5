// `dq repair`: jobs with too few replicas get new ones, and nothing comes back to life.

import { describe, expect, it } from 'vitest';
import { jsonLines } from '../support/cli.ts';
import { clusterOf, type Cluster } from '../support/cluster.ts';
import { embeddedPlace } from '../support/places.ts';
import { names, noteRun, payloads, runsOf } from '../support/runs.ts';

const none = { ready: 0, delayed: 0, reserved: 0, buried: 0 };
const now = ['--older-than', '0s'];

async function forget(cluster: Cluster, at: number): Promise<void> {
  const node = cluster.nodes[at];
  await node?.kill();
  await node?.start();
}

describe('a node that lost its data', () => {
  it.each(['1e3', 'null', 'a/b'])('has the jobs of tube %s again', async (tube) => {
    const cluster = await clusterOf(3);
    const stdin = names(50, 'job').join('\n');
    await cluster.dq(['-t', tube, 'put', '--lines', '--delay', '1h'], { stdin });
    await forget(cluster, 1);
    const { code, stderr } = await cluster.dq(['-t', tube, 'repair', ...now]);
    expect([code, stderr]).toEqual([0, `repaired 50 jobs of tube ${tube}\n`]);
    expect(await cluster.counts(tube)).toEqual(cluster.each({ ...none, delayed: 50 }));
    const again = await cluster.dq(['-t', tube, 'repair', ...now]);
    expect([again.code, again.stderr]).toEqual([0, `repaired 0 jobs of tube ${tube}\n`]);
  });

  it('has the very same job, with its priority and ttr', async () => {
    const cluster = await clusterOf(2);
    const put = await cluster.put('--delay', '1h', '--priority', '7', '--ttr', '9s', 'job');
    await forget(cluster, 0);
    const words = ['--json', 'repair', ...now];
    const { stdout } = await cluster.dq(words);
    const [node] = cluster.nodes;
    const [line] = jsonLines(stdout);
    const [added] = line?.['added'] as { id: string }[];
    const where = { node: node?.endpoint, tube: 'default', id: added?.id };
    expect(line).toEqual({ key: put.key, result: 'repaired', added: [where], failed: [] });
    const lost = new RegExp(`${String(node?.endpoint)}/default/1`);
    const receipt = put.receipt.replace(lost, `${String(node?.endpoint)}/default/${where.id}`);
    const [one, other] = await cluster.envelopes(receipt);
    expect(one).toBeDefined();
    expect(one).toEqual(other);
    const stats = await (await cluster.raw(node)).stats(`stats-job ${where.id}`);
    expect([stats?.get('pri'), stats?.get('ttr')]).toEqual(['7', '9']);
  });

  it('is only shown under --dry-run', async () => {
    const cluster = await clusterOf(2);
    const { key } = await cluster.put('--delay', '1h', 'job');
    await forget(cluster, 0);
    const { code, stdout } = await cluster.dq(['repair', '--dry-run', ...now]);
    expect([code, stdout]).toEqual([0, `${key}  repairable\n`]);
    expect(await cluster.counts('default')).toContainEqual(none);
  });
});

describe('jobs are left alone', () => {
  it('that are done, dead or deleted, and when they are buried', async () => {
    const cluster = await clusterOf(2, { kept: true });
    const [down] = cluster.nodes;
    await cluster.put('dead');
    await cluster.put('done');
    const { receipt } = await cluster.put('--delay', '1h', 'deleted');
    const handler = '[ "$DQ_PAYLOAD" = done ] || exit 65';
    await cluster.dq(['work', '--drain', '--', 'sh', '-c', handler]);
    await cluster.dq(['delete', receipt]);
    await down?.kill();
    await down?.start();
    const before = await cluster.totalJobs();
    const { code, stdout } = await cluster.dq(['--json', 'repair', ...now]);
    expect([code, stdout]).toEqual([0, '']);
    // A probe on each node tells where its ids end
    expect((await cluster.totalJobs()).map((total, at) => total - before[at]!)).toEqual([1, 1]);
  });

  it('that are just being put: exit 75', async () => {
    const cluster = await clusterOf(2);
    await cluster.put('--delay', '1h', 'job');
    await forget(cluster, 0);
    const { code, stdout } = await cluster.dq(['--json', 'repair']);
    expect(code).toBe(75);
    expect(jsonLines(stdout)).toMatchObject([{ result: 'young', added: [] }]);
  });

  it('while the node that lacks them is down: exit 75', async () => {
    const cluster = await clusterOf(2);
    await cluster.put('--delay', '1h', 'job');
    const [down] = cluster.nodes;
    await down?.kill();
    const { code, stdout, stderr } = await cluster.dq(['--json', 'repair', ...now]);
    expect(code).toBe(75);
    expect(jsonLines(stdout)).toMatchObject([{ result: 'incomplete', added: [] }]);
    expect(stderr).toContain(down?.endpoint);
  });

  it('while so many nodes are down that jobs may be out of sight: exit 75', async () => {
    const cluster = await clusterOf(3);
    await cluster.nodes[0]?.kill();
    expect((await cluster.dq(['repair'])).code).toBe(0);
    await cluster.nodes[1]?.kill();
    const { code, stderr } = await cluster.dq(['repair']);
    expect([code, stderr]).toEqual([75, expect.stringContaining('jobs may be out of sight')]);
  });

  it('while the ledger is away: exit 75', async () => {
    const cluster = await clusterOf(2);
    await cluster.put('--delay', '1h', 'job');
    await forget(cluster, 0);
    await cluster.redis.kill();
    expect((await cluster.dq(['repair', ...now])).code).toBe(75);
    expect(await cluster.counts('default')).toContainEqual(none);
    const dry = await cluster.dq(['repair', '--dry-run', '-t', 'empty']);
    expect([dry.code, dry.stderr]).toEqual([75, expect.stringContaining(cluster.redis.endpoint)]);
  });

  it('by the embedded queue: there is nothing to repair', async () => {
    const place = embeddedPlace();
    await place.put('job');
    const { code, stderr } = await place.dq(['repair']);
    expect([code, stderr]).toEqual([0, 'nothing to repair: each job has one replica\n']);
  });
});

it('goes to a spare node while one is down', async () => {
  const cluster = await clusterOf(4);
  const put = await cluster.put('--delay', '1h', 'job');
  const holder = put.replicas[0]?.node;
  await cluster.nodes.find(({ endpoint }) => endpoint === holder)?.kill();
  const { code, stdout } = await cluster.dq(['--json', 'repair', ...now]);
  expect(code).toBe(0);
  const names = put.replicas.map(({ node }) => node);
  const spare = cluster.nodes.find(({ endpoint }) => !names.includes(endpoint));
  expect(jsonLines(stdout)).toMatchObject([{ added: [{ node: spare?.endpoint }] }]);
});

it('refuses words: exit 2', async () => {
  const place = embeddedPlace();
  expect((await place.dq(['repair', 'job'])).code).toBe(2);
});

it('brings nothing back to life while jobs complete and are deleted', async () => {
  const cluster = await clusterOf(3);
  const jobs = names(300, 'job');
  const stdin = jobs.join('\n');
  await cluster.dq(['put', '--lines', '--delay', '8s'], { stdin });
  await forget(cluster, 1);
  const handler = ['sh', '-c', `${noteRun}; sleep 0.02`];
  const work = ['work', '-j', '2', '--drain=20s', '--', ...handler];
  const workers = [cluster.startDq(work), cluster.startDq(work)];
  const deleting = cluster.dq(['--json', 'delete', '--match', '/[05]$/', '--yes']);
  const repairs = [];
  for (let round = 0; round < 4; round++) {
    repairs.push((await cluster.dq(['repair', ...now])).code);
    if (round === 1) await forget(cluster, 2);
  }
  expect(repairs.every((code) => code === 0)).toBe(true);
  const { stdout } = await deleting;
  await Promise.all(workers.map((worker) => worker.ended));
  const deleted = jsonLines(stdout).filter(({ result }) => result === 'deleted').length;
  expect(deleted).toBeGreaterThan(0);
  const ran = payloads(runsOf(cluster));
  expect(ran).toEqual([...new Set(ran)]);
  expect(ran.length).toBe(jobs.length - deleted);
  expect(await cluster.counts('default')).toEqual(cluster.each(none));
});
