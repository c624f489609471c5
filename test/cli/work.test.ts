// `dq work`: the loop and its ends: --drain, --max-jobs, -j, several tubes, the ledger's part.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, lines, type Ran } from '../support/cli.ts';
import { clusterOf, configOf } from '../support/cluster.ts';
import type { Place } from '../support/place.ts';
import { places } from '../support/places.ts';
import { early, noteRun, payloads, runsOf } from '../support/runs.ts';
import { until } from '../support/wait.ts';

let cluster: Place;

function drain(tube: string, ...words: readonly string[]): Promise<Ran> {
  return cluster.dq(['-t', tube, 'work', '--drain', ...words]);
}

const left = async (tube: string): Promise<number[]> =>
  (await cluster.counts(tube)).map(({ ready, reserved, delayed, buried }) =>
    [ready, reserved, delayed, buried].reduce((sum, count) => sum + count),
  );

describe.each(places)('on %s', (_, openPlace) => {
  beforeAll(async () => {
    cluster = await openPlace();
  });

  describe('--drain', () => {
    it('is exit 0 at once when there is nothing', async () => {
      expect((await drain(cluster.tube(), '--', 'true')).code).toBe(0);
    });

    it('runs what is ready once and leaves nothing', async () => {
      const tube = cluster.tube();
      await cluster.put('-t', tube, 'hello');
      const { code, stdout } = await drain(tube, '--', 'cat');
      expect([code, stdout]).toEqual([0, 'hello']);
      expect(await left(tube)).toEqual(cluster.each(0));
    });

    it('waits for what is due within its duration, and starts it not early', async () => {
      const own = await openPlace();
      const delays = ['900ms', '1s', '1.05s', '1.234s', '1.999s', '2s', '2.001s', '2.7s'];
      await Promise.all(delays.map((delay) => own.put('--delay', delay, delay)));
      const { code } = await own.dq(['work', '-j', '8', '--drain=20s', '--', noteRun]);
      expect(code).toBe(0);
      expect(payloads(runsOf(own))).toEqual([...delays].sort());
      expect(early(runsOf(own))).toEqual([]);
    });

    it('leaves alone what is due later', async () => {
      const tube = cluster.tube();
      await cluster.put('-t', tube, '--delay', '1h', 'later');
      const { code, stdout } = await cluster.dq(['-t', tube, 'work', '--drain=2s', '--', 'cat']);
      expect([code, stdout]).toEqual([0, '']);
      expect(await left(tube)).toEqual(cluster.each(1));
    });

    it('is exit 1 when a job was buried', async () => {
      const tube = cluster.tube();
      await cluster.put('-t', tube, 'good');
      await cluster.put('-t', tube, 'bad');
      const handler = '[ "$DQ_PAYLOAD" = good ] || exit 65';
      expect((await drain(tube, '--', handler)).code).toBe(1);
      expect(await cluster.counts(tube)).toMatchObject(cluster.each({ buried: 1, ready: 0 }));
    });
  });

  describe('the loop', () => {
    it('takes jobs as they come', async () => {
      const tube = cluster.tube();
      const work = cluster.startDq(['-t', tube, 'work', '--', 'cat >&2']);
      await cluster.put('-t', tube, 'first\n');
      await work.line(/^first$/);
      await cluster.put('-t', tube, 'second\n');
      await work.line(/^second$/);
      work.kill('SIGTERM');
      expect((await work.ended).code).toBe(0);
    });

    it('ends after --max-jobs', async () => {
      const tube = cluster.tube();
      await cluster.dq(['-t', tube, 'put', '--lines'], { stdin: 'x\nx\nx\nx\nx\n' });
      const words = ['-t', tube, 'work', '-j', '4', '--max-jobs', '2', '--', 'echo ran'];
      const { code, stdout } = await cluster.dq(words);
      expect([code, stdout]).toEqual([0, 'ran\nran\n']);
      expect((await drain(tube, '--', 'echo ran')).stdout).toBe('ran\nran\nran\n');
    });

    it('runs as many at a time as -j says', async () => {
      const own = await openPlace();
      await own.dq(['put', '--lines'], { stdin: 'a\nb\nc\n' });
      const handler = 'echo x >> here; until [ "$(wc -l < here)" -ge 3 ]; do sleep 0.02; done';
      const { code } = await own.dq(['work', '-j', '3', '--drain', '--', handler]);
      expect(code).toBe(0);
    });

    it('runs one at a time by default', async () => {
      const own = await openPlace();
      await own.dq(['put', '--lines'], { stdin: 'a\nb\nc\n' });
      const handler = 'mkdir lock || exit 65; sleep 0.05; rmdir lock';
      expect((await own.dq(['work', '--drain', '--', handler])).code).toBe(0);
    });

    it('serves several tubes', async () => {
      const [one, two, three] = [cluster.tube(), cluster.tube(), cluster.tube()];
      for (const tube of [one, two, three]) await cluster.put('-t', tube, tube);
      const words = ['-t', one, '-t', two, 'work', '--drain', '--', 'cat; echo'];
      const { code, stdout } = await cluster.dq(words);
      expect(code).toBe(0);
      expect(lines(stdout).sort()).toEqual([one, two].sort());
      expect(await left(three)).toEqual(cluster.each(1));
    });

    it('takes its numbers from the configuration, and its options over them', async () => {
      const config = 'work: { attempts: 1, timeout: 100ms }\n';
      const own = await openPlace(config);
      await own.put('hello');
      const first = await own.dq(['work', '--drain', '--', 'sleep 60']);
      expect([first.code, first.stderr]).toEqual([1, expect.stringContaining('timed out')]);
      await own.put('again');
      const words = ['work', '--drain', '--timeout', '50s', '--', 'sleep 0.2; echo ran'];
      const second = await own.dq(words);
      expect([second.code, second.stdout]).toEqual([0, 'ran\n']);
    });
  });

  describe('--json', () => {
    it('makes stderr lines of JSON, and stdout empty', async () => {
      const tube = cluster.tube();
      const { key } = await cluster.put('-t', tube, 'hello');
      const handler = 'echo to stdout; echo to stderr >&2; printf unfinished';
      const { stdout, stderr } = await drain(tube, '--json', '--', handler);
      expect(stdout).toBe('');
      const events = jsonLines(stderr);
      for (const event of events) {
        expect(event).toMatchObject({
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
          level: expect.any(String) as string,
          event: expect.any(String) as string,
        });
      }
      const output = events.filter(({ event }) => event === 'output');
      expect(output.map(({ stream, text }) => [stream, text])).toEqual(
        expect.arrayContaining([
          ['stdout', 'to stdout'],
          ['stdout', 'unfinished'],
          ['stderr', 'to stderr'],
        ]),
      );
      expect(output.every((event) => event['key'] === key)).toBe(true);
      const [done] = events.filter(({ event }) => event === 'done');
      expect(done).toMatchObject({ key, attempt: 1, ms: expect.any(Number) as number });
    });
  });

  describe('what is not run', () => {
    it('the same job put again after it is done', async () => {
      const own = await openPlace();
      const words = ['at', new Date().toISOString(), 'once'];
      await own.putAs(...words);
      await own.dq(['work', '--drain', '--', noteRun]);
      await own.putAs(...words);
      expect((await own.dq(['work', '--drain', '--', noteRun])).code).toBe(0);
      expect(payloads(runsOf(own))).toEqual(['once']);
      expect(await own.counts('default')).toMatchObject(own.each({ ready: 0, buried: 0 }));
    });
  });
});

