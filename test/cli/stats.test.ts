// `dq stats`: what the nodes hold, side by side; the jobs that are in it; what can't be asked.

import { describe, expect, it } from 'vitest';
import { dq, jsonLines, shellDq, startDq, type Ran } from '../support/cli.ts';
import { clusterOf, type Cluster } from '../support/cluster.ts';
import { obliging, startFakeNode, type Script } from '../support/fake-node.ts';
import { evils, onCommand } from '../support/hostile.ts';
import { embeddedPlace, places } from '../support/places.ts';
import { freePort } from '../support/servers.ts';
import { until } from '../support/wait.ts';

interface TubeLine {
  readonly tube: string;
  readonly jobs: Readonly<Record<string, number>> | null;
  readonly nodes: readonly Readonly<Record<string, unknown>>[];
}

function tubesOf({ stdout }: Ran): TubeLine[] {
  return jsonLines(stdout) as unknown as TubeLine[];
}

function lineOf(ran: Ran, tube: string): TubeLine | undefined {
  return tubesOf(ran).find((line) => line.tube === tube);
}

/** Three nodes of which the last is down. */
async function crippled(config = ''): Promise<Cluster> {
  const cluster = await clusterOf(3, { config });
  await cluster.nodes[2]?.kill();
  return cluster;
}

describe.each(places)('%s', (_, openPlace) => {
  it('every tube with its jobs, whatever its name', async () => {
    const place = await openPlace();
    for (const tube of ['1e3', 'null', 'a/b']) await place.put('-t', tube, 'hello');
    await place.put('-t', 'a/b', '--delay', '1h', 'later');
    const ran = await place.dq(['--json', 'stats']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(tubesOf(ran).map(({ tube }) => tube)).toEqual(['1e3', 'a/b', 'default', 'null']);
    expect(lineOf(ran, 'a/b')?.jobs).toEqual({ ready: 1, reserved: 0, delayed: 1, buried: 0 });
    const { stdout } = await place.dq(['stats']);
    expect(stdout).toMatch(/^1e3 +1 +0 +0 +0 +0 /m);
    expect(stdout).toMatch(/^a\/b +1 +0 +1 +0 +0 /m);
  });

  it('one tube, also one that nobody has put anything into', async () => {
    const place = await openPlace();
    await place.put('-t', 'null', 'hello');
    const one = await place.dq(['--json', 'stats', '-t', 'null']);
    expect(tubesOf(one)).toMatchObject([
      { tube: 'null', jobs: { ready: 1 }, ledger: { up: true } },
    ]);
    const none = await place.dq(['--json', '-t', 'nowhere', 'stats']);
    expect(tubesOf(none)).toMatchObject([{ tube: 'nowhere', jobs: { ready: 0, delayed: 0 } }]);
    expect(none.code).toBe(0);
  });

  it('when the next job was due', async () => {
    const place = await openPlace();
    const { due } = await place.put('hello');
    const [line] = tubesOf(await place.dq(['--json', 'stats']));
    expect(line).toMatchObject({ nextDue: due });
  });

  it('who waits, once, however many nodes there are', async () => {
    const place = await openPlace();
    const work = place.startDq(['work', '--json', '--', 'true']);
    const seen = await until('it waits', async () => {
      const [line] = tubesOf(await place.dq(['--json', 'stats']));
      return line?.nodes.every(({ waiting }) => waiting === 1) && line;
    });
    expect(seen).toMatchObject({ waiting: 1 });
    work.kill('SIGTERM');
    await work.ended;
  });
});

describe('a node that is down', () => {
  it('is said to be, with the reason; the others are told', async () => {
    const cluster = await crippled();
    await cluster.put('hello');
    const { code, stdout } = await cluster.dq(['stats']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^3 127\.0\.0\.1:\d+ +down +connection refused$/m);
    expect(stdout).toMatch(/^default +1 .* 1 +1 +–$/m);
    const [line] = tubesOf(await cluster.dq(['--json', 'stats']));
    expect(line).toMatchObject({ tube: 'default', jobs: { ready: 1 } });
    expect(line?.nodes).toEqual([
      expect.objectContaining({ up: true, kind: 'beanstalkd', binlog: false, draining: false }),
      expect.objectContaining({
        up: true,
        replicas: { ready: 1, reserved: 0, delayed: 0, buried: 0 },
      }),
      { node: cluster.nodes[2]?.endpoint, up: false, error: 'connection refused' },
    ]);
  });

  it('may be frozen', async () => {
    const cluster = await clusterOf(2);
    cluster.nodes[1]?.pause();
    const { code, stdout } = await cluster.dq(['stats']);
    cluster.nodes[1]?.resume();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^2 127\.0\.0\.1:\d+ +down +no reply within 2 s$/m);
  });

  it('like all others: exit 75, and nothing is known of the jobs', async () => {
    const env = { DQ_NODES: `127.0.0.1:${await freePort()}` };
    const { code, stdout, stderr } = await dq(['stats'], { env });
    expect(code).toBe(75);
    expect(stdout).toMatch(/^127\.0\.0\.1:\d+ +down +connection refused$/m);
    expect(stderr).toBe('dq: no node answered\n    see dq doctor\n');
    const json = await dq(['--json', 'stats'], { env });
    expect(json.code).toBe(75);
    expect(tubesOf(json)).toMatchObject([{ tube: 'default', jobs: null }]);
    expect(jsonLines(json.stderr)).toMatchObject([{ error: { kind: 'unavailable' } }]);
  });
});

