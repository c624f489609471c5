// `dq put`: what it writes into the nodes, and what it tells about it.

import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, lines, shellDq } from '../support/cli.ts';
import { clusterOf, type Cluster } from '../support/cluster.ts';
import type { Place, Put } from '../support/place.ts';
import { places } from '../support/places.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await clusterOf(3);
});

/** A replica's stats-job. */
async function statsOf({ replicas }: Put): Promise<ReadonlyMap<string, string>> {
  const [replica] = replicas;
  const raw = await cluster.raw(cluster.nodes.find(({ endpoint }) => endpoint === replica?.node));
  const stats = await raw.stats(`stats-job ${String(replica?.id)}`);
  raw.close();
  if (stats === undefined) throw new Error('no such job');
  return stats;
}

describe.each(places)('on %s', (_, openPlace) => {
  let place: Place;

  beforeAll(async () => {
    place = await openPlace();
  });

  describe('the receipt', () => {
    it('is one line on stdout that names every replica, and each holds the same envelope', async () => {
      const { code, stdout } = await place.dq(['put', 'hello']);
      expect(code).toBe(0);
      const replica = String.raw`(127\.0\.0\.1:\d+|embedded)/default/\d+`;
      const more = `{${place.copies - 1}}`;
      expect(stdout).toMatch(new RegExp(`^${replica}(,${replica})${more}\n$`));
      const envelopes = await place.envelopes(stdout);
      expect(new Set(envelopes.map(String)).size).toBe(1);
      expect(String(envelopes[0])).toMatch(/^\d{19}\/hello$/);
    });

    it('is all that -q leaves', async () => {
      const { stdout, stderr } = await place.dq(['-q', 'put', 'hello']);
      expect(lines(stdout)).toHaveLength(1);
      expect(stderr).toBe('');
    });
  });

  describe('--json', () => {
    it('prints exactly the documented members', async () => {
      const { stdout } = await place.dq(['put', '--json', 'hello']);
      const [put = {}] = jsonLines(stdout);
      expect(Object.keys(put)).toEqual(['receipt', 'key', 'due', 'tube', 'replicas', 'failed']);
      const { receipt, key, due, tube, replicas, failed } = put as unknown as Put;
      expect(tube).toBe('default');
      expect(failed).toEqual([]);
      expect(due).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(receipt).toBe(
        replicas.map((each) => `${each.node}/${each.tube}/${each.id}`).join(','),
      );
      for (const replica of replicas) expect(Object.keys(replica)).toEqual(['node', 'tube', 'id']);
      const [envelope] = await place.envelopes(receipt);
      expect(key).toBe(createHash('md5').update(String(envelope)).digest('hex'));
      const dueNs = BigInt(String(envelope).split('/', 1)[0] ?? '');
      expect(Date.parse(due)).toBe(Number((dueNs + 999_999n) / 1_000_000n));
    });

    it('is the same before the command', async () => {
      const { stdout } = await place.dq(['--json', 'put', 'hello']);
      expect(jsonLines(stdout)).toHaveLength(1);
    });
  });

  describe('the job', () => {
    it('makes two jobs of the same payload put twice', async () => {
      const [one, two] = [await place.put('twice'), await place.put('twice')];
      expect(one.key).not.toBe(two.key);
    });

    it.each(['', ' leading and trailing ', 'héllo/世界', '$HOME `id`', '-5'])(
      'keeps the payload %j as it is',
      async (payload) => {
        const { receipt } = await place.put('--', payload);
        const [envelope] = await place.envelopes(receipt);
        expect(String(envelope)).toMatch(/^\d{19}\//);
        expect(String(envelope).slice(20)).toBe(payload);
      },
    );

    it('may be due later', async () => {
      const before = Date.now();
      const { due, tube } = await place.put('-t', 'later', '--delay', '1h500ms', 'hello');
      expect(Date.parse(due)).toBeGreaterThanOrEqual(before + 3_600_500);
      expect(Date.parse(due)).toBeLessThanOrEqual(Date.now() + 3_600_500 + 1);
      expect((await place.counts(tube)).map(({ delayed }) => delayed)).toEqual(place.each(1));
    });

    it.each([
      ['-t', ['-t', 'a/b;c.$_()'], {}, 'a/b;c.$_()'],
      ['--tube after the command', ['put', '--tube', 'after', 'hello'], {}, 'after'],
      ['DQ_TUBE', [], { DQ_TUBE: 'from-env' }, 'from-env'],
      ['-t over DQ_TUBE', ['-t', 'option'], { DQ_TUBE: 'from-env' }, 'option'],
    ])('lies in the tube that is named by %s', async (_, words, env, tube) => {
      const all = words.includes('put') ? words : [...words, 'put', 'hello'];
      const { stdout } = await place.dq(['--json', ...all], { env });
      const [put] = jsonLines(stdout) as unknown as Put[];
      expect(put?.tube).toBe(tube);
      expect((await place.counts(tube)).map(({ ready }) => ready)).toEqual(place.each(1));
    });
  });

  describe('a payload on the command line', () => {
    const linux = process.platform === 'linux';

    it.runIf(linux)('that isn’t UTF-8 is refused: Node has changed it', async () => {
      const script = `printf 'caf\\xe9.txt\\0' | xargs -0 "$NODE" "$BINARY" put`;
      const { stdout, stderr } = await shellDq(script, { cwd: place.folder });
      expect(stdout).toBe('');
      expect(stderr).toMatch(/the payload is not UTF-8\n.*dq put -/);
    });

    it('may hold U+FFFD itself', async () => {
      const { stdout } = await place.dq(['put', 'a\u{FFFD}b']);
      const [envelope] = await place.envelopes(stdout);
      expect(String(envelope).split('/')[1]).toBe('a\u{FFFD}b');
    });
  });

  describe('a closed stdout', () => {
    it('ends it quietly', async () => {
      const script = 'seq 1 2000 | dq -t closed put --lines | head -n 1; echo "${PIPESTATUS[1]}"';
      const { stdout, stderr } = await shellDq(script, { cwd: place.folder });
      const [receipt, status] = lines(stdout);
      expect(receipt).toMatch(/\/closed\/\d+/);
      expect(stderr).toBe('');
      expect(status).toBe('0');
    });
  });
});

describe('the receipt', () => {
  it('names each node once', async () => {
    const { replicas } = await cluster.put('hello');
    const endpoints = cluster.nodes.map(({ endpoint }) => endpoint);
    expect(replicas.map(({ node }) => node).sort()).toEqual(endpoints.sort());
  });
});

describe('--json', () => {
  it('names the node that failed, with its reason', async () => {
    const small = await clusterOf(3);
    await small.nodes[1]?.kill();
    const { failed, replicas } = await small.put('hello');
    expect(replicas).toHaveLength(2);
    expect(failed).toEqual([
      { node: small.nodes[1]?.endpoint, error: expect.stringMatching(/./) as string },
    ]);
  });
});

describe('what it writes', () => {
  it('gives it priority 1024, a ttr of 60 s and no delay', async () => {
    const stats = await statsOf(await cluster.put('hello'));
    expect([stats.get('pri'), stats.get('ttr'), stats.get('delay')]).toEqual(['1024', '60', '0']);
    expect(stats.get('state')).toBe('ready');
  });

  it('takes --priority, --ttr and --delay, and rounds the delay down', async () => {
    const words = ['--priority', '7', '--ttr', '2m', '--delay', '1h500ms'];
    const before = Date.now();
    const put = await cluster.put(...words, 'later');
    const after = Date.now();
    const stats = await statsOf(put);
    expect([stats.get('pri'), stats.get('ttr'), stats.get('state')]).toEqual([
      ...['7', '120', 'delayed'],
    ]);
    const due = Date.parse(put.due);
    expect(due).toBeGreaterThanOrEqual(before + 3_600_500);
    expect(due).toBeLessThanOrEqual(after + 3_600_500 + 1);
    // Some time has passed between the instants from which dq counts each
    const delay = Number(stats.get('delay'));
    expect(delay).toBeLessThanOrEqual(3_600);
    expect(delay).toBeGreaterThanOrEqual(Math.floor((due - after) / 1_000));
  });

  it('takes the longest delay that beanstalkd counts', async () => {
    const put = await cluster.put('--delay', '4294967295s', 'hello');
    const least = Math.floor((Date.parse(put.due) - Date.now()) / 1_000);
    const stats = await statsOf(put);
    expect(Number(stats.get('delay'))).toBeGreaterThanOrEqual(least);
  });
});

describe('the tube', () => {
  it('may be a node’s own: the job’s tube stays the logical one', async () => {
    const [node] = cluster.nodes;
    const own = `nodes:\n  - { endpoint: '${String(node?.endpoint)}', tube: own }\ntube: logical\n`;
    const script = `printf '%s' "$CONFIG" > own.yaml; dq -c own.yaml --json put hello`;
    const { stdout } = await shellDq(script, { env: { CONFIG: own } });
    const [put] = jsonLines(stdout) as unknown as Put[];
    expect(put?.tube).toBe('logical');
    expect(put?.replicas.map(({ tube }) => tube)).toEqual(['own']);
  });
});
