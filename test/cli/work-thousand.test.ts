// A thousand jobs on three nodes, two workers: each runs once, none early, and nothing is left behind.

import { expect, it } from 'vitest';
import { clusterOf } from '../support/cluster.ts';
import { early, names, noteRun, payloads, runsOf } from '../support/runs.ts';
import { patient, until } from '../support/wait.ts';

it('runs 1,000 jobs once each', async () => {
  const cluster = await clusterOf(3);
  const words = ['work', '-j', '8', '--', noteRun];
  const workers = [cluster.startDq(words), cluster.startDq(words)];
  const [now, later] = [names(500, 'now'), names(500, 'later')];
  const put = (options: string[], records: string[]) =>
    cluster.dq(['put', '--lines', ...options], { stdin: records.join('\n') });
  const puts = await Promise.all([put([], now), put(['--delay', '2.5s'], later)]);
  expect(puts.map(({ code }) => code)).toEqual([0, 0]);

  await until('all have run', () => runsOf(cluster).length >= 1_000, patient);
  const nothing = { ready: 0, reserved: 0, delayed: 0, buried: 0 };
  await until('nothing is left', async () =>
    (await cluster.counts('default')).every(
      (counts) => JSON.stringify(counts) === JSON.stringify(nothing),
    ),
  );
  for (const worker of workers) worker.kill('SIGTERM');
  const ended = await Promise.all(workers.map((worker) => worker.ended));
  expect(ended.map(({ code }) => code)).toEqual([0, 0]);

  const runs = runsOf(cluster);
  expect(payloads(runs)).toEqual([...later, ...now]);
  expect(early(runs)).toEqual([]);
  expect(runs.every(({ attempt }) => attempt === 1)).toBe(true);
}, 120_000);
