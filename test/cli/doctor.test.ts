// `dq doctor`: what is found, what is wrong with it, and the remedy.

import { describe, expect, it } from 'vitest';
import { dq, jsonLines } from '../support/cli.ts';
import { clusterOf, type Cluster } from '../support/cluster.ts';
import { startRedis } from '../support/servers.ts';
import { until } from '../support/wait.ts';

/** What is right for production: binlogs, and a Redis that keeps its data. */
const healthy = (): Promise<Cluster> => clusterOf(3, { kept: true });

describe('a healthy cluster', () => {
  it('is exit 0, and every part is told', async () => {
    const cluster = await healthy();
    const work = cluster.startDq(['work', '--json', '--', 'true']);
    await work.event('working');
    const raw = await cluster.raw(cluster.nodes[0]);
    await until(
      'it waits',
      async () => (await raw.stats('stats-tube default'))?.get('current-waiting') === '1',
    );
    const { code, stdout } = await cluster.dq(['doctor']);
    expect(stdout).toContain(cluster.file);
    for (const { endpoint } of [...cluster.nodes, cluster.redis]) {
      expect(stdout).toContain(endpoint);
    }
    expect(stdout).toMatch(/beanstalkd 1\.1\d, payloads of up to 65513 bytes/);
    expect(stdout).toMatch(new RegExp(`^ok   redis [\\d.]+ at ${cluster.redis.endpoint}, `, 'm'));
    expect(code).toBe(0);
    work.kill('SIGTERM');
    await work.ended;
  });

  it('is JSON under --json', async () => {
    const cluster = await healthy();
    const { stdout } = await cluster.dq(['--json', 'doctor']);
    expect(jsonLines(stdout).length).toBeGreaterThan(0);
  });

  it('changes nothing', async () => {
    const cluster = await healthy();
    await cluster.dq(['doctor']);
    expect(await cluster.totalJobs()).toEqual([0, 0, 0]);
    expect(await cluster.openRedis().dbsize()).toBe(0);
  });
});

