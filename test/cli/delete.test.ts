// `dq delete`: a job by its receipt, all of its replicas or none.

import { beforeAll, describe, expect, it } from 'vitest';
import { jsonLines } from '../support/cli.ts';
import { clusterOf } from '../support/cluster.ts';
import type { Place } from '../support/place.ts';
import { places } from '../support/places.ts';
import { startProxy } from '../support/proxy.ts';

let cluster: Place;

describe.each(places)('on %s', (_, openPlace) => {
  beforeAll(async () => {
    cluster = await openPlace();
  });

  describe('a job', () => {
    it.each(['delete', 'revoke'])('is gone from every node: %s', async (command) => {
      const { receipt } = await cluster.put('--delay', '1h', 'hello');
      const { code, stdout } = await cluster.dq([command, receipt]);
      expect(code).toBe(0);
      expect(stdout).toBe('');
      expect(await cluster.envelopes(receipt)).toEqual(cluster.each(undefined));
    });

    it('may lie in a tube with slashes', async () => {
      const { receipt } = await cluster.put('-t', 'a/b//c', 'hello');
      expect((await cluster.dq(['delete', receipt])).code).toBe(0);
      expect(await cluster.envelopes(receipt)).toEqual(cluster.each(undefined));
    });

    it('that was buried may be deleted', async () => {
      const tube = cluster.tube();
      const { receipt } = await cluster.put('-t', tube, 'hello');
      await cluster.dq(['-t', tube, 'work', '--drain', '--', 'exit 65']);
      expect(await cluster.counts(tube)).toMatchObject(cluster.each({ buried: 1 }));
      expect((await cluster.dq(['delete', receipt])).code).toBe(0);
      expect(await cluster.envelopes(receipt)).toEqual(cluster.each(undefined));
    });

    it('put again after it was deleted is run', async () => {
      const own = await openPlace();
      const words = ['at', new Date(Date.now() + 5_000).toISOString(), 'again'];
      const { receipt } = await own.putAs(...words);
      await own.dq(['delete', receipt]);
      await own.putAs(...words);
      const { code } = await own.dq(['work', '--drain=10s', '--', 'echo ran >> ran']);
      expect(code).toBe(0);
      expect(own.read('ran')).toEqual(['ran']);
    });
  });

  describe('the result', () => {
    it('is told for each receipt in --json', async () => {
      const [one, two] = [await cluster.put('one'), await cluster.put('two')];
      const words = ['--json', 'delete', one.receipt, two.receipt];
      const { code, stdout } = await cluster.dq(words);
      expect(code).toBe(0);
      expect(jsonLines(stdout)).toEqual([
        { receipt: one.receipt, result: 'deleted' },
        { receipt: two.receipt, result: 'deleted' },
      ]);
    });

    it('of a job that isn’t there is exit 1, and the others are deleted all the same', async () => {
      const [one, two] = [await cluster.put('one'), await cluster.put('two')];
      await cluster.dq(['delete', one.receipt]);
      const { code, stderr } = await cluster.dq(['delete', one.receipt, two.receipt]);
      expect(code).toBe(1);
      expect(stderr).toContain('no such job');
      expect(await cluster.envelopes(two.receipt)).toEqual(cluster.each(undefined));
      const { stdout } = await cluster.dq(['--json', 'delete', one.receipt]);
      const [line = {}] = jsonLines(stdout);
      expect(Object.keys(line)).toEqual(['receipt', 'result', 'error']);
      expect(line['result']).toBe('absent');
    });
  });

  describe('nothing is deleted', () => {
    it('of a job that is running', async () => {
      const own = await openPlace();
      const { receipt } = await own.put('hello');
      const handler = 'echo started >&2; until [ -e go ]; do sleep 0.05; done';
      const work = own.startDq(['work', '--drain', '--', handler]);
      await work.line(/^started$/);
      const { code, stderr } = await own.dq(['delete', receipt]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/running/);
      expect(await own.envelopes(receipt)).not.toContain(undefined);
      own.write('go', '');
      expect((await work.ended).code).toBe(0);
    });

    it.each([
      ['no receipt', []],
      ['a word that is none', ['hello']],
      ['an id that is no number', ['127.0.0.1:1/default/x']],
      ['an empty one', ['']],
      ['a node of another cluster', ['127.0.0.1:1/default/1']],
      ['one good and one bad', ['127.0.0.1:1/default/1', 'x']],
    ])('by %s: exit 2', async (_, words) => {
      const { code, stdout, stderr } = await cluster.dq(['delete', ...words]);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/receipt/i);
    });
  });
});

