// How soon nothing is left in any node after the last success: 300 jobs, 3 replicas, two workers that both meet each job.

import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { dq, inTurn } from './lab.js';
import { row } from './row.js';
import { expectEachDone } from './work-log.js';

const rounds = 3;
const jobs = 300;
const logs = ['work-1', 'work-2'];

export async function leftovers(lab) {
  const seconds = await inTurn(rounds, () => lab.onCluster(3, (cluster) => round(lab, cluster)));
  return [row('last success → nothing left, 300 jobs, 2 workers', 's', seconds, { most: 2 })];
}

async function round(lab, cluster) {
  await lab.fill(cluster, jobs);
  const workers = logs.map((name) => startWorker(lab, cluster, name));
  await cluster.emptied();
  const emptiedAt = Date.now();
  await Promise.all(workers.map(end));
  const { lastDoneAt } = expectEachDone(
    logs.map((name) => lab.read(name)),
    jobs,
  );
  return (emptiedAt - lastDoneAt) / 1_000;
}

function startWorker(lab, cluster, name) {
  const log = openSync(lab.path(name), 'w');
  const options = { env: cluster.env, stdio: ['ignore', 'ignore', log] };
  const worker = lab.start([dq, 'work', '-j', '4', '--', '/bin/true'], options);
  closeSync(log);
  return worker;
}

async function end(worker) {
  const gone = once(worker, 'exit');
  worker.kill('SIGTERM');
  await gone;
}
