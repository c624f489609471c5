// `dq put --wait` and `dq at --wait`: how the job ended is the command's end.

import { beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, lines } from '../support/cli.ts';
import { clusterOf, type Cluster } from '../support/cluster.ts';
import type { Place } from '../support/place.ts';
import { places } from '../support/places.ts';

describe.each(places)('on %s', (_, openPlace) => {
  let place: Place;

  beforeAll(async () => {
    place = await openPlace();
  });

  /** Puts and waits in a tube of its own; works on it as soon as the receipt is printed. */
  async function waited(handler: string, ...words: readonly string[]) {
    const tube = place.tube();
    const put = place.startDq(['-t', tube, ...words]);
    const receipt = await put.line(/\/\d+$/, 'stdout');
    const work = ['-t', tube, 'work', '--attempts', '1', '--drain', '--', handler];
    await place.dq(work);
    return { receipt, ...(await put.ended) };
  }

  it('is 0 when it is done, with its exit code and worker', async () => {
    const { code, stdout, stderr, receipt } = await waited('true', 'put', '--wait', 'hello');
    expect(code).toBe(0);
    expect(stdout).toBe(`${receipt}\n`);
    expect(stderr).toMatch(/^done: exit 0, by [\w.-]+\.\d+\.\w+$/m);
  });

  it('is 1 when it is buried', async () => {
    const { code, stderr } = await waited('exit 3', 'put', '--wait=1m', 'hello');
    expect(code).toBe(1);
    expect(stderr).toContain('dq: buried: failed once, exit 3');
  });

  it('is 1 when it is deleted', async () => {
    const put = place.startDq(['put', '--wait', 'hello']);
    await place.dq(['delete', await put.line(/\/\d+$/, 'stdout')]);
    const { code, stderr } = await put.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('deleted');
  });

  it('is 75 when the time is over, and the job stays', async () => {
    const words = ['at', '--wait=10ms', '+1h', 'hello'];
    const { code, stdout, stderr } = await place.dq(words);
    expect(code).toBe(75);
    expect(stderr).toContain('not over within 10ms');
    expect(await place.envelopes(stdout)).not.toContain(undefined);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('is stopped by %s, and the job stays', async (signal, expected) => {
    const put = place.startDq(['put', '--wait', 'hello', '--delay', '1h']);
    const receipt = await put.line(/\/\d+$/, 'stdout');
    put.kill(signal);
    const { code, stderr } = await put.ended;
    expect(code).toBe(expected);
    expect(stderr).toContain('what was put stays');
    expect(await place.envelopes(receipt)).not.toContain(undefined);
  });

  it('of an instant that has another’s job is that job’s end', async () => {
    const tube = place.tube();
    const words = ['-t', tube, 'at', '--wait', new Date().toISOString(), 'same'];
    const first = place.startDq(words);
    await first.line(/\/\d+$/, 'stdout');
    await place.dq(['-t', tube, 'work', '--drain', '--', 'true']);
    expect((await first.ended).code).toBe(0);
    expect((await place.dq(words)).code).toBe(0);
  });

  it('under --json is a line more', async () => {
    const tube = place.tube();
    const put = place.startDq(['--json', '-t', tube, 'put', '--wait', 'hello']);
    await put.line(/receipt/, 'stdout');
    const work = ['-t', tube, 'work', '--drain', '--', 'exit 65'];
    await place.dq(work);
    const { code, stdout, stderr } = await put.ended;
    expect([code, stderr]).toEqual([1, '']);
    const [job, end] = jsonLines(stdout);
    expect(end).toEqual({
      ...{ key: job?.['key'], result: 'dead' },
      ...{ reason: 'rejected', exitCode: 65, failures: 1 },
    });
  });

  it('of many jobs is 1 when one of them fails, and tells which', async () => {
    const tube = place.tube();
    const records = Array.from({ length: 300 }, (_each, at) => `\n${at}\n`).join('');
    const put = place.startDq(['-t', tube, 'put', '--lines', '--wait'], { stdin: records });
    await put.line(/\/300$/, 'stdout');
    const handler = '[ "$DQ_PAYLOAD" != 41 ]';
    await place.dq(['-t', tube, 'work', '-j', '8', '--attempts', '1', '--drain', '--', handler]);
    const { code, stdout, stderr } = await put.ended;
    expect(code).toBe(1);
    expect(lines(stdout)).toHaveLength(300);
    expect(lines(stderr).filter((line) => !line.startsWith('no configuration'))).toEqual([
      '300 empty lines skipped',
      'dq: line 84: buried: failed once, exit 1',
      '299 done, 1 buried, 0 deleted',
    ]);
  });

  it.each([
    ['a duration without its sign', ['put', '--wait', '5m', 'hello'], '--wait=5m'],
    [
      'a duration that would be the payload',
      ['put', '--wait', '1h30m'],
      '--wait=1h30m, in one word',
    ],
    ['it of at, too', ['at', '+1h', '--wait', '5s'], '--wait -- 5s'],
    ['no duration', ['put', '--wait=soon', 'hello'], '--wait: not a duration'],
    ['a duration and records', ['put', '--lines', '--wait', '5m'], '--wait=5m'],
  ])('refuses %s: exit 2', async (_name, words, said) => {
    const { code, stdout, stderr } = await place.dq(words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
  });

  it.each([
    ['5s', ['put', '--wait=10ms', '--', '5s']],
    ['5s', ['put', '--wait=10ms', '5s']],
    ['17', ['put', '--wait', '17']],
  ])('takes the payload %s from %j', async (payload, words) => {
    const put = place.startDq(words);
    const [envelope] = await place.envelopes(await put.line(/\/\d+$/, 'stdout'));
    expect(envelope?.toString().split('/')[1]).toBe(payload);
    put.kill('SIGTERM');
    await put.ended;
  });

  it('is a payload after --', async () => {
    const { code, stdout } = await place.dq(['put', '--', '--wait']);
    expect(code).toBe(0);
    const [envelope] = await place.envelopes(stdout);
    expect(envelope?.toString()).toMatch(/\/--wait$/);
  });
});

describe('the ledger', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await clusterOf(2, { kept: true });
  });

  it('may be away for a while', async () => {
    const put = cluster.startDq(['put', '--wait', 'hello']);
    await put.line(/\/\d+$/, 'stdout');
    await cluster.redis.kill();
    await put.line(/waiting on/);
    await cluster.redis.start();
    await cluster.dq(['work', '--drain', '--', 'true']);
    const { code, stderr } = await put.ended;
    expect(code).toBe(0);
    expect(stderr).toContain('the ledger is back');
  });

  it('that nobody shares is refused before anything is put: exit 2', async () => {
    const { code, stdout, stderr } = await cluster.dq(['put', '--wait', 'hello'], {
      cwd: '/',
      env: { DQ_NODES: '192.0.2.1:11300' },
    });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('needs a ledger');
  });
});