describe('of a job on a node that the configuration names no longer', () => {
  async function shrunkTo(count: number) {
    const own = await clusterOf(3);
    const nodes = own.nodes.slice(0, count).map(({ endpoint }) => endpoint);
    const settings = { nodes, redis: `redis://${own.redis.endpoint}` };
    own.write('less.yaml', `${JSON.stringify(settings)}\n`);
    const { receipt } = await own.put('hello');
    const less = (...words: string[]) => own.dq(['-c', 'less.yaml', ...words]);
    return { own, receipt, less };
  }

  it('the others go, and it never runs', async () => {
    const { own, receipt, less } = await shrunkTo(2);
    const peeked = await less('peek', receipt);
    expect([peeked.code, peeked.stdout.match(/ready/g)?.length]).toEqual([0, 3]);
    const { code, stderr } = await less('delete', receipt);
    expect(code).toBe(0);
    const removed = receipt.split(',').find((one) => one.startsWith(own.nodes[2]!.endpoint));
    for (const told of [peeked.stderr, stderr]) {
      expect(told).toContain(`${removed}: no such node in the configuration, left as it is`);
    }
    expect(stderr).not.toMatch(new RegExp(`deleted .*${removed}`));
    const left = await own.envelopes(receipt);
    expect(left.filter((envelope) => envelope !== undefined)).toHaveLength(1);
    await own.dq(['work', '--drain', '--', 'echo ran >> ran']);
    expect(await own.envelopes(receipt)).toEqual([undefined, undefined, undefined]);
    expect(own.read('ran')).toEqual([]);
  });

  it('nothing may be left of it here, and yet there', async () => {
    const { own, receipt, less } = await shrunkTo(2);
    for (const node of own.nodes.slice(0, 2)) {
      const replica = receipt.split(',').find((one) => one.startsWith(`${node.endpoint}/`));
      const raw = await own.raw(node);
      expect((await raw.ask(`delete ${replica?.split('/').at(-1)}`)).line).toBe('DELETED');
    }
    for (const command of ['peek', 'kick', 'delete']) {
      const { code, stderr } = await less(command, receipt);
      expect([command, code]).toEqual([command, 1]);
      expect(stderr).toContain('it may lie on others that the receipt names');
    }
  });

  it('one that is left of several may be another job’s', async () => {
    const { own, receipt, less } = await shrunkTo(1);
    const { code, stderr } = await less('delete', receipt);
    expect(code).toBe(1);
    const lone = receipt.split(',').find((one) => one.startsWith(own.nodes[0]!.endpoint));
    expect(stderr).toContain(`dq delete ${lone} takes it for the job`);
    expect(await own.envelopes(receipt)).not.toContain(undefined);
  });
});

describe('nothing is deleted', () => {
  it('when its ids name other jobs since a restart without binlog', async () => {
    const own = await clusterOf(2);
    const { receipt } = await own.put('mine');
    for (const node of own.nodes) await node.kill();
    for (const node of own.nodes) await node.start();
    const others = await Promise.all(
      own.nodes.map(async (node, at) => {
        const raw = await own.raw(node);
        return raw.ask('put 0 0 60 21', Buffer.from(`1767225600000000000/${at}`));
      }),
    );
    expect(others.map(({ line }) => line)).toEqual(['INSERTED 1', 'INSERTED 1']);
    const { code } = await own.dq(['delete', receipt]);
    expect(code).toBe(1);
    expect(await own.envelopes(receipt)).not.toContain(undefined);
  });

  it('of another job whose id it names, and only that is said', async () => {
    const own = await clusterOf(3);
    const [forgetful] = own.nodes;
    const puts = [await own.put('--delay', '1h', 'one'), await own.put('--delay', '1h', 'two')];
    await forgetful?.kill();
    await forgetful?.start();
    const raw = await own.raw(forgetful);
    const envelope = Buffer.from('1767225600000000000/other');
    for (let id = 1; id <= puts.length; id++) await raw.ask('put 0 3600 60 25', envelope);
    for (const [at, { receipt }] of puts.entries()) {
      const words = at === 0 ? ['delete', receipt] : ['--json', 'delete', receipt];
      const { code, stdout, stderr } = await own.dq(words);
      expect(code).toBe(0);
      const isOther = (replica: string) => replica.startsWith(`${forgetful?.endpoint ?? ''}/`);
      const replicas = receipt.split(',');
      const [other] = replicas.filter(isOther);
      const deleted = replicas.filter((replica) => !isOther(replica)).join(',');
      if (at === 0) {
        expect(stderr).toBe(`deleted ${deleted}\ndq: ${other}: another job, left as it is\n`);
      } else {
        expect(jsonLines(stdout)).toEqual([{ receipt, result: 'deleted', otherJobs: [other] }]);
      }
      const left = (await own.envelopes(receipt)).filter((found) => found !== undefined);
      expect(left).toEqual([envelope]);
    }
  });

  it('when the ledger is away: exit 75', async () => {
    const own = await clusterOf(2);
    const { receipt } = await own.put('hello');
    await own.redis.kill();
    const { code, stderr } = await own.dq(['delete', receipt]);
    expect(code).toBe(75);
    expect(stderr).toContain(own.redis.endpoint);
    expect(await own.envelopes(receipt)).not.toContain(undefined);
  });
});