describe('what else may be', () => {
  it('a ledger that is down is said to be', async () => {
    const cluster = await clusterOf(1);
    await cluster.redis.kill();
    const { code, stdout } = await cluster.dq(['stats']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ledger +down +redis 127\.0\.0\.1:\d+: /m);
  });

  it('a node that drains', async () => {
    const cluster = await clusterOf(1);
    cluster.nodes[0]?.signal('SIGUSR1');
    const raw = await cluster.raw(cluster.nodes[0]);
    await until('it drains', async () => (await raw.stats('stats'))?.get('draining') === 'true');
    expect((await cluster.dq(['stats'])).stdout).toMatch(/^127\.0\.0\.1:\d+ +draining /m);
  });

  it("a node's own tube is that of the jobs", async () => {
    const cluster = await clusterOf(1);
    const nodes = `nodes: [{ endpoint: '${String(cluster.nodes[0]?.endpoint)}', tube: elsewhere }]\n`;
    cluster.write('own.yaml', `${nodes}redis: redis://${cluster.redis.endpoint}\ntube: mail\n`);
    await cluster.put('-c', 'own.yaml', 'hello');
    const ran = await cluster.dq(['-c', 'own.yaml', '--json', 'stats']);
    expect(tubesOf(ran)).toMatchObject([{ tube: 'mail', jobs: { ready: 1 } }]);
  });

  it('the ticks of a schedule lie in a tube that is told', async () => {
    const cluster = await clusterOf(1);
    const raw = await cluster.raw(cluster.nodes[0]);
    await raw.ask('use mail.cron');
    await raw.ask('put 1024 3600 60 8', Buffer.from('tick/1/x'));
    const ran = await cluster.dq(['--json', 'stats']);
    expect(lineOf(ran, 'mail.cron')?.jobs).toMatchObject({ delayed: 1 });
  });

  it('the embedded queue tells its file', async () => {
    const place = embeddedPlace();
    await place.put('hello');
    const [line] = tubesOf(await place.dq(['--json', 'stats']));
    const path = `${place.state}/queue.db`;
    expect(line?.nodes).toMatchObject([{ node: 'embedded', up: true, kind: 'file', path }]);
    expect((await place.dq(['stats'])).stdout).toContain(path);
  });

  it('changes nothing', async () => {
    const cluster = await clusterOf(2);
    await cluster.put('hello');
    const before = await cluster.counts('default');
    await cluster.dq(['stats', '-t', 'other']);
    expect(await cluster.counts('default')).toEqual(before);
    const raw = await cluster.raw(cluster.nodes[0]);
    expect((await raw.ask('list-tubes')).body?.toString()).toBe('---\n- default\n');
    expect(await cluster.totalJobs()).toEqual([1, 1]);
  });
});

/** A beanstalkd in the words of one version. */
interface Form {
  readonly version: string;
  readonly quoted: (text: string) => string;
}

const old: Form = { version: '"1.12"', quoted: (text) => text };
const newer: Form = { version: '"1.13"', quoted: (text) => `"${text}"` };

const ok = (body: string): string => `OK ${body.length}\r\n${body}\r\n`;

function serverStats({ version, quoted }: Form): string {
  return `---
current-jobs-urgent: 0
max-job-size: 65535
current-connections: 1
version: ${version}
uptime: 4000
binlog-current-index: 3
draining: true
id: 1e34567890123456
hostname: ${quoted('vm: a')}
os: ${quoted('#1 SMP: a # kernel')}
platform: ${quoted('x86_64')}
`;
}

function tubeStats(name: string, { quoted }: Form): string {
  return `---
name: ${quoted(name)}
current-jobs-urgent: 1
current-jobs-ready: 2
current-jobs-reserved: 3
current-jobs-delayed: 4
current-jobs-buried: 5
total-jobs: 99
current-using: 0
current-watching: 0
current-waiting: 6
cmd-delete: 7
cmd-pause-tube: 0
pause: 0
pause-time-left: 0
`;
}