describe('on a cluster', () => {
  it('is exit 0 with one of three nodes down, 75 with two', async () => {
    const own = await clusterOf(3);
    await own.put('hello');
    await own.nodes[0]?.kill();
    const one = await own.dq(['work', '--drain', '--', noteRun]);
    expect(one.code).toBe(0);
    await own.nodes[1]?.kill();
    const two = await own.dq(['work', '--drain', '--', noteRun]);
    expect(two.code).toBe(75);
    expect(two.stderr).toContain(own.nodes[1]?.endpoint);
    expect(payloads(runsOf(own))).toEqual(['hello']);
  });

  it('a job that is no envelope: it is buried, with a reason in the log', async () => {
    const own = await clusterOf(3);
    const raw = await own.raw(own.nodes[0]);
    await raw.ask('put 0 0 60 5', Buffer.from('hello'));
    const { code, stdout, stderr } = await own.dq(['work', '--drain', '--', 'cat']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/envelope/);
    expect(stderr).toContain(own.nodes[0]?.endpoint);
    expect(await raw.counts('default')).toMatchObject({ buried: 1 });
  });

  it('a job found later than the ledger remembers: it is buried', async () => {
    const own = await clusterOf(1, { config: 'ledger: { ttl: 1h }\n' });
    const raw = await own.raw(own.nodes[0]);
    for (const minutes of [30, 90]) {
      const envelope = Buffer.from(`${Date.now() - minutes * 60_000}000000/late ${minutes}`);
      await raw.ask(`put 0 0 60 ${envelope.length}`, envelope);
    }
    expect((await own.dq(['work', '--drain', '--', noteRun])).code).toBe(1);
    expect(payloads(runsOf(own))).toEqual(['late 30']);
    expect(await raw.counts('default')).toMatchObject({ ready: 0, buried: 1 });
  });

  it('remembers what ran for three days and more', async () => {
    const own = await clusterOf(1);
    const { key } = await own.put('hello');
    expect((await own.dq(['work', '--drain', '--', 'true'])).code).toBe(0);
    const left = await own.openRedis().pttl(`dq:default:${key}`);
    expect(left).toBeGreaterThan(3 * 86_400_000);
  });
});

