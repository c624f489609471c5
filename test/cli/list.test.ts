// dq list on real servers: every job once, whatever lies in the tube and whatever happens meanwhile.

import { Buffer } from 'node:buffer';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, lines, shellDq, type Line, type Ran } from '../support/cli.ts';
import { clusterOf, type Cluster } from '../support/cluster.ts';
import { startBeanstalkd, startRedis, temporaryFolder } from '../support/servers.ts';
import { until } from '../support/wait.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await clusterOf(3);
});

async function list(tube: string, ...words: readonly string[]): Promise<Line[]> {
  const { code, stdout, stderr } = await cluster.dq(['list', '--json', '-t', tube, ...words]);
  expect([code, stderr]).toEqual([0, '']);
  return jsonLines(stdout);
}

const payloads = (jobs: readonly Line[]) => jobs.map(({ payload }) => payload).sort();

async function putLines(tube: string, count: number): Promise<void> {
  const stdin = Array.from({ length: count }, (_, at) => `job ${at}\n`).join('');
  expect((await cluster.dq(['put', '-t', tube, '--lines'], { stdin })).code).toBe(0);
}

describe('a job', () => {
  it('is one line, with its replicas, state and payload', async () => {
    const tube = cluster.tube();
    const put = await cluster.put('-t', tube, '--delay', '1h', 'hello');
    const [job, ...others] = await list(tube);
    expect(others).toEqual([]);
    expect(job).toEqual({
      ...{ key: put.key, due: put.due, state: 'delayed', tube, payload: 'hello' },
      ...{ priority: 1024, attempt: 0, ledger: null },
      replicas: expect.arrayContaining(
        put.replicas.map((replica) => ({ ...replica, state: 'delayed' })),
      ) as unknown,
      receipt: expect.any(String) as unknown,
    });
    const receipt = String(job?.['receipt']).split(',').sort();
    expect(receipt).toEqual(put.receipt.split(',').sort());
  });

  it('for people is aligned, without colours in a pipe, and harmless', async () => {
    const tube = cluster.tube();
    const first = await cluster.put('-t', tube, '\u001b[31mred\n');
    const second = await cluster.put('-t', tube, '--delay', '2h', 'x'.repeat(100));
    const { stdout } = await cluster.dq(['list', '-t', tube]);
    expect(lines(stdout)).toEqual([
      `delayed   ${second.due}  ${second.key}  3/3       ${'x'.repeat(79)}…`,
      `ready     ${first.due}  ${first.key}  3/3       \\e[31mred\\n`,
    ]);
  });

  it.each(['1e3', 'null', 'a/b', 'x.cronos'])('in the tube %s', async (tube) => {
    const put = await cluster.put('-t', tube, 'hello');
    expect(await list(tube)).toMatchObject([{ key: put.key, tube }]);
  });

  it.each([
    ['of every byte', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ['of 65,000 bytes', Buffer.alloc(65_000, 0xfe)],
  ])('%s is in the JSON byte for byte', async (_, payload) => {
    const tube = cluster.tube();
    await cluster.dq(['put', '-t', tube, '-'], { stdin: payload });
    const [job] = await list(tube);
    expect(Buffer.from(String(job?.['payloadBase64']), 'base64').equals(payload)).toBe(true);
    expect(job).not.toHaveProperty('payload');
  });

  it('that was put twice is one, with all of its replicas counted once', async () => {
    const tube = cluster.tube();
    for (let time = 0; time < 2; time++) await cluster.putAs('at', '-t', tube, '2100-01-01', 'x');
    expect(await list(tube)).toHaveLength(1);
    expect((await cluster.dq(['list', '-t', tube])).stdout).toContain('  3/3  ');
  });

  it('that is none of dq’s is shown with its bytes', async () => {
    const tube = cluster.tube();
    const raw = await cluster.raw(cluster.nodes[1]);
    await raw.ask(`use ${tube}`);
    const { line } = await raw.ask('put 7 0 60 3', Buffer.from('abc'));
    expect(await list(tube)).toMatchObject([
      {
        ...{ key: null, due: null, state: 'ready', payload: 'abc', priority: 7 },
        replicas: [{ node: cluster.nodes[1]!.endpoint, id: line.split(' ')[1] }],
      },
    ]);
  });

  it('is dead, with what the ledger knows, and is found as buried', async () => {
    const tube = cluster.tube();
    const put = await cluster.put('-t', tube, 'bad');
    await cluster.put('-t', tube, '--delay', '1h', 'good');
    await cluster.dq(['work', '-t', tube, '--drain', '--', 'sh', '-c', 'exit 65']);
    const [dead] = await list(tube, '--state', 'buried');
    expect(dead).toMatchObject({
      ...{ key: put.key, state: 'dead', attempt: 1 },
      ledger: { state: 'dead', reason: 'rejected', exitCode: 65, failures: 1, deaths: 0 },
    });
  });

  it('that runs is claimed, by whom', async () => {
    const tube = cluster.tube();
    await cluster.put('-t', tube, 'slow');
    const words = ['work', '-v', '--json', '-t', tube, '--grace', '0s', '--', 'sleep', '60'];
    const worker = cluster.startDq(words);
    await worker.event('started');
    const [job] = await list(tube);
    expect(job).toMatchObject({ state: 'claimed', attempt: 1, ledger: { attempt: 1 } });
    expect(job?.['ledger']).toHaveProperty('worker');
    worker.kill('SIGTERM');
    await worker.ended;
  });
});

describe('among others', () => {
  it('every job of the tube is found once, and none of other tubes', async () => {
    const [tube, other] = [cluster.tube(), cluster.tube()];
    await putLines(tube, 700);
    await putLines(other, 1_500);
    await putLines(tube, 300);
    await cluster.put('-t', other, 'newest');
    const jobs = await list(tube);
    expect(jobs).toHaveLength(1_000);
    expect(new Set(jobs.map(({ key }) => key)).size).toBe(1_000);
    expect(jobs.every(({ replicas }) => (replicas as unknown[]).length === 3)).toBe(true);
  });

  it('nothing of it is touched, and no tube is left behind', async () => {
    const tube = cluster.tube();
    await putLines(tube, 20);
    const before = await cluster.counts(tube);
    await list(tube);
    expect(await cluster.counts(tube)).toEqual(before);
    const raw = await cluster.raw(cluster.nodes[0]);
    await until('its connection is gone', async () => {
      const { body } = await raw.ask('list-tubes');
      return body?.toString().includes('dq.') === false;
    });
  });

  it('what stays is found while others are put and run', async () => {
    const tube = cluster.tube();
    const stays = Array.from({ length: 300 }, (_, at) => `stays ${at}`);
    const stdin = stays.join('\n');
    await cluster.dq(['put', '-t', tube, '--lines', '--delay', '1h'], { stdin });
    const worker = cluster.startDq(['work', '-j', '2', '-t', tube, '--', 'true']);
    const putting = putLines(tube, 200);
    for (let time = 0; time < 3; time++) {
      const jobs = await list(tube, '--match', 'stays');
      expect(payloads(jobs)).toEqual([...stays].sort());
    }
    await putting;
    worker.kill('SIGTERM');
    await worker.ended;
  });
});

describe('options', () => {
  it('select', async () => {
    const tube = cluster.tube();
    await cluster.put('-t', tube, 'Report one');
    await cluster.putAs('at', '-t', tube, '2100-01-01T00:00Z', 'report two');
    const chosen = async (...words: string[]) => payloads(await list(tube, ...words));
    expect(await chosen('--match', 'report')).toEqual(['report two']);
    expect(await chosen('--match', '/^report/i')).toEqual(['Report one', 'report two']);
    expect(await chosen('--state', 'ready')).toEqual(['Report one']);
    expect(await chosen('--state', 'ready,delayed')).toEqual(['Report one', 'report two']);
    expect(await chosen('--due-before', '2099-01-01')).toEqual(['Report one']);
    expect(await chosen('--due-after', '2099-01-01')).toEqual(['report two']);
    expect(await chosen('--under-replicated')).toEqual([]);
    expect(await chosen('--match', 'nothing of that kind')).toEqual([]);
  });

  it('--match with flags that are none is looked for as text, and says so when that is nowhere', async () => {
    const tube = cluster.tube();
    await cluster.put('-t', tube, 'in /usr/bin');
    const matching = (text: string) => cluster.dq(['list', '-t', tube, '--match', text]);
    expect((await matching('/usr/bin')).stderr).toBe('');
    const told = '--match /^in/zz was looked for as it is: zz are no flags of an expression\n';
    expect(await matching('/^in/zz')).toMatchObject({ code: 0, stdout: '', stderr: told });
    const deleting = await cluster.dq(['delete', '-t', tube, '--match', '/^in/zz', '--yes']);
    expect([deleting.code, deleting.stderr]).toEqual([0, expect.stringContaining(told)]);
  });

  it('--limit gives the newest', async () => {
    const tube = cluster.tube();
    await putLines(tube, 50);
    expect(payloads(await list(tube, '--limit', '2'))).toEqual(['job 48', 'job 49']);
  });

  it.each([
    [['--match', '/(/'], '--match: '],
    [['--state', 'busy'], '--state: '],
    [['--limit', '0'], '--limit must be'],
    [['--due-before', 'soon'], '--due-before: '],
    [['everything'], 'too many arguments'],
  ])('%j are refused', async (words, message) => {
    const { code, stdout, stderr } = await cluster.dq(['list', ...words]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('a reader that has enough ends it quietly', async () => {
    const tube = cluster.tube();
    await putLines(tube, 2_000);
    const script = `dq list -t ${tube} | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await shellDq(script, cluster.around());
    expect(lines(stdout)[1]).toBe('0');
    expect(stderr).toBe('');
  });
});

describe('when something is down', () => {
  async function threeNodes(): Promise<Cluster> {
    const own = await clusterOf(3);
    const stdin = Array.from({ length: 600 }, (_, at) => `job ${at}\n`).join('');
    await own.dq(['put', '--lines'], { stdin });
    return own;
  }
  const shown = ({ code, stdout, stderr }: Ran) => [code, lines(stdout).length, lines(stderr)];

  it('a node: the others are listed, and it is said once', async () => {
    const own = await threeNodes();
    const [node] = own.nodes;
    await node!.kill();
    const ran = await own.dq(['list']);
    const message = `dq: ${node!.endpoint}: connection refused; its replicas are not counted`;
    expect(shown(ran)).toEqual([0, 600, [message]]);
    expect(lines(ran.stdout).every((line) => line.includes('  2/3  '))).toBe(true);
    expect(lines((await own.dq(['list', '--under-replicated'])).stdout)).toHaveLength(600);
  });

  it('so many nodes that jobs may be out of sight: the others are listed, and exit 75', async () => {
    const own = await threeNodes();
    const away = own.nodes.slice(1);
    await Promise.all(away.map((node) => node.kill()));
    const { code, stdout, stderr } = await own.dq(['list']);
    expect([code, lines(stdout).length]).toEqual([75, 600]);
    expect(stderr).toContain("can't be asked: jobs may be out of sight");
    for (const { endpoint } of away) expect(lines(stderr).at(-1)).toContain(endpoint);
    expect((await own.dq(['list', '--limit', '1'])).code).toBe(0);
  });

  it('all nodes: exit 75', async () => {
    const own = await threeNodes();
    await Promise.all(own.nodes.map((node) => node.kill()));
    const { code, stdout, stderr } = await own.dq(['list']);
    expect([code, stdout]).toEqual([75, '']);
    expect(stderr).toContain('no node answers');
  });

  it('the only node: exit 75, and its name', async () => {
    const own = await clusterOf(1);
    const [node] = own.nodes;
    await node!.kill();
    const { code, stdout, stderr } = await own.dq(['list']);
    expect([code, stdout]).toEqual([75, '']);
    expect(stderr).toBe(`dq: ${node!.endpoint}: connection refused\n    see dq doctor\n`);
  });

  it('Redis: the states are those of the replicas, and it is said once', async () => {
    const own = await threeNodes();
    await own.redis.kill();
    const ran = await own.dq(['list']);
    expect(shown(ran)).toMatchObject([
      ...[0, 600],
      [expect.stringContaining('the states are those of the replicas')],
    ]);
    expect(ran.stdout).toMatch(/^ready/);
    const [job] = jsonLines((await own.dq(['list', '--json', '--limit', '1'])).stdout);
    const error: unknown = expect.stringContaining(own.redis.endpoint);
    expect(job).toMatchObject({ attempt: null, ledger: { state: 'unknown', error } });
    expect((await own.dq(['list', '--state', 'ready'])).code).toBe(0);
    for (const state of ['dead', 'buried', 'ready,claimed']) {
      expect([state, (await own.dq(['list', '--state', state])).code]).toEqual([state, 75]);
    }
  });
});

it('a single node of its own ledger', async () => {
  const server = await startBeanstalkd();
  const around = {
    env: { DQ_NODES: server.endpoint, STATE_DIRECTORY: temporaryFolder() },
  };
  const { stdout } = await shellDq('dq put one && dq list', around);
  expect(stdout).toMatch(/\nready .* {2}1\/1 {7}one\n$/);
});

it('the embedded queue', async () => {
  const around = { env: { DQ_NODES: 'embedded', STATE_DIRECTORY: temporaryFolder() } };
  const script =
    'seq 2000 | dq put --lines >receipts && dq put --delay 1h late >>receipts && dq list';
  const { stdout } = await shellDq(script, around);
  expect(lines(stdout)).toHaveLength(2_001);
  expect(stdout).toMatch(/^delayed .* {2}1\/1 {7}late\n/);
});

describe('on a terminal', () => {
  /** With stdout and stderr on a terminal of its own. */
  const onTerminal = (words: string, own: Cluster): Promise<Ran> =>
    shellDq(`export -f dq; script -qec '${words}' /dev/null`, {
      ...own.around(),
      env: { SHELL: '/bin/bash', TERM: 'xterm', COLUMNS: '120' },
    });

  it('a progress bar is drawn, and gone at the end', async () => {
    const tube = cluster.tube();
    await putLines(tube, 3_000);
    const { stdout } = await onTerminal(`dq list -t ${tube} --match nothing`, cluster);
    expect(stdout).toMatch(/reading .*━.*\d+ %, 0 found/);
    expect(stdout).toMatch(/\u001b\[2K|\u001b\[0K/);
    expect(stdout).not.toMatch(/found\s*$/);
  });

  it('there is a head, there are colours, and lines are as wide as it is', async () => {
    const tube = cluster.tube();
    await cluster.put('-t', tube, 'y'.repeat(300));
    const { stdout } = await onTerminal(`stty cols 100; dq list -t ${tube}`, cluster);
    expect(stdout).toContain('STATE');
    expect(stdout).toContain('\u001b[1mready');
    const plain = stdout.replaceAll(/\u001b\[\d*m/g, '');
    expect(plain).toContain(`  ${'y'.repeat(19)}…\r\n`);
  });

  it('nothing of it with --quiet', async () => {
    const tube = cluster.tube();
    await putLines(tube, 3_000);
    const { stdout } = await onTerminal(`dq list -q -t ${tube} --match nothing`, cluster);
    expect(stdout).toBe('');
  });
});

it('a Redis that comes late is not waited for twice', async () => {
  const redis = await startRedis();
  const server = await startBeanstalkd();
  const around = {
    cwd: temporaryFolder(),
    env: { DQ_NODES: server.endpoint, DQ_REDIS: `redis://${redis.endpoint}` },
  };
  await shellDq('seq 1200 | dq put --lines', around);
  redis.pause();
  const { stdout, stderr } = await shellDq('dq list', around);
  expect(lines(stdout)).toHaveLength(1_200);
  expect(lines(stderr)).toHaveLength(1);
});
