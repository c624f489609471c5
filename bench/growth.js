// Cost grows with the work, not with the past: with 1,000,000 delayed jobs pending; on 1, 3 and 9 nodes; by 1 to 16 workers.

import { readFileSync } from 'node:fs';
import { consumeAll } from './consumers.js';
import { inTurn, noCompiler } from './lab.js';
import { missing, row } from './row.js';

const rounds = 3;
const pending = 1_000_000;
/** In seconds: none of them is ready while this runs. */
const far = 86_400;
const jobs = 20_000;

export async function growth(lab) {
  return [...(await past(lab)), ...(await sizes(lab)), ...(await crowds(lab))];
}

async function past(lab) {
  if (lab.pipe === undefined) return [missing('with 1,000,000 delayed jobs pending', noCompiler)];
  return lab.onCluster(3, (fresh) =>
    lab.onCluster(3, async (full) => {
      const before = megabytesOf(full);
      await lab.fill(full, pending, far);
      const grown = megabytesOf(full) - before;
      const measured = await inTurn(rounds, async () => ({
        without: await putAndConsume(lab, fresh, 0),
        with: await putAndConsume(lab, full, pending),
      }));
      const rowOf = (name, unit, figure) =>
        row(
          `with 1,000,000 delayed jobs: ${name}`,
          unit,
          measured.map((each) => each.with[figure]),
          {
            ratios: measured.map((each) => each.with[figure] / each.without[figure]),
            of: 'without them',
          },
        );
      return [
        rowOf('put --lines, 3 replicas', 'jobs/s', 'put'),
        rowOf('Consumer, 3 replicas', 'jobs/s', 'consumed'),
        rowOf('memory of that process', 'MB', 'megabytes'),
        row('memory of a node for each of them', 'bytes', [(grown * 2 ** 20) / pending]),
      ];
    }),
  );
}

async function sizes(lab) {
  const measured = await inTurn(2, async () => {
    const bySize = new Map();
    for (const size of [1, 3, 9]) {
      bySize.set(size, await lab.onCluster(size, (cluster) => putAndConsume(lab, cluster, 0)));
    }
    return bySize;
  });
  return [1, 3, 9].flatMap((size) => {
    const figures = (name) => measured.map((bySize) => bySize.get(size)[name]);
    const nodes = `${size} node${size === 1 ? '' : 's'}`;
    return [
      row(`${nodes}: put --lines`, 'jobs/s', figures('put')),
      row(`${nodes}: Consumer`, 'jobs/s', figures('consumed')),
    ];
  });
}

async function crowds(lab) {
  const measured = await inTurn(2, async () => {
    const byCrowd = new Map();
    for (const workers of [1, 4, 16]) {
      const { speed } = await lab.onCluster(3, async (cluster) => {
        await lab.fill(cluster, jobs);
        return consumeAll(lab, cluster, { jobs, workers, concurrency: 16 });
      });
      byCrowd.set(workers, speed);
    }
    return byCrowd;
  });
  return [1, 4, 16].map((workers) =>
    row(
      `${workers} worker${workers === 1 ? '' : 's'}: Consumer, 3 replicas`,
      'jobs/s',
      measured.map((byCrowd) => byCrowd.get(workers)),
    ),
  );
}

/** dq puts what it then runs. @param delayed how many jobs of each node must stay as they are. */
async function putAndConsume(lab, cluster, delayed) {
  const seconds = await lab.dq(cluster, ['put', '--lines'], lab.lines(jobs));
  const { speed, megabytes } = await consumeAll(lab, cluster, { jobs, delayed });
  return { put: jobs / seconds, consumed: speed, megabytes };
}

function megabytesOf({ pids: [pid] }) {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(kilobytes) / 1_024;
}
