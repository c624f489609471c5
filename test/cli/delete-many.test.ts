// `dq delete` of a selection: what is meant, what is asked, and what is left.

import { Buffer } from 'node:buffer';
import { beforeAll, describe, expect, it } from 'vitest';
import { binary, jsonLines, lines, open, startProgram, type RunningDq } from '../support/cli.ts';
import { clusterOf, type Cluster } from '../support/cluster.ts';
import type { Place } from '../support/place.ts';
import { places } from '../support/places.ts';

const none = { ready: 0, delayed: 0, reserved: 0, buried: 0 };

/** Its stdin, stdout and stderr are one terminal, which script(1) of util-linux gives it; the test types. */
function onTerminal(words: readonly string[], place: Place): RunningDq {
  const { env, ...around } = place.around({ stdin: open });
  const line = `"$NODE" "$BINARY" ${words.join(' ')}`;
  const named = { ...env, NODE: process.execPath, BINARY: binary, TERM: 'xterm' };
  return startProgram('script', ['-qefc', line, '/dev/null'], { ...around, env: named });
}

/** Resolves when it ends with a question that waits for its answer. */
async function prompted(run: RunningDq, pattern: RegExp): Promise<void> {
  await run.seen(String(pattern), 'stdout', (text) => pattern.test(text) || undefined);
}

async function putLines(place: Place, tube: string, ...payloads: readonly string[]) {
  const stdin = payloads.map((each) => `${each}\n`).join('');
  const { code } = await place.dq(['-t', tube, 'put', '--lines', '--delay', '1h'], { stdin });
  expect(code).toBe(0);
}

