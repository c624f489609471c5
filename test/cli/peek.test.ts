// dq peek on real servers: one job whole, and the next ones.

import { Buffer } from 'node:buffer';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, lines } from '../support/cli.ts';
import { clusterOf, type Cluster } from '../support/cluster.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await clusterOf(3);
});

async function peek(...words: readonly string[]) {
  const { code, stdout, stderr } = await cluster.dq(['peek', '--json', ...words]);
  return { code, jobs: jsonLines(stdout), stderr };
}

describe('a receipt', () => {
  it('shows the job with each of its replicas', async () => {
    const tube = cluster.tube();
    const put = await cluster.put('-t', tube, '--delay', '1h', '--priority', '7', 'hello');
    const { code, jobs } = await peek(put.receipt);
    expect([code, jobs.length]).toEqual([0, 1]);
    expect(jobs[0]).toMatchObject({
      ...{ key: put.key, due: put.due, state: 'delayed', tube, payload: 'hello' },
      ...{ priority: 7, attempt: 0, ledger: null },
    });
    expect(jobs[0]?.['replicas']).toHaveLength(3);
    for (const replica of jobs[0]?.['replicas'] as object[]) {
      expect(replica).toMatchObject({ state: 'delayed', priority: 7, ttr: 60 });
      expect(replica).toHaveProperty('timeLeft');
    }
  });

  it('for people, with the payload whole and harmless', async () => {
    const tube = cluster.tube();
    const payload = `\u001b[2J${'x'.repeat(500)}\nsecond line`;
    const { receipt, key } = await cluster.put('-t', tube, payload);
    const { stdout } = await cluster.dq(['peek', receipt]);
    const shown = lines(stdout);
    expect(shown.slice(0, 5)).toEqual([
      `key       ${key}`,
      'state     ready',
      expect.stringMatching(/^due {7}\d{4}-/),
      `tube      ${tube}`,
      'ledger    knows nothing of it',
    ]);
    expect(shown.filter((line) => line.includes('priority 1024, ttr 60s, age '))).toHaveLength(3);
    expect(shown.slice(-3)).toEqual([
      `payload   ${Buffer.byteLength(payload)} bytes`,
      `\\e[2J${'x'.repeat(500)}`,
      'second line',
    ]);
  });

  it('tells how a dead job ended', async () => {
    const tube = cluster.tube();
    const { receipt } = await cluster.put('-t', tube, 'bad');
    await cluster.dq(['work', '-t', tube, '--drain', '--', 'sh', '-c', 'exit 65']);
    const { stdout } = await cluster.dq(['peek', receipt]);
    expect(stdout).toContain('state     dead\n');
    const facts = 'rejected, exit 65, attempt 1, failures 1, deaths 0';
    expect(stdout).toMatch(new RegExp(`ledger {4}dead, ${facts}, \\S+ ago\n`));
    expect(stdout.match(/buried/g)).toHaveLength(3);
  });

  it('tells who runs it', async () => {
    const tube = cluster.tube();
    const { receipt } = await cluster.put('-t', tube, 'slow');
    const words = ['work', '-v', '--json', '-t', tube, '--grace', '0s', '--', 'sleep', '60'];
    const worker = cluster.startDq(words);
    await worker.event('started');
    const { stdout } = await cluster.dq(['peek', receipt]);
    expect(stdout).toMatch(/ledger {4}claimed, .*lease \S+, attempt 1, .*by \S+\n/);
    expect(stdout).toMatch(/ {2}reserved {2}priority .* left\n/);
    worker.kill('SIGTERM');
    await worker.ended;
  });

  it('of a job that is gone: exit 1', async () => {
    const { receipt } = await cluster.put('x');
    await cluster.dq(['delete', receipt]);
    const { code, stdout, stderr } = await cluster.dq(['peek', receipt]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(`dq: no such job: ${receipt}\n`);
    expect(stderr).toContain('it is done, was deleted or was never there');
  });

  it.each([
    [['nonsense'], 'not a receipt'],
    [['10.9.9.9:1/default/1'], 'no such node'],
    [['127.0.0.1:1/a/1', '127.0.0.1:1/a/2'], 'too many arguments'],
  ])('%j is refused', async (words, message) => {
    const { code, stdout, stderr } = await cluster.dq(['peek', ...words]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('of another tube is not taken for it', async () => {
    const put = await cluster.put('-t', cluster.tube(), 'x');
    const elsewhere = put.receipt.replaceAll(put.tube, 'elsewhere');
    expect((await peek(elsewhere)).code).toBe(1);
  });
});

describe('the next jobs', () => {
  it('are one for each state, each once', async () => {
    const tube = cluster.tube();
    await cluster.put('-t', tube, 'bad');
    await cluster.dq(['work', '-t', tube, '--drain', '--', 'sh', '-c', 'exit 65']);
    await cluster.put('-t', tube, '--priority', '9', 'second');
    await cluster.put('-t', tube, '--priority', '1', 'first');
    await cluster.put('-t', tube, '--delay', '2h', 'later');
    await cluster.put('-t', tube, '--delay', '1h', 'soon');
    const { code, jobs } = await peek('-t', tube);
    expect(code).toBe(0);
    expect(jobs.map(({ payload, state }) => [payload, state])).toEqual([
      ['first', 'ready'],
      ['soon', 'delayed'],
      ['bad', 'dead'],
    ]);
    expect(jobs.map(({ replicas }) => (replicas as unknown[]).length)).toEqual([3, 3, 3]);
  });

  it('of an empty tube are none', async () => {
    const tube = cluster.tube();
    const { code, stdout, stderr } = await cluster.dq(['peek', '-t', tube]);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('nothing is ready, delayed or buried');
  });

  it('of the embedded queue', async () => {
    const around = { env: { DQ_NODES: 'embedded', STATE_DIRECTORY: cluster.folder } };
    await cluster.dq(['put', '-t', 'own', 'x'], around);
    await cluster.dq(['put', '-t', 'own', '--delay', '1h', 'y'], around);
    const { stdout } = await cluster.dq(['peek', '-t', 'own', '--json'], around);
    expect(jsonLines(stdout).map(({ payload }) => payload)).toEqual(['x', 'y']);
  });
});

describe('when a node', () => {
  it('is down, it is shown so', async () => {
    const own = await clusterOf(3);
    const { receipt } = await own.put('x');
    await own.nodes[0]!.kill();
    const { code, stdout } = await own.dq(['peek', receipt, '--json']);
    expect(code).toBe(0);
    expect(jsonLines(stdout)[0]?.['replicas']).toContainEqual(
      expect.objectContaining({
        ...{ node: own.nodes[0]!.endpoint, state: 'unreachable', error: 'connection refused' },
      }),
    );
    const next = await own.dq(['peek']);
    expect([next.code, lines(next.stderr).length]).toEqual([0, 1]);
    await own.nodes[1]!.kill();
    const blind = await own.dq(['peek']);
    expect([blind.code, lines(blind.stdout).length > 0]).toEqual([75, true]);
    expect(blind.stderr).toContain("can't be asked: jobs may be out of sight");
    expect((await own.dq(['peek', receipt])).code).toBe(0);
    await own.nodes[2]!.kill();
    expect((await own.dq(['peek', receipt])).code).toBe(75);
    expect((await own.dq(['peek'])).code).toBe(75);
  });

  it('is up and Redis is down, what the ledger knows is not said to be nothing', async () => {
    const own = await clusterOf(1);
    const { receipt } = await own.put('x');
    await own.redis.kill();
    const { code, stdout } = await own.dq(['peek', receipt]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`ledger {4}can’t be asked: .*${own.redis.endpoint}`));
    const { stdout: json } = await own.dq(['peek', receipt, '--json']);
    const ledger = {
      state: 'unknown',
      error: expect.stringContaining(own.redis.endpoint) as string,
    };
    expect(jsonLines(json)).toMatchObject([{ attempt: null, ledger }]);
  });

  it('lost its data, its new jobs are not taken for the old one', async () => {
    const own = await clusterOf(3);
    const { receipt } = await own.put('old');
    const [node] = own.nodes;
    await node!.kill();
    await node!.start();
    const gone = await own.dq(['peek', receipt, '--json']);
    expect(jsonLines(gone.stdout)[0]?.['replicas']).toContainEqual(
      expect.objectContaining({ node: node!.endpoint, state: 'absent' }),
    );
    await own.put('new');
    const { code, stdout, stderr } = await own.dq(['peek', receipt, '--json']);
    const jobs = jsonLines(stdout);
    expect(code).toBe(1);
    expect(jobs.map(({ payload }) => payload)).toEqual(['old', 'new']);
    expect(jobs.map(({ replicas }) => (replicas as unknown[]).length)).toEqual([2, 1]);
    expect(stderr).toContain('2 different jobs');
  });
});
