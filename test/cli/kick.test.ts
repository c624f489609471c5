// `dq kick`: buried jobs that may run again: the ledger first, then the replicas.

import { beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, lines } from '../support/cli.ts';
import { clusterOf } from '../support/cluster.ts';
import type { Place, Put } from '../support/place.ts';
import { places } from '../support/places.ts';
import { payloads, noteRun, runsOf } from '../support/runs.ts';

/** Puts jobs and has them buried. */
async function bury(place: Place, tube: string, ...names: readonly string[]): Promise<Put[]> {
  const puts: Put[] = [];
  for (const name of names) puts.push(await place.put('-t', tube, name));
  await place.dq(['-t', tube, 'work', '--drain', '--', 'sh', '-c', 'exit 65']);
  return puts;
}

/** Works the tube empty, and returns what it ran. */
async function work(place: Place, tube: string): Promise<string[]> {
  if (place.read('runs').length > 0) place.remove('runs');
  await place.dq(['-t', tube, 'work', '--drain', '--', 'sh', '-c', noteRun]);
  return payloads(runsOf(place));
}

describe.each(places)('on %s', (_, openPlace) => {
  let place: Place;

  beforeAll(async () => {
    place = await openPlace();
  });

  it('without words wakes the one that was due first', async () => {
    const tube = place.tube();
    await bury(place, tube, 'a', 'b', 'c');
    const { code, stderr } = await place.dq(['-t', tube, 'kick']);
    expect([code, stderr]).toEqual([0, `kicked 1 job of tube ${tube}\n`]);
    expect(await work(place, tube)).toEqual(['a']);
    expect(await place.counts(tube)).toEqual(place.each(only({ buried: 2 })));
  });

  it.each(['1e3', 'null', 'a/b'])('wakes so many of tube %s', async (tube) => {
    await bury(place, tube, 'a', 'b', 'c');
    expect((await place.dq(['-t', tube, 'kick', '2'])).code).toBe(0);
    expect(await work(place, tube)).toEqual(['a', 'b']);
    expect((await place.dq(['-t', tube, 'kick', '100'])).code).toBe(0);
    expect(await work(place, tube)).toEqual(['c']);
  });

  it('wakes those of a state, of all that are buried', async () => {
    const tube = place.tube();
    await bury(place, tube, 'a', 'b');
    const kick = async (...words: readonly string[]) =>
      (await place.dq(['-t', tube, 'kick', '--yes', ...words])).stderr;
    expect(await kick('--all', '--state', 'ready,retry')).toBe(`nothing to kick in tube ${tube}\n`);
    expect(await kick('--state', 'dead')).toBe(`kicked 1 job of tube ${tube}\n`);
    expect(await work(place, tube)).toEqual(['a']);
  });

  it('never wakes a job that is not due', async () => {
    const tube = place.tube();
    await place.put('-t', tube, '--delay', '1h', 'later');
    const { code, stderr } = await place.dq(['-t', tube, 'kick', '100']);
    expect([code, stderr]).toEqual([0, `nothing to kick in tube ${tube}\n`]);
    expect(await place.counts(tube)).toEqual(place.each(only({ delayed: 1 })));
  });

  it('wakes these, with their failures forgotten', async () => {
    const tube = place.tube();
    const [one, two] = await bury(place, tube, 'one', 'two');
    const { code, stdout } = await place.dq(['--json', 'kick', two?.receipt ?? '']);
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toEqual([{ receipt: two?.receipt, result: 'kicked' }]);
    const fail = ['-t', tube, 'work', '--attempts', '2', '--drain', '--', 'sh', '-c', 'exit 1'];
    const { stderr } = await place.dq(fail);
    expect(stderr.match(/ failed .*| buried .*/g)).toHaveLength(2);
    expect(await place.envelopes(one?.receipt ?? '')).not.toContain(undefined);
  });

  it('wakes all, or those that match', async () => {
    const tube = place.tube();
    await bury(place, tube, 'mail 1', 'mail 2', 'sms 3', 'mail 4');
    const kick = ['-t', tube, 'kick', '--yes'];
    expect((await place.dq([...kick, '--match', '/^mail [12]/'])).code).toBe(0);
    expect(await work(place, tube)).toEqual(['mail 1', 'mail 2']);
    const { stdout } = await place.dq(['--json', ...kick, '--all']);
    expect(jsonLines(stdout).map(({ result }) => result)).toEqual(['kicked', 'kicked']);
    expect(await work(place, tube)).toEqual(['mail 4', 'sms 3']);
  });

  it('shows under --dry-run what it would wake', async () => {
    const tube = place.tube();
    const [put] = await bury(place, tube, 'a');
    const { code, stdout } = await place.dq(['--json', '-t', tube, 'kick', '--dry-run']);
    expect(code).toBe(0);
    const { key, due } = put ?? {};
    expect(jsonLines(stdout)).toEqual([{ key, due, state: 'dead', result: 'selected' }]);
    expect(await place.counts(tube)).toEqual(place.each(only({ buried: 1 })));
  });

  it('of a job that is not buried is exit 1, and leaves it alone', async () => {
    const tube = place.tube();
    const { receipt } = await place.put('-t', tube, '--delay', '1h', 'later');
    const { code, stderr } = await place.dq(['kick', receipt]);
    expect(code).toBe(1);
    expect(stderr).toContain('not buried');
    expect(await place.counts(tube)).toEqual(place.each(only({ delayed: 1 })));
  });

  it.each([
    ['0', ['0'], 'from 1|at least 1'],
    ['-1', ['--', '-1'], 'at least 1'],
    ['a count and all', ['2', '--all'], '--all'],
    ['a receipt and all', ['embedded/x/1', '--all', '--yes'], 'selection'],
    ['no receipt', ['x'], 'receipt'],
    ['two counts', ['1', '2'], 'one number or receipts: what is "1"'],
    ['a receipt and a state', ['embedded/x/1', '--state', 'dead'], 'selection'],
    ['no such state', ['--state', 'bured'], 'buried'],
    ['many, asking nobody', ['--all'], '--yes'],
  ])('refuses %s: exit 2', async (_name, words, said) => {
    const { code, stderr } = await place.dq(['kick', ...words]);
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(said));
  });
});