describe.each(places)('on %s', (_, openPlace) => {
  let place: Place;

  beforeAll(async () => {
    place = await openPlace();
  });

  it.each(['1e3', 'null', 'a/b'])('deletes all of tube %s', async (tube) => {
    await putLines(place, tube, ...Array.from({ length: 1_203 }, (_each, at) => `job ${at}`));
    const { code, stderr } = await place.dq(['-t', tube, 'delete', '--all', '--yes']);
    expect([code, stderr]).toEqual([0, `deleted 1,203 jobs of tube ${tube}\n`]);
    expect(await place.counts(tube)).toEqual(place.each(none));
  });

  it('deletes what matches, in time and state', async () => {
    const tube = place.tube();
    await putLines(place, tube, 'mail 1', 'sms 2');
    await place.put('-t', tube, 'mail 3');
    const ran = async (...words: readonly string[]) => {
      const { code, stdout } = await place.dq(['--json', '-t', tube, 'delete', '-y', ...words]);
      return [code, jsonLines(stdout).length];
    };
    expect(await ran('--match', 'fax')).toEqual([0, 0]);
    expect(await ran('--state', 'buried', '--all')).toEqual([0, 0]);
    expect(await ran('--match', '/^MAIL/i', '--due-after', '+30m')).toEqual([0, 1]);
    expect(await ran('--state', 'ready', '--all')).toEqual([0, 1]);
    expect(await ran('--due-before', '+30m')).toEqual([0, 0]);
    expect(await place.counts(tube)).toEqual(place.each({ ...none, delayed: 1 }));
  });

  it('shows under --dry-run what it would delete, in the order in which it is due', async () => {
    const tube = place.tube();
    const later = await place.put('-t', tube, '--delay', '2h', 'later');
    const sooner = await place.put('-t', tube, '--delay', '1h', 'sooner');
    const words = ['-t', tube, 'delete', '--all', '--dry-run'];
    const { stdout, stderr } = await place.dq(words);
    expect(lines(stdout)).toEqual([
      `${sooner.key}  ${sooner.due}  delayed`,
      `${later.key}  ${later.due}  delayed`,
    ]);
    expect(stderr).toMatch(/^would delete 2 jobs/);
    expect(await place.counts(tube)).toEqual(place.each({ ...none, delayed: 2 }));
  });

  it('leaves a job that runs, and is 0', async () => {
    const own = await openPlace();
    const { key } = await own.put('runs');
    const handler = 'echo started >&2; until [ -e go ]; do sleep 0.05; done';
    const work = own.startDq(['work', '--drain', '--', handler]);
    await work.line(/^started$/);
    await own.put('--delay', '1h', 'waits');
    const { code, stdout } = await own.dq(['--json', 'delete', '--all', '--yes']);
    expect(code).toBe(0);
    const running = { key, result: 'claimed', error: 'the job is running; nothing was deleted' };
    expect(jsonLines(stdout)).toEqual([running, expect.objectContaining({ result: 'deleted' })]);
    own.write('go', '');
    expect((await work.ended).code).toBe(0);
  });

  it.each([
    ['asking nobody', ['--all'], '--yes'],
    ['a state alone', ['--state', 'ready'], '--all'],
    ['a state that is none', ['--state', 'redy', '--all'], 'did you mean ready'],
    ['no expression', ['--match', '/(/'], '--match'],
    ['no time', ['--due-before', 'soon'], '--due-before'],
    ['a receipt and a selection', ['127.0.0.1:1/x/1', '--all', '-y'], 'selection'],
    ['--dry-run of a receipt', ['127.0.0.1:1/x/1', '--dry-run'], 'selection'],
  ])('refuses %s: exit 2', async (_name, words, said) => {
    const { code, stdout, stderr } = await place.dq(['delete', ...words]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
  });

  describe('on a terminal', () => {
    it.each([
      ['y', 0, 0],
      ['yes', 0, 0],
      ['n', 1, 2],
      ['', 1, 2],
    ])('asks, and %j is exit %i', async (answer, code, left) => {
      const tube = place.tube();
      await putLines(place, tube, 'one', 'two');
      const run = onTerminal(['-t', tube, 'delete', '--all'], place);
      await prompted(run, /delete 2 jobs of tube \S+( on 2 nodes)?\? \[y\/N\] $/);
      run.write(`${answer}\r`);
      expect((await run.ended).code).toBe(code);
      expect(await place.counts(tube)).toEqual(place.each({ ...none, delayed: left }));
    });

    it('takes the end of input, and ctrl-c, for no', async () => {
      const tube = place.tube();
      await putLines(place, tube, 'one');
      for (const key of ['\x04', '\x03']) {
        const run = onTerminal(['-t', tube, 'delete', '--all'], place);
        await prompted(run, /\[y\/N\] $/);
        run.write(key);
        const { code, stdout } = await run.ended;
        expect(code).not.toBe(0);
        if (key === '\x04') expect(stdout).toContain('[y/N] \r\ndq: nothing was deleted\r\n');
      }
      expect(await place.counts(tube)).toEqual(place.each({ ...none, delayed: 1 }));
    });
  });
});

describe('a cluster', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await clusterOf(3, { kept: true });
  });

  it('with a node down loses the jobs it has there as well, when it is back', async () => {
    const tube = cluster.tube();
    await cluster.put('-t', tube, '--delay', '2s', 'job');
    const [down] = cluster.nodes;
    await down?.kill();
    const { code, stderr } = await cluster.dq(['-t', tube, 'delete', '--all', '--yes']);
    expect(code).toBe(0);
    expect(stderr).toContain(down?.endpoint);
    await down?.start();
    await cluster.dq(['-t', tube, 'work', '--drain=10s', '--', 'echo ran >> ran']);
    expect(cluster.read('ran')).toEqual([]);
    expect(await cluster.counts(tube)).toEqual(cluster.each(none));
  });

  it('deletes what is no job of dq’s, too', async () => {
    const tube = cluster.tube();
    const raw = await cluster.raw(cluster.nodes[0]);
    await raw.ask(`use ${tube}`);
    await raw.ask('put 0 0 60 4', Buffer.from('junk'));
    const words = ['--json', '-t', tube, 'delete', '--match', 'junk', '-y'];
    const { stdout } = await cluster.dq(words);
    expect(jsonLines(stdout)).toEqual([
      { receipt: expect.stringContaining(`/${tube}/`) as string, result: 'deleted' },
    ]);
    expect(await cluster.counts(tube)).toEqual(cluster.each(none));
  });

  it('deletes nothing while the ledger is away: exit 75', async () => {
    const own = await clusterOf(2);
    await own.put('job');
    await own.redis.kill();
    expect((await own.dq(['delete', '--all', '--yes'])).code).toBe(75);
    expect(await own.counts('default')).toEqual(own.each({ ...none, ready: 1 }));
  });

  it('deletes no other job under an id that was its before a restart without binlog', async () => {
    const own = await clusterOf(2);
    await own.put('--delay', '1h', 'mine');
    const run = onTerminal(['delete', '--match', 'mine'], own);
    await prompted(run, /\[y\/N\] $/);
    for (const node of own.nodes) await node.kill();
    for (const node of own.nodes) await node.start();
    const { receipt } = await own.put('--delay', '1h', 'other');
    expect(receipt.match(/\/1(,|$)/g)).toHaveLength(2);
    run.write('y\r');
    await run.ended;
    expect(await own.envelopes(receipt)).not.toContain(undefined);
  });
});
