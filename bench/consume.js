// Due jobs through `Consumer` with an empty function, 3 replicas, Redis: each job claimed, run, written down, deleted.

import { consumeAll } from './consumers.js';
import { inTurn, noCompiler } from './lab.js';
import { goQueue } from './recorded.js';
import { missing, row } from './row.js';

const rounds = 3;
/** Several seconds: in the first one V8 compiles, beside the work. The C client has to be kept busy for as long. */
const jobs = 150_000;
/** Four times that of the other benches: an empty function is all waiting for the nodes and the ledger. */
const concurrency = 256;

export async function consume(lab) {
  const measured = await inTurn(rounds, () => round(lab));
  const speeds = measured.map(({ speed }) => speed);
  const against = lab.pipe && {
    ratios: measured.map(({ speed, copies }) => speed / goQueue.consumedHere(copies)),
    of: 'go-queue, scaled',
    least: 4,
  };
  return [
    row(`Consumer, empty function, ${concurrency} at once, 3 replicas`, 'jobs/s', speeds, against),
    ...(lab.pipe === undefined
      ? [missing('C client, reserve and delete', noCompiler)]
      : [
          row(
            'C client, reserve and delete, 3 nodes',
            'copies/s',
            measured.map(({ drained }) => drained),
          ),
        ]),
    goQueue.consume,
  ];
}

async function round(lab) {
  const copies = await copiesOfC(lab);
  const { speed } = await lab.onCluster(3, async (cluster) => {
    await lab.fill(cluster, jobs);
    return consumeAll(lab, cluster, { jobs, concurrency });
  });
  return { speed, ...copies };
}

/** Copies/s of the C client on three nodes, put and drained: how fast this machine is just now. */
async function copiesOfC(lab) {
  if (lab.pipe === undefined) return {};
  return lab.onCluster(3, async (cluster) => {
    const put = await lab.pipePut(cluster, jobs);
    const drain = await lab.pipeDrain(cluster);
    await cluster.expect(0);
    return { copies: (3 * jobs) / put, drained: (3 * jobs) / drain };
  });
}
