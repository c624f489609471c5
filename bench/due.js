// How exactly a job is held to its instant: from the due instant to the worker's call of spawn, nothing else going on.

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Producer } from '../dist/index.js';
import { dq, lineOf } from './lab.js';
import { goQueue } from './recorded.js';
import { quantile, row } from './row.js';

const jobs = 300;
/** When the first is due, and within how long all are, in ms. */
const first = 2_000;
const period = 15_000;
const nsPerMs = 1_000_000;

const hook = fileURLToPath(new URL('spawn-times.cjs', import.meta.url));

export async function due(lab) {
  const late = await lab.onCluster(3, (cluster) => lateness(lab, cluster));
  const quantileRow = (name, share, most) => {
    const spread = [quantile(late, 0), quantile(late, 1)];
    return {
      ...row(`handler start after due, ${name}`, 'ms', [quantile(late, share)], most),
      spread,
    };
  };
  return [
    quantileRow('earliest', 0, { least: 0 }),
    quantileRow('p50', 0.5, { most: 1.5 }),
    quantileRow('p99', 0.99, { most: 10 }),
    goQueue.due,
  ];
}

/** Of each job, in ms. */
async function lateness(lab, cluster) {
  const file = lab.path('spawns');
  const words = ['--require', hook, dq, '-q', 'work', '-j', '4', '--', '/bin/true'];
  const worker = lab.start(words, {
    ...{ env: { ...cluster.env, BENCH_SPAWNS: file }, stdio: ['ignore', 'inherit', 'inherit'] },
  });
  const dueMs = await putAll(cluster);
  await cluster.emptied();
  worker.kill('SIGTERM');
  await once(worker, 'exit');
  const spawns = JSON.parse(lab.read('spawns'));
  const started = new Map(spawns);
  if (spawns.length !== jobs || started.size !== jobs) {
    throw new Error(`${spawns.length} runs of ${started.size} jobs, not one of each of ${jobs}`);
  }
  return [...dueMs].map(([payload, instant]) => started.get(payload) - instant);
}

/** Payload → its due instant. */
async function putAll(cluster) {
  const producer = new Producer(cluster.options);
  const start = Date.now() + first;
  const dueMs = new Map();
  for (let at = 0; at < jobs; at++) dueMs.set(lineOf(at), start + Math.random() * period);
  await Promise.all(
    [...dueMs].map(([payload, instant]) =>
      producer.at(payload, BigInt(Math.floor(instant * nsPerMs))),
    ),
  );
  await producer.close();
  return dueMs;
}
