// Handlers: `dq work -j 4 -- /bin/true` beside a bare Node spawn loop and xargs, and `--batch 100 -- cat` beside that.

import { fileURLToPath } from 'node:url';
import { dq, inTurn } from './lab.js';
import { row } from './row.js';
import { expectEachDone } from './work-log.js';

const rounds = 3;
/** Enough for several seconds: in the first one V8 compiles. */
const jobs = 8_000;
const batched = 150_000;
const handlers = '4';
const loop = fileURLToPath(new URL('spawn-loop.js', import.meta.url));

export async function spawn(lab) {
  const measured = await inTurn(rounds, () => round(lab));
  const samples = (name) => measured.map((speeds) => speeds[name]);
  const ratios = (name, peer) => measured.map((speeds) => speeds[name] / speeds[peer]);
  return [
    row('work -j 4 -- /bin/true, 3 replicas', 'jobs/s', samples('work'), {
      ...{ ratios: ratios('work', 'node'), of: 'bare Node spawn loop', least: 0.85 },
    }),
    row('work --batch 100 -- cat, 3 replicas', 'jobs/s', samples('batch'), {
      ...{ ratios: ratios('batch', 'work'), of: 'the row above', least: 30 },
    }),
    row('bare Node spawn loop, stdin a pipe', 'runs/s', samples('node')),
    row('xargs -P 4 -n 1 /bin/true', 'runs/s', samples('xargs'), {
      ...{ ratios: ratios('xargs', 'node'), of: 'bare Node spawn loop' },
    }),
  ];
}

async function round(lab) {
  const stdin = lab.lines(jobs);
  await lab.time(process.execPath, [loop, handlers], { stdin });
  const node = jobs / Number(lab.read('out'));
  const xargs =
    jobs / (await lab.time('xargs', ['-P', handlers, '-n', '1', '/bin/true'], { stdin }));
  return {
    ...{ node, xargs },
    work: await worked(lab, jobs, ['-j', handlers, '--', '/bin/true']),
    batch: await worked(lab, batched, ['--batch', '100', '-j', handlers, '--', 'cat']),
  };
}

/** From the worker's own log: from its start to the last job's end, without the start of Node and the end of `--drain`. */
function worked(lab, count, words) {
  return lab.onCluster(3, async (cluster) => {
    await lab.fill(cluster, count);
    const log = [dq, 'work', '--drain', ...words];
    await lab.time(process.execPath, log, { env: cluster.env });
    await cluster.emptied();
    const { startedAt, lastDoneAt } = expectEachDone([lab.read('err')], count);
    return count / ((lastDoneAt - startedAt) / 1_000);
  });
}
