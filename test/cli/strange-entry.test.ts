// An entry in Redis that this dq can't read: it concerns its own job, and all others are shown and changed.

import { beforeAll, beforeEach, expect, it } from 'vitest';
import { jsonLines, lines } from '../support/cli.ts';
import { clusterOf, type Cluster } from '../support/cluster.ts';
import type { Put } from '../support/place.ts';

const says = /^dq: redis \S+: written by another version of dq: \S+/;

let cluster: Cluster;
let tube: string;
let dead: Put;
let strange: Put;
let waiting: Put;

beforeAll(async () => {
  cluster = await clusterOf(3);
});

beforeEach(async () => {
  tube = cluster.tube();
  dead = await cluster.put('-t', tube, 'dead');
  await cluster.dq(['work', '-t', tube, '--drain', '--', 'sh', '-c', 'exit 65']);
  strange = await cluster.put('-t', tube, '--delay', '1h', 'strange');
  waiting = await cluster.put('-t', tube, '--delay', '1h', 'waiting');
  await cluster.openRedis().set(`dq:${tube}:${strange.key}`, 'dq2 whatever');
});

function resultsIn(stdout: string): object {
  const results = new Map(jsonLines(stdout).map(({ key, result }) => [String(key), result]));
  return Object.fromEntries(results);
}

it('list shows it with the state of its replicas, and says so once', async () => {
  const { code, stdout, stderr } = await cluster.dq(['list', '--json', '-t', tube]);
  const error: unknown = expect.stringMatching(/another version of dq/);
  expect(jsonLines(stdout)).toMatchObject([
    { key: waiting.key, state: 'delayed', ledger: null },
    { key: strange.key, state: 'delayed', attempt: null, ledger: { state: 'unknown', error } },
    { key: dead.key, state: 'dead', ledger: { state: 'dead' } },
  ]);
  const [remark, ...more] = jsonLines(stderr);
  expect([code, remark?.['level'], more]).toEqual([0, 'warn', []]);
  const buried = await cluster.dq(['list', '-t', tube, '--state', 'buried']);
  expect([buried.code, lines(buried.stdout).length]).toEqual([0, 1]);
  expect(lines(buried.stderr)).toEqual([expect.stringMatching(says)]);
});

it('peek shows the others', async () => {
  const { code, stdout } = await cluster.dq(['peek', '--json', '-t', tube]);
  expect(code).toBe(0);
  expect(jsonLines(stdout)).toMatchObject([
    { key: strange.key, ledger: { state: 'unknown' } },
    { key: dead.key, ledger: { state: 'dead' } },
  ]);
});

it('delete of all leaves it, and deletes the others', async () => {
  const { code, stdout } = await cluster.dq(['delete', '-y', '--json', '--all', '-t', tube]);
  expect(code).toBe(75);
  expect(resultsIn(stdout)).toEqual({
    [dead.key]: 'deleted',
    [strange.key]: 'unreadable',
    [waiting.key]: 'deleted',
  });
  const again = await cluster.dq(['delete', '-y', '--all', '-t', tube]);
  const summary = `deleted 0 jobs of tube ${tube}; 1 unreadable in the ledger, left`;
  expect([again.code, lines(again.stderr)]).toEqual([75, [summary]]);
});

it('delete of named ones deletes the others', async () => {
  const receipts = [strange.receipt, waiting.receipt];
  const { code, stderr } = await cluster.dq(['delete', '-t', tube, ...receipts]);
  expect(code).toBe(75);
  expect(lines(stderr)).toEqual([
    expect.stringContaining(`${strange.receipt}: redis`),
    `deleted ${waiting.receipt}`,
  ]);
});

it('kick kicks the others', async () => {
  const { code, stderr } = await cluster.dq(['kick', '-y', '--all', '-t', tube]);
  expect([code, lines(stderr)]).toEqual([0, [`kicked 1 job of tube ${tube}`]]);
});

it('repair repairs the others', async () => {
  const [node] = cluster.nodes;
  await node!.kill();
  await node!.start();
  const words = ['repair', '-t', tube, '--older-than', '0s'];
  const { code, stdout } = await cluster.dq([...words, '--json']);
  expect(code).toBe(75);
  expect(resultsIn(stdout)).toEqual({
    [strange.key]: 'unreadable',
    [waiting.key]: 'repaired',
  });
  const [remark, summary] = lines((await cluster.dq(words)).stderr);
  expect(remark).toMatch(says);
  expect(summary).toContain('; 1 can not be read in the ledger');
});