describe('what is wrong is named with its remedy', () => {
  it('a node that is down', async () => {
    const cluster = await healthy();
    await cluster.nodes[1]?.kill();
    const { stdout } = await cluster.dq(['doctor']);
    expect(stdout).toMatch(new RegExp(`^BAD .*${String(cluster.nodes[1]?.endpoint)}`, 'm'));
    expect(stdout).toMatch(/remedy: .*beanstalkd/);
  });

  it('a node that hangs', async () => {
    const cluster = await healthy();
    cluster.nodes[1]?.pause();
    const { stdout } = await cluster.dq(['doctor']);
    expect(stdout).toMatch(new RegExp(`^BAD .*${String(cluster.nodes[1]?.endpoint)}`, 'm'));
    cluster.nodes[1]?.resume();
  });

  it('too few nodes for a put: exit 75', async () => {
    const cluster = await healthy();
    await Promise.all(cluster.nodes.slice(1).map((node) => node.kill()));
    expect((await cluster.dq(['doctor'])).code).toBe(75);
  });

  it('more replicas are asked for than there are nodes', async () => {
    const cluster = await clusterOf(2, { config: 'replicas: 5\n' });
    const { code, stdout } = await cluster.dq(['doctor']);
    expect(stdout).toContain('replicas: 5, but a node holds one of a job, so there are 2');
    expect(stdout).toContain('remedy: add nodes, or set replicas: 2');
    expect(code).toBe(0);
    const enough = await clusterOf(2, { config: 'replicas: 2\n' });
    expect((await enough.dq(['doctor'])).stdout).not.toContain('add nodes');
  });

  it('no node that answers: it is not known who works there', async () => {
    const cluster = await clusterOf(1);
    await cluster.nodes[0]?.kill();
    const { stdout } = await cluster.dq(['doctor']);
    expect(stdout).toContain('tube default no node tells whether anybody works here');
    expect(stdout).not.toContain('no worker waits');
  });

  it('a node that drains', async () => {
    const cluster = await healthy();
    cluster.nodes[1]?.signal('SIGUSR1');
    const raw = await cluster.raw(cluster.nodes[1]);
    await until('it drains', async () => (await raw.stats('stats'))?.get('draining') === 'true');
    expect((await cluster.dq(['doctor'])).stdout).toMatch(/drain/i);
  });

  it('nodes without a binlog, and a Redis that forgets', async () => {
    const cluster = await clusterOf(2);
    const { stdout } = await cluster.dq(['doctor']);
    expect(stdout).toMatch(/binlog.*-b|-b.*binlog/is);
    expect(stdout).toMatch(/appendonly|persist/i);
  });

  it('a tube that nobody works on', async () => {
    const cluster = await healthy();
    const { stdout } = await cluster.dq(['-t', 'lonely', 'doctor']);
    expect(stdout).toMatch(/no worker waits for jobs, and none has one/);
    expect(stdout).toContain('lonely');
  });

  it('a tube whose workers are busy', async () => {
    const cluster = await healthy();
    await cluster.put('job');
    const work = cluster.startDq(['work', '--json', '--verbose', '--', 'cat; sleep 600']);
    await work.event('started');
    const { stdout } = await cluster.dq(['doctor']);
    expect(stdout).toMatch(/^ok .*tube default 1 job is being worked on; no worker is free$/m);
    work.kill('SIGTERM');
    // Two that come at once are one
    await work.event('stopping');
    work.kill('SIGTERM');
    await work.ended;
  });

  it('two names of one server', async () => {
    const cluster = await healthy();
    const [node] = cluster.nodes;
    const [one, two] = [node?.endpoint ?? '', `localhost:${node?.endpoint.split(':')[1] ?? ''}`];
    const { code, stdout } = await cluster.dq(['doctor'], { env: { DQ_NODES: `${one},${two}` } });
    expect(stdout).toContain(`warn ${two} the same server as ${one}: replicas there are lost`);
    expect(code).toBe(0);
    expect((await cluster.dq(['doctor'])).stdout).not.toContain('the same server');
  });

  it('a Redis that is none', async () => {
    const cluster = await healthy();
    const env = { DQ_REDIS: `redis://${cluster.nodes[0]?.endpoint ?? ''}` };
    const { code, stdout } = await cluster.dq(['doctor'], { env });
    expect(code).toBe(75);
    expect(stdout).toMatch(/^BAD .*: what answers is no Redis$/m);
  });

  it('a Redis that wants a password', async () => {
    const locked = await startRedis(['--requirepass', 'x']);
    const cluster = await healthy();
    const env = { DQ_REDIS: `redis://${locked.endpoint}` };
    const { stdout } = await cluster.dq(['doctor'], { env });
    expect(stdout).toMatch(/^BAD .*NOAUTH: it wants a password$/m);
  });

  it('a Redis that is full', async () => {
    const full = await startRedis(['--maxmemory', '1', '--maxmemory-policy', 'noeviction']);
    const cluster = await clusterOf(1);
    const { code, stdout } = await cluster.dq(['doctor'], {
      env: { DQ_REDIS: `redis://${full.endpoint}` },
    });
    expect(code).toBe(75);
    expect(stdout).toMatch(/^BAD .*OOM .*\n.*maxmemory/m);
  });

  it('a Redis that is away', async () => {
    const cluster = await healthy();
    await cluster.redis.kill();
    const { code, stdout } = await cluster.dq(['doctor']);
    expect(code).toBe(75);
    expect(stdout).toMatch(new RegExp(`^BAD  redis ${cluster.redis.endpoint}: `, 'm'));
  });

  it('a Redis that evicts', async () => {
    const evicting = await startRedis([
      '--maxmemory',
      '100mb',
      '--maxmemory-policy',
      'allkeys-lru',
    ]);
    const cluster = await healthy();
    const env = { DQ_REDIS: `redis://${evicting.endpoint}` };
    const { stdout } = await cluster.dq(['doctor'], { env });
    expect(stdout).toMatch(/noeviction/);
  });

  it('no configuration, in CI', async () => {
    const { code, stdout, stderr } = await dq(['doctor'], { env: { CI: 'true' } });
    expect(code).toBe(2);
    expect(stdout + stderr).toMatch(/DQ_NODES/);
  });
});
