// What go-queue loses, repeats or starts early on the same work, and dq doesn't.

import type { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { clusterOf, configOf, type Cluster } from '../support/cluster.ts';
import { obliging, startFakeNode } from '../support/fake-node.ts';
import { early, names, noteRun, payloads, runsOf } from '../support/runs.ts';
import { patient, until } from '../support/wait.ts';

async function putLines(cluster: Cluster, records: string[], ...words: string[]): Promise<void> {
  const { code } = await cluster.dq(['put', '--lines', ...words], { stdin: records.join('\n') });
  expect(code).toBe(0);
}

/** Every process of the handlers that run now: a worker's machine takes them with it. */
function killHandlers(cluster: Cluster): void {
  for (const group of cluster.read('groups')) {
    try {
      process.kill(-Number(group), 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

describe.concurrent('nothing is lost, nothing runs twice', () => {
  it('when a worker is killed in the middle of its handlers', async () => {
    const cluster = await clusterOf(3);
    const records = names(60, 'job');
    await putLines(cluster, records);
    const doomed = cluster.startDq(['work', '-j', '3', '--', 'echo $$ >> groups; sleep 1000']);
    await until('its slots are full', () => cluster.read('groups').length === 3);
    await doomed.crash();
    killHandlers(cluster);
    const work = cluster.startDq(['work', '-j', '8', '--', noteRun]);
    await until('all have run', () => runsOf(cluster).length >= records.length, patient);
    work.kill('SIGTERM');
    expect((await work.ended).code).toBe(0);
    const runs = runsOf(cluster);
    expect(payloads(runs)).toEqual(records);
    expect(runs.filter(({ attempt }) => attempt > 1)).toHaveLength(3);
  }, 120_000);

  it('when Redis is away for five seconds while jobs come due', async () => {
    const cluster = await clusterOf(3, { kept: true });
    const records = names(300, 'job');
    await putLines(cluster, records, '--delay', '3s');
    const work = cluster.startDq(['work', '-j', '8', '--json', '--', noteRun]);
    await work.event('working');
    await cluster.redis.kill();
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    await cluster.redis.start();
    await until('all have run', () => runsOf(cluster).length >= records.length, patient);
    work.kill('SIGTERM');
    expect((await work.ended).code).toBe(0);
    expect(payloads(runsOf(cluster))).toEqual(records);
    expect(early(runsOf(cluster))).toEqual([]);
  }, 120_000);

  it('when a node dies in the middle, and when it comes back with its jobs', async () => {
    const cluster = await clusterOf(3, { kept: true });
    const records = names(100, 'job');
    await putLines(cluster, records, '--delay', '1s');
    const work = cluster.startDq(['work', '-j', '2', '--json', '--', noteRun]);
    await until('some have run', () => runsOf(cluster).length > 10);
    await cluster.nodes[0]?.kill();
    await work.event('node-down');
    await until('all have run', () => runsOf(cluster).length >= records.length, patient);
    await cluster.nodes[0]?.start();
    const isQuiet = async (): Promise<boolean> =>
      (await cluster.counts('default')).every(({ ready, reserved }) => ready + reserved === 0);
    await until('the replicas that came back are gone', isQuiet, patient);
    work.kill('SIGTERM');
    expect((await work.ended).code).toBe(0);
    expect(payloads(runsOf(cluster))).toEqual(records);
  }, 120_000);

  it('when Redis comes up after the worker', async () => {
    const cluster = await clusterOf(2);
    await cluster.put('hello');
    await cluster.redis.kill();
    const work = cluster.startDq(['work', '--json', '--', noteRun]);
    await work.event('ledger-down');
    await cluster.redis.start();
    await until('it has run', () => runsOf(cluster).length > 0);
    work.kill('SIGTERM');
    expect((await work.ended).code).toBe(0);
    expect(payloads(runsOf(cluster))).toEqual(['hello']);
  }, 120_000);

  it('when Redis is away, and there is no job: it is told once, and once when it is back', async () => {
    const cluster = await clusterOf(1);
    await cluster.redis.kill();
    const work = cluster.startDq(['work', '--json', '--', noteRun]);
    await work.event('ledger-down');
    await cluster.redis.start();
    await work.event('ledger-up');
    work.kill('SIGTERM');
    const { code, stderr } = await work.ended;
    expect([code, stderr.match(/"ledger-/g)?.length]).toEqual([0, 2]);
    await cluster.redis.kill();
    const drained = await cluster.dq(['work', '--json', '--drain', '--', noteRun]);
    expect([drained.code, drained.stderr.includes('ledger-down')]).toEqual([0, false]);
  });

  it('when a node breaks the protocol', async () => {
    const answers = ['GARBAGE', 'RESERVED x 5', 'RESERVED 1 99999999999', 'RESERVED 1 1\r\n10/x'];
    const fakes = await Promise.all(
      answers.map((answer) =>
        startFakeNode(
          obliging(({ name }) => (name.startsWith('reserve') ? `${answer}\r\n` : undefined)),
        ),
      ),
    );
    const cluster = await clusterOf(2);
    const records = names(20, 'job');
    await putLines(cluster, records);
    const endpoints = [...fakes, ...cluster.nodes].map(({ endpoint }) => endpoint);
    cluster.write('.dqrc.yaml', configOf(endpoints, cluster.redis.endpoint));
    const work = cluster.startDq(['work', '--json', '--', noteRun]);
    await until('all have run', () => runsOf(cluster).length >= records.length, patient);
    for (const { endpoint } of fakes) await work.line(new RegExp(`"node":"${endpoint}"`));
    work.kill('SIGTERM');
    expect((await work.ended).code).toBe(0);
    expect(payloads(runsOf(cluster))).toEqual(records);
  }, 120_000);

  it.each([
    ['no text', (redis: Redis, key: string) => redis.lpush(key, 'x')],
    ['no entry', (redis: Redis, key: string) => redis.set(key, 'dq1 claimed nonsense')],
    ['of another version', (redis: Redis, key: string) => redis.set(key, 'dq2 claimed token=x')],
  ])('when what Redis holds for a job is %s: others go on', async (_, spoil) => {
    const cluster = await clusterOf(2);
    const { stdout } = await cluster.dq(['put', '--json', 'spoilt']);
    const { key } = JSON.parse(stdout) as { key: string };
    const redis = cluster.openRedis();
    await spoil(redis, `dq:default:${key}`);
    redis.disconnect();
    await putLines(cluster, ['one', 'two']);
    const work = cluster.startDq(['work', '--json', '--', noteRun]);
    await work.event('refused');
    await until('the others have run', () => runsOf(cluster).length >= 2);
    const isLeft = async (): Promise<boolean> => {
      const counts = await cluster.counts('default');
      return counts.every(
        ({ delayed, ready, reserved }) => delayed === 1 && ready + reserved === 0,
      );
    };
    await until('it waits on both nodes', isLeft);
    work.kill('SIGTERM');
    expect((await work.ended).code).toBe(0);
    expect(payloads(runsOf(cluster))).toEqual(['one', 'two']);
  });

  it('when a node hangs', async () => {
    const cluster = await clusterOf(3);
    const records = names(50, 'job');
    await putLines(cluster, records);
    cluster.nodes[1]?.pause();
    const { code } = await cluster.dq(['work', '-j', '2', '--drain', '--', noteRun]);
    expect(code).toBe(0);
    expect(payloads(runsOf(cluster))).toEqual(records);
    cluster.nodes[1]?.resume();
    const again = await cluster.dq(['work', '--drain', '--', noteRun]);
    expect(again.code).toBe(0);
    expect(payloads(runsOf(cluster))).toEqual(records);
  }, 120_000);
});