describe('beside go-queue', () => {
  it('a job that a Go consumer took is done: not run, and its replicas go', async () => {
    const own = await clusterOf(3, { config: 'goQueue: true\n' });
    const { key, receipt } = await own.put('hello');
    const redis = own.openRedis();
    await redis.set(key, 'mHqkXbZ2LJ1v9aQe', 'PX', 3_600_500, 'NX');
    const { code } = await own.dq(['work', '--drain', '--', noteRun]);
    expect(code).toBe(0);
    expect(runsOf(own)).toEqual([]);
    expect(await own.envelopes(receipt)).toEqual([undefined, undefined, undefined]);
    expect(await redis.get(key)).toBe('mHqkXbZ2LJ1v9aQe');
  });

  it('a job that dq runs is taken for the Go consumers', async () => {
    const own = await clusterOf(1, { config: 'goQueue: true\n' });
    const { key } = await own.put('hello');
    const handler = `${noteRun}; until [ -e go ]; do sleep 0.05; done`;
    const work = own.startDq(['work', '--drain', '--', handler]);
    await until('it runs', () => runsOf(own).length > 0);
    const redis = own.openRedis();
    const asGo = (): Promise<unknown> => redis.set(key, 'mHqkXbZ2LJ1v9aQe', 'PX', 3_600_500, 'NX');
    expect(await asGo()).toBeNull();
    own.write('go', '');
    expect((await work.ended).code).toBe(0);
    expect(await asGo()).toBeNull();
  });
});

describe('one node', () => {
  it('needs no Redis in the configuration to put, and says what a worker needs', async () => {
    const own = await clusterOf(1);
    writeFileSync(join(own.folder, '.dqrc.yaml'), `nodes: [${String(own.nodes[0]?.endpoint)}]\n`);
    await own.put('hello');
    writeFileSync(own.file, configOf([String(own.nodes[0]?.endpoint)], own.redis.endpoint));
    expect((await own.dq(['work', '--drain', '--', noteRun])).code).toBe(0);
    expect(payloads(runsOf(own))).toEqual(['hello']);
  });
});
