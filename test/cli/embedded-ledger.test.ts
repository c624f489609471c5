// beanstalkd nodes without Redis: one has its ledger in this machine's file, several are refused.

import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dq, type Around } from '../support/cli.ts';
import { EmbeddedPlace } from '../support/places.ts';
import { early, names, noteRun, payloads, runsOf } from '../support/runs.ts';
import { startProxy } from '../support/proxy.ts';
import { startBeanstalkd, temporaryFolder, type Server } from '../support/servers.ts';
import { until } from '../support/wait.ts';

let node: Server;
let tubes = 0;

beforeAll(async () => {
  node = await startBeanstalkd();
});

/** A place with this node alone, and a ledger of its own. */
class LonePlace extends EmbeddedPlace {
  constructor({ endpoint }: Pick<Server, 'endpoint'>, more = '') {
    tubes += 1;
    super(temporaryFolder(), `nodes: [${endpoint}]\ntube: lone-${tubes}\n${more}`);
  }
}

it('several are a configuration error that says why', async () => {
  const env = { DQ_NODES: '127.0.0.1:1,127.0.0.1:2' };
  for (const words of [['put', 'x'], ['work', '--', 'true'], ['doctor']]) {
    const { code, stdout, stderr } = await dq(words, { env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/redis: is missing: .*2 nodes.*agree[^]*redis:\/\//);
  }
});

describe('one', () => {
  it('has each job run once by two workers of this machine', async () => {
    const place = new LonePlace(node);
    const records = names(200, 'job');
    const workers = [1, 2].map(() => place.startDq(['work', '-j', '4', '--', noteRun]));
    const words = ['put', '--lines', '--delay', '500ms'];
    expect((await place.dq(words, { stdin: records.join('\n') })).code).toBe(0);
    await until('all have run', () => runsOf(place).length >= records.length);
    for (const worker of workers) worker.kill('SIGTERM');
    const ended = await Promise.all(workers.map((worker) => worker.ended));
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    expect(payloads(runsOf(place))).toEqual(records);
    expect(early(runsOf(place))).toEqual([]);
  });

  it('has an equal job that is put again after it ran known as done', async () => {
    const place = new LonePlace(node);
    const words = ['at', new Date().toISOString(), 'once'];
    await place.putAs(...words);
    expect((await place.dq(['work', '--drain', '--', noteRun])).code).toBe(0);
    await place.putAs(...words);
    expect((await place.dq(['work', '--drain', '--', noteRun])).code).toBe(0);
    expect(payloads(runsOf(place))).toEqual(['once']);
  });

  it('has its failures counted across workers', async () => {
    const place = new LonePlace(node);
    await place.put('hello');
    const words = ['work', '--attempts', '2', '--max-jobs', '1', '--', `${noteRun}; false`];
    expect((await place.dq(words)).code).toBe(0);
    expect((await place.dq([...words.slice(0, 3), '--drain=10s', ...words.slice(5)])).code).toBe(1);
    expect(runsOf(place).map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it('is not taken for another node, nor for the embedded queue', async () => {
    const other = await startBeanstalkd();
    const state = join(temporaryFolder(), 'state');
    const due = new Date().toISOString();
    for (const nodes of [node.endpoint, other.endpoint, 'embedded']) {
      const around = { env: { STATE_DIRECTORY: state, DQ_NODES: nodes, DQ_TUBE: 'equal' } };
      expect((await dq(['at', due, 'hello'], around)).code).toBe(0);
    }
    for (const nodes of [node.endpoint, other.endpoint, 'embedded']) {
      const around: Around = { env: { STATE_DIRECTORY: state, DQ_NODES: nodes, DQ_TUBE: 'equal' } };
      const { code, stdout } = await dq(['-q', 'work', '--drain', '--', 'cat'], around);
      expect([nodes, code, stdout]).toEqual([nodes, 0, 'hello']);
    }
  });

  it('is what doctor tells, with its ledger', async () => {
    const place = new LonePlace(node);
    const { code, stdout } = await place.dq(['doctor']);
    expect(code).toBe(0);
    expect(stdout).toContain(node.endpoint);
    expect(stdout).toMatch(/^ok +ledger .*queue\.db: this machine and user only$/m);
  });

  it('that is on another machine has its workers warned', async () => {
    const env = { DQ_NODES: 'beanstalkd.invalid', STATE_DIRECTORY: temporaryFolder() };
    const { stderr } = await dq(['work', '--drain', '--', 'true'], { env });
    expect(stderr).toMatch(/without redis: only the workers of this machine/);
  });

  it('whose ledger is damaged can be put to, and not be worked on', async () => {
    const place = new LonePlace(node);
    await place.dq(['work', '--drain', '--', 'true']);
    truncateSync(join(place.state, 'queue.db'), 100);
    await place.put('hello');
    const { code, stdout, stderr } = await place.dq(['work', '--drain', '--', 'cat']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(join(place.state, 'queue.db'));
  });

  it('whose ledger is damaged doesn’t hide that a job may still run', async () => {
    const proxy = await startProxy(node.port);
    const place = new LonePlace(proxy);
    await place.dq(['doctor']);
    rmSync(place.state, { recursive: true });
    writeFileSync(place.state, 'no folder');
    proxy.onRequest((chunk) => {
      if (chunk.includes('put ')) proxy.stall('replies');
    });
    const { code, stderr } = await place.dq(['put', 'hello']);
    expect(code).toBe(75);
    expect(stderr).toMatch(/may still run: [0-9a-f]{32}/);
  });
});
