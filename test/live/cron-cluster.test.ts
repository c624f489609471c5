// Several hosts and servers that come and go: a rolling edit, a node that loses its data, a stop without the ledger.

import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { jsonLines, type RunningDq } from '../support/cli.ts';
import { clusterOf, type Cluster } from '../support/cluster.ts';
import { daily, soon } from '../support/instants.ts';
import { patient, until } from '../support/wait.ts';

/** Root may, but not in every container. */
const mayUnshare = spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0;

/** A schedule of one entry that notes its ticks. */
function nightly(at: Date, run = 'echo $DQ_TICK >> ran'): string {
  return JSON.stringify({ cron: { nightly: { schedule: daily(at), extended: true, run } } });
}

async function startHost(cluster: Cluster, host: string): Promise<RunningDq> {
  const dq = cluster.startDq(['--json', 'cron', 'run', `${host}.yaml`], { env: { DQ_HOST: host } });
  await dq.event('working');
  return dq;
}

async function written(cluster: Cluster): Promise<void> {
  await until('ticks are written', async () =>
    (await cluster.counts('default.cron')).every(({ delayed }) => delayed > 0),
  );
}

async function stop(...hosts: readonly RunningDq[]): Promise<void> {
  for (const host of hosts) host.kill('SIGTERM');
  for (const host of hosts) expect((await host.ended).code).toBe(0);
}

describe.concurrent('an entry that is moved by a rolling edit', { timeout: 180_000 }, () => {
  /** Two hosts have it at night; the file of the first is edited, and it runs in the evening, before that. */
  async function edited() {
    const cluster = await clusterOf(2);
    // Two hosts start before the evening, and both are past it before the night
    const night = soon(60);
    cluster.write('north.yaml', nightly(night));
    cluster.write('east.yaml', nightly(night));
    const north = await startHost(cluster, 'north');
    const east = await startHost(cluster, 'east');
    await written(cluster);
    const evening = soon(15);
    cluster.write('north.yaml', nightly(evening));
    expect(await north.event('reloaded')).toMatchObject({ reason: '~nightly' });
    const ran = (): string[] => cluster.read('ran');
    await until('it ran in the evening', () => ran().length > 0);
    return { cluster, night, evening, north, east, ran };
  }

  it('runs once at the new time, and no more at the old one', async () => {
    const { cluster, night, evening, north, east, ran } = await edited();
    cluster.write('east.yaml', nightly(evening));
    await east.event('reloaded');
    expect(Date.now()).toBeLessThan(night.getTime());
    const raw = await cluster.raw(cluster.nodes[0]);
    // The first that was written is that of the coming night
    await until(
      'nobody wanted it, twice',
      async () => {
        const stats = await raw.stats('stats-job 1');
        return Date.now() > night.getTime() && Number(stats?.get('releases')) >= 2;
      },
      patient,
    );
    await stop(north, east);
    expect(ran()).toEqual([evening.toISOString()]);
  });

  it('runs at both times, each once, while hosts differ', async () => {
    const { night, evening, north, east, ran } = await edited();
    await until('it ran at night', () => ran().length > 1, patient);
    await stop(north, east);
    expect(ran()).toEqual([evening, night].map((at) => at.toISOString()));
  });
});

it.concurrent('ticks are written again when a node is back without them', async () => {
  const cluster = await clusterOf(1);
  const at = soon(30);
  cluster.write('north.yaml', nightly(at));
  const north = await startHost(cluster, 'north');
  await written(cluster);
  await cluster.nodes[0]?.kill();
  await north.event('node-down');
  await cluster.nodes[0]?.start();
  await until('it ran', () => cluster.read('ran').length > 0);
  await stop(north);
  expect(cluster.read('ran')).toEqual([at.toISOString()]);
});

it.concurrent(
  'what can not be reached is told at the start, and once when it is back',
  async () => {
    const cluster = await clusterOf(2, { config: 'minReplicas: 1\n' });
    const away = [cluster.redis, cluster.nodes[1]!];
    await Promise.all(away.map((server) => server.kill()));
    cluster.write('north.yaml', nightly(soon(3_600)));
    const north = await startHost(cluster, 'north');
    for (const name of ['node-down', 'ledger-down']) await north.event(name);
    await Promise.all(away.map((server) => server.start()));
    for (const name of ['node-up', 'ledger-up']) await north.event(name);
    north.kill('SIGTERM');
    const { code, stderr } = await north.ended;
    const told = jsonLines(stderr).map(({ event }) => String(event));
    expect([code, told.slice(1).sort()]).toEqual([
      ...[0, ['ledger-down', 'ledger-up', 'node-down', 'node-up']],
    ]);
  },
);

it.concurrent('a run whose end can not be written is told by the exit code', async () => {
  const cluster = await clusterOf(1, { config: 'work: {grace: 1s}\n' });
  cluster.write(
    'north.yaml',
    nightly(soon(), 'echo + >> ran; until [ -e end ]; do sleep 0.05; done'),
  );
  const north = await startHost(cluster, 'north');
  await until('it runs', () => cluster.read('ran').length > 0);
  await cluster.redis.kill();
  cluster.write('end', '');
  await north.event('ledger-down');
  north.kill('SIGTERM');
  expect((await north.ended).code).toBe(143);
});

it.runIf(mayUnshare)('as process 1 dq warns that it reaps no orphans', async () => {
  const cluster = await clusterOf(1);
  cluster.write('north.yaml', nightly(soon(60)));
  const words = ['--json', 'cron', 'run', 'north.yaml'];
  const dq = cluster.startDq(words, { under: ['unshare', '--pid', '--fork', '--kill-child'] });
  expect(await dq.event('warning')).toMatchObject({
    reason: expect.stringContaining('use an init') as string,
  });
  dq.kill('SIGKILL');
});
