// dq among hostile nodes, as a user runs it: it ends in time, says which node it was, and stays small.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { clusterOf, configOf, type Cluster } from '../support/cluster.ts';
import { obliging, startFakeNode, type FakeNode, type Script } from '../support/fake-node.ts';
import { evils, onCommand, pouring } from '../support/hostile.ts';
import { names, noteRun, payloads, runsOf } from '../support/runs.ts';
import { until } from '../support/wait.ts';

const kinds = [
  '"EXPECTED_CRLF\\r\\n"',
  '"OK 1000000000000\\r\\n"',
  '8-bit control characters',
  'a line that never ends',
  'a body byte by byte, for ever',
  'silence',
  'a close',
];
const chosen = evils.filter(({ name }) => kinds.includes(name));

/** One real node, and others with these scripts. */
async function clusterAmong(
  scripts: readonly Script[],
): Promise<{ cluster: Cluster; fakes: FakeNode[] }> {
  const fakes = await Promise.all(scripts.map((script) => startFakeNode(obliging(script))));
  const cluster = await clusterOf(1);
  const endpoints = [...fakes, ...cluster.nodes].map(({ endpoint }) => endpoint);
  cluster.write('.dqrc.yaml', `${configOf(endpoints, cluster.redis.endpoint)}replicas: 3\n`);
  return { cluster, fakes };
}

describe.concurrent('put', () => {
  it.each(chosen)('two nodes of three answer with $name', async ({ answer }) => {
    const evil = onCommand('put', answer);
    const { cluster, fakes } = await clusterAmong([evil, evil]);
    const { code, stdout, stderr } = await cluster.dq(['put', 'hello']);
    expect([code, stdout]).toEqual([75, '']);
    for (const { endpoint } of fakes) expect(stderr).toContain(endpoint);
    expect(stderr).toMatch(/^dq: .*\n {4}.*\n$/);
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect((await cluster.counts('default')).map(({ ready }) => ready)).toEqual([0]);
  });
});

describe.concurrent('work', () => {
  it('stays small while nodes pour without end', async () => {
    const flood = 'x'.repeat(64 * 1_024);
    const { cluster, fakes } = await clusterAmong(
      ['', 'OK 1000000000\r\n', 'RESERVED 1 1000000000000\r\n', 'TIMED_OUT\r\n'].map((first) =>
        onCommand('reserve-with-timeout', pouring(first, flood)),
      ),
    );
    const records = names(50, 'job');
    const [good] = cluster.nodes;
    await cluster.dq(['put', '--lines'], {
      stdin: records.join('\n'),
      env: { DQ_NODES: good!.endpoint },
    });
    const work = cluster.startDq(['work', '-j', '4', '--json', '--', noteRun]);
    for (const { endpoint } of fakes) await work.line(new RegExp(`node-down.*${endpoint}`));
    await until('the good jobs have run', () => runsOf(cluster).length >= records.length);
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(
      readFileSync(`/proc/${work.pid}/status`, 'latin1'),
    )?.[1];
    work.kill('SIGTERM');
    expect((await work.ended).code).toBe(0);
    expect(payloads(runsOf(cluster))).toEqual(records);
    expect(Number(peak)).toBeLessThan(160 * 1_024);
  });
});