it('put again after a delete that got through one receipt of two is run', async () => {
  const own = await clusterOf(1);
  const proxy = await startProxy(own.redis.port);
  const words = ['at', new Date(Date.now() + 1_000).toISOString(), 'again'];
  const [deleted, kept] = [await own.putAs(...words), await own.put('--delay', '1h', 'kept')];
  proxy.onRequest((chunk) => {
    if (chunk.includes(kept.key)) proxy.refuse();
  });
  const env = { DQ_REDIS: `redis://${proxy.endpoint}` };
  const { code, stderr } = await own.dq(['delete', deleted.receipt, kept.receipt], { env });
  expect([code, stderr]).toEqual([75, expect.stringContaining(`deleted ${deleted.receipt}`)]);
  await own.putAs(...words);
  expect((await own.dq(['work', '--drain', '--', 'echo ran >> ran'])).code).toBe(0);
  expect(own.read('ran')).toEqual(['ran']);
});

describe('a buried replica on a node that was down', () => {
  /** A job that is buried on three nodes, and deleted while one was down. */
  async function left(redisKept = true) {
    const own = await clusterOf(3, { kept: true, redisKept });
    const [, down] = own.nodes;
    const { receipt } = await own.put('bad');
    await own.dq(['work', '--drain', '--', 'exit 65']);
    await down?.kill();
    const { stderr } = await own.dq(['delete', receipt]);
    await down?.start();
    const rest = receipt.split(',').find((each) => each.startsWith(down?.endpoint ?? ''));
    const counted = async (): Promise<number> =>
      (await own.envelopes(receipt)).filter((each) => each !== undefined).length;
    return { own, receipt, down, stderr, rest, counted };
  }

  it('is promised nothing, and goes with the same command', async () => {
    const { own, receipt, down, stderr, counted } = await left();
    const endpoint = down?.endpoint ?? '';
    expect(stderr).toBe(
      `deleted ${receipt}; on ${endpoint} what is buried stays: delete it again when it is back\n`,
    );
    expect(await counted()).toBe(1);
    expect((await own.dq(['delete', receipt])).code).toBe(0);
    expect(await counted()).toBe(0);
  });

  it('is buried to who looks for that, and no kick', async () => {
    const { own, counted } = await left();
    const listed = await own.dq(['--json', 'list', '--state', 'buried']);
    expect(jsonLines(listed.stdout)).toMatchObject([{ state: 'revoked' }]);
    expect((await own.dq(['kick', '--all', '--dry-run'])).stderr).toBe(
      'would kick 0 jobs of tube default on 3 nodes, and delete what is buried of 1 that ended\n',
    );
    const { stderr } = await own.dq(['delete', '--state', 'buried', '--all', '--yes']);
    expect(stderr).toBe('deleted 1 job of tube default\n');
    expect(await counted()).toBe(0);
  });

  it('is no proof of the job, if it may be another: it is named', async () => {
    const { own, receipt, rest, counted } = await left(false);
    await own.redis.kill();
    await own.redis.start();
    const { code, stderr } = await own.dq(['delete', receipt]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/one replica is left, .* nothing was deleted/);
    expect(stderr).toContain(`dq delete ${rest ?? ''} takes it for the job`);
    expect(await counted()).toBe(1);
    expect((await own.dq(['delete', rest ?? ''])).code).toBe(0);
    expect(await counted()).toBe(0);
  });

  it('goes if its job was done meanwhile', async () => {
    const own = await clusterOf(3, { kept: true });
    const [, down] = own.nodes;
    const { receipt } = await own.put('job');
    await own.dq(['work', '--drain', '--', 'exit 65']);
    await down?.kill();
    await own.dq(['kick', receipt]);
    await own.dq(['work', '--drain', '--', 'true']);
    await down?.start();
    const { code, stderr } = await own.dq(['delete', receipt]);
    expect([code, stderr]).toEqual([1, `dq: ${receipt}: the job is done\n`]);
    expect(await own.envelopes(receipt)).toEqual(own.each(undefined));
  });
});

describe('a node that is down', () => {
  it('doesn’t run the revoked job when it returns', async () => {
    const own = await clusterOf(3, { kept: true });
    const { receipt } = await own.put('--delay', '2s', 'hello');
    const [, down] = own.nodes;
    await down?.kill();
    const { code, stderr } = await own.dq(['delete', receipt]);
    expect(code).toBe(0);
    expect(stderr).toContain(down?.endpoint);
    await down?.start();
    const work = await own.dq(['work', '--drain=10s', '--', 'echo ran >> ran']);
    expect(work.code).toBe(0);
    expect(own.read('ran')).toEqual([]);
    expect(await own.envelopes(receipt)).toEqual(own.each(undefined));
  });
});