/** Counts the same in each of these tubes, unless `overrides` has an answer. */
function counting(
  tubes: readonly string[],
  form = old,
  overrides: Script = () => undefined,
): Script {
  return obliging((heard, socket) => {
    const own = overrides(heard, socket);
    if (own !== undefined) return own;
    switch (heard.name) {
      case 'stats':
        return ok(serverStats(form));
      case 'list-tubes':
        return ok(`---\n${tubes.map((each) => `- ${form.quoted(each)}\n`).join('')}`);
      case 'stats-tube':
        return ok(tubeStats(heard.line.slice('stats-tube '.length), form));
      default:
        return undefined;
    }
  });
}

describe('what a server says', () => {
  it.each([
    ['1.12', old],
    ['1.13', newer],
  ])('in the form of %s', async (version, form) => {
    const names = ['default', '1e3', 'null', 'true', '0x1f'];
    const node = await startFakeNode(counting(names, form));
    const ran = await dq(['--json', 'stats'], { env: { DQ_NODES: node.endpoint } });
    expect(tubesOf(ran).map(({ tube }) => tube)).toEqual([...names].sort());
    expect(lineOf(ran, 'null')).toMatchObject({
      jobs: { ready: 2, reserved: 3, delayed: 4, buried: 5 },
      waiting: 6,
      nodes: [{ version, uptime: 4_000, binlog: true, draining: true }],
    });
  });

  const quick = evils.filter(({ name }) => !/silence|byte by byte/.test(name));
  it.each(['stats', 'list-tubes', 'stats-tube', 'peek-ready'])(
    'instead of the reply to %s: that node is down, the other is told',
    async (command) => {
      const cluster = await clusterOf(1);
      const [good, ...evil] = await Promise.all([
        startFakeNode(counting(['default'])),
        ...quick.map(({ answer }) =>
          startFakeNode(counting(['default'], old, onCommand(command, answer))),
        ),
      ]);
      const endpoints = [...evil, good].map(({ endpoint }) => endpoint);
      const env = { DQ_NODES: endpoints.join(','), DQ_REDIS: `redis://${cluster.redis.endpoint}` };
      const { code, stdout, stderr } = await dq(['stats'], { env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const rows = stdout.split('\n').slice(1, endpoints.length + 1);
      expect(rows.filter((row) => /^\d+ [\d.:]+ +down +\S/.test(row))).toHaveLength(evil.length);
      expect(rows.at(-1)).toMatch(/^\d+ [\d.:]+ +draining /);
    },
  );

  it.each(['a b', '-x', '', 'x'.repeat(201), 'x\r'])('no tube is called %j', async (name) => {
    const node = await startFakeNode(counting([name]));
    const { code, stdout } = await dq(['stats'], { env: { DQ_NODES: node.endpoint } });
    expect(stdout).toMatch(/down +protocol broken: not the name of a tube: /);
    expect(code).toBe(75);
  });
});

describe('--watch off a terminal', () => {
  it('prints again and again, with rates from the second on, until it is stopped', async () => {
    const cluster = await clusterOf(2);
    const watch = cluster.startDq(['stats', '--watch', '100ms']);
    await watch.line(/^default .* 0\.0 +0\.0 /, 'stdout');
    await cluster.put('hello');
    await watch.line(/^default +1 /, 'stdout');
    watch.kill('SIGTERM');
    const { code, stdout, stderr } = await watch.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('\u001b');
  });

  it('prints JSON under --json; a rate tells of a put', async () => {
    const cluster = await clusterOf(2);
    const watch = startDq(['--json', 'stats', '--watch=100ms', '-t', 'mail'], cluster.around());
    await watch.line(/"rates"/, 'stdout');
    await cluster.put('-t', 'mail', 'hello');
    const line = await watch.line(/"rates":\{"put":(?!0[,}])/, 'stdout');
    expect(JSON.parse(line)).toMatchObject({ tube: 'mail', jobs: { ready: 1 } });
    watch.kill('SIGINT');
    expect((await watch.ended).code).toBe(0);
  });

  it('ends when nobody reads', async () => {
    const cluster = await clusterOf(1);
    const script = 'dq stats --watch 100ms | head -n 1; echo "${PIPESTATUS[0]}"';
    const { stdout, stderr } = await shellDq(script, cluster.around());
    expect(stdout).toMatch(/^dq stats .*\n0\n$/);
    expect(stderr).toBe('');
  });
});

describe('what is no watch', () => {
  it.each([
    [['--watch', '5'], /did you mean 5s\?/],
    [['--watch', '5ms'], /at least 100ms/],
    [['mail'], /too many arguments/],
    [['-t', 'a', '-t', 'b'], /can be given once/],
  ])('%j is exit 2', async (words, message) => {
    const { code, stdout, stderr } = await dq(['stats', ...words], {
      env: { DQ_NODES: 'embedded' },
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
