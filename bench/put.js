// Bulk: `dq put --lines`, whole processes from 200,000 lines on stdin, beside the C client and those of npm.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inTurn, noCompiler } from './lab.js';
import { goQueue } from './recorded.js';
import { missing, row } from './row.js';

const rounds = 3;
const many = 200_000;

/** So many jobs that each takes about a second. */
const peers = new Map([
  ['fivebeans', 50_000],
  ['jackd', 50_000],
  ['node-beanstalk', 10_000],
]);

const here = fileURLToPath(new URL('.', import.meta.url));
const peer = fileURLToPath(new URL('peer.js', import.meta.url));

export async function put(lab) {
  const measured = await inTurn(rounds, () => round(lab));
  const samples = (name) => measured.map((speeds) => speeds[name]);
  const compared = (name, peer, target) => ({
    ...(lab.pipe && {
      ratios: measured.map((speeds) => speeds[name] / speeds[peer]),
      of: 'the C client',
    }),
    ...(lab.pipe && target),
  });
  const npm = await peerSpeeds(lab, samples('c1'));
  return [
    row('put --lines, 1 node', 'jobs/s', samples('dq1'), compared('dq1', 'c1', { least: 0.85 })),
    row(
      'put --lines, 3 replicas',
      'jobs/s',
      samples('dq3'),
      compared('dq3', 'c3', { least: 0.65 }),
    ),
    ...(lab.pipe === undefined
      ? [missing('C client', noCompiler)]
      : [
          row('C client, 1 node', 'jobs/s', samples('c1')),
          row('C client, 3 replicas', 'jobs/s', samples('c3')),
        ]),
    ...npm,
    goQueue.put,
  ];
}

/** jobs/s of each, in this round. */
async function round(lab) {
  const speeds = {};
  for (const size of [1, 3]) {
    const timed = (work) => speed(lab, size, many, work);
    speeds[`dq${size}`] = await timed((cluster) => dqPut(lab, cluster));
    if (lab.pipe) speeds[`c${size}`] = await timed((cluster) => lab.pipePut(cluster, many));
  }
  return speeds;
}

async function dqPut(lab, cluster) {
  const seconds = await lab.dq(cluster, ['put', '--lines'], lab.lines(many));
  const receipts = lab.read('out').split('\n').slice(0, -1);
  if (new Set(receipts).size !== many)
    throw new Error(`${receipts.length} receipts for ${many} jobs`);
  return seconds;
}

/** Every node has each job, and nothing else. */
function speed(lab, size, count, work) {
  return lab.onCluster(size, async (cluster) => {
    const seconds = await work(cluster);
    await cluster.expect(count);
    return count / seconds;
  });
}

async function peerSpeeds(lab, limits) {
  if (!existsSync(`${here}node_modules`)) {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      ...{ cwd: here, stdio: ['ignore', 'ignore', 'inherit'] },
    });
  }
  const rows = [];
  for (const [name, count] of peers) {
    const samples = await inTurn(rounds, () =>
      speed(lab, 1, count, ({ ports }) =>
        lab.time(process.execPath, [peer, name, ...ports], { stdin: lab.lines(count) }),
      ),
    );
    const ratios = lab.pipe && samples.map((sample, at) => sample / limits[at]);
    rows.push(row(`${name}, 1 node`, 'jobs/s', samples, { ratios, of: 'the C client' }));
  }
  return rows;
}