describe('a dead job with a replica on a node that is down', () => {
  it('is kicked, succeeds, and doesn’t run again when the node is back', async () => {
    const cluster = await clusterOf(3, { kept: true });
    const tube = cluster.tube();
    await bury(cluster, tube, 'job');
    const [, down] = cluster.nodes;
    await down?.kill();
    const { code, stderr } = await cluster.dq(['-t', tube, 'kick']);
    expect(code).toBe(0);
    expect(stderr).toContain(
      `${down?.endpoint ?? ''} can't be asked: what is buried there stays so`,
    );
    expect(await work(cluster, tube)).toEqual(['job']);

    await down?.start();
    expect(await work(cluster, tube)).toEqual([]);
    expect(await counted(cluster, tube)).toEqual([1]);
    const again = await cluster.dq(['--json', '-t', tube, 'kick', '--all', '--yes']);
    expect(jsonLines(again.stdout)).toMatchObject([{ result: 'done' }]);
    expect(await counted(cluster, tube)).toEqual([]);
    expect(await work(cluster, tube)).toEqual([]);
  });

  it('may be kicked by its receipt', async () => {
    const cluster = await clusterOf(3, { kept: true });
    const tube = cluster.tube();
    const [put] = await bury(cluster, tube, 'job');
    const [down] = cluster.nodes;
    await down?.kill();
    const { code, stderr } = await cluster.dq(['kick', put?.receipt ?? '']);
    expect(code).toBe(0);
    expect(lines(stderr)).toEqual([
      `kicked ${put?.receipt ?? ''}; on ${down?.endpoint ?? ''} it stays as it is`,
    ]);
    expect(await work(cluster, tube)).toEqual(['job']);
    await down?.start();
    expect(await work(cluster, tube)).toEqual([]);
  });
});

it('kicks nothing while the ledger is away: exit 75', async () => {
  const cluster = await clusterOf(2);
  const tube = cluster.tube();
  const [put] = await bury(cluster, tube, 'job');
  await cluster.redis.kill();
  for (const words of [['kick'], ['kick', put?.receipt ?? '']]) {
    expect((await cluster.dq(['-t', tube, ...words])).code).toBe(75);
  }
  expect(await cluster.counts(tube)).toEqual(cluster.each(only({ buried: 1 })));
});

it('deletes what was buried of a job that was deleted', async () => {
  const cluster = await clusterOf(2, { kept: true });
  const tube = cluster.tube();
  const [put] = await bury(cluster, tube, 'job');
  const [down] = cluster.nodes;
  await down?.kill();
  // The other replica is not enough to name the job by
  await cluster.dq(['-t', tube, 'delete', '--all', '--yes']);
  await down?.start();
  const { code, stdout } = await cluster.dq(['--json', '-t', tube, 'kick']);
  expect(code).toBe(0);
  expect(jsonLines(stdout)).toMatchObject([{ key: put?.key, result: 'deleted' }]);
  expect(await work(cluster, tube)).toEqual([]);
  expect(await counted(cluster, tube)).toEqual([]);
});

function only(some: object): object {
  return { ready: 0, delayed: 0, reserved: 0, buried: 0, ...some };
}

/** How many replicas are left on the nodes that have any. */
async function counted(place: Place, tube: string): Promise<number[]> {
  const counts = await place.counts(tube);
  const totals = counts.map(({ ready, delayed, reserved, buried }) => {
    return ready + delayed + reserved + buried;
  });
  return totals.filter((total) => total > 0);
}
