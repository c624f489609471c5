// The demo on a cluster: three beanstalkd nodes and a Redis, one node killed in the middle, each job run once.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './processes.js';
import requireServers from './require-servers.js';
import { dq, instantIn, runsIn, say, show } from './story.js';

const handler = `#!/bin/sh
echo "$(date +%T) $(cat)" | tee -a ran.txt
`;
const drinks = ['tea', 'coffee', 'water', 'juice', 'milk'];

/** @throws {Error} when anything isn't as the story says. */
export async function tell(processes) {
  requireServers();
  const { nodes, configuration } = await startCluster(processes);
  const write = (name, text, mode) => writeFileSync(join(processes.folder, name), text, { mode });
  write('.dqrc.yaml', configuration);
  write('handler.sh', handler, 0o755);
  write('drinks.txt', `${drinks.join('\n')}\n`);

  say('Three beanstalkd nodes and a Redis run on this machine now. dq is told about them:');
  show('cat .dqrc.yaml', configuration);

  say('Jobs: now, after a delay, at an instant, many at once. Receipts say where the copies lie.');
  await dq(processes, "put 'now'");
  await dq(processes, "put --delay 2s 'after two seconds'");
  await dq(processes, `at ${instantIn(4)} 'at an instant'`);
  await dq(processes, 'put --lines --delay 3s < drinks.txt');

  say('A worker runs a command for each job. Soon after its start, a node is killed.');
  show('cat handler.sh', handler);
  const [, doomed] = nodes;
  await dq(processes, 'work --drain=10s -- ./handler.sh', {
    onFirstOutput: () => {
      doomed.process.kill('SIGKILL');
      show(`kill -9 ${doomed.process.pid}`, `(${doomed.endpoint} is gone)\n`);
    },
  });

  say('The node returns, with its copies of jobs that have run: a worker removes them.');
  await startNode(processes, doomed);
  await dq(processes, 'work -v --drain -- ./handler.sh');

  const expected = ['now', 'after two seconds', 'at an instant', ...drinks];
  expectOnce(expected, readFileSync(join(processes.folder, 'ran.txt'), 'utf8'));
  say(`Each of the ${expected.length} jobs ran once.`);
}

async function startCluster(processes) {
  const places = await Promise.all([1, 2, 3].map((name) => placeFor(processes, `node-${name}`)));
  const redis = await placeFor(processes, 'redis');
  const words = ['--port', `${redis.port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly'];
  const [, ...nodes] = await Promise.all([
    processes.startServer('redis-server', [...words, 'yes', '--dir', redis.folder], redis.port),
    ...places.map((place) => startNode(processes, place)),
  ]);
  const endpoints = nodes.map(({ endpoint }) => `  - ${endpoint}\n`).join('');
  return { nodes, configuration: `nodes:\n${endpoints}redis: redis://${redis.endpoint}\n` };
}

async function placeFor(processes, name) {
  const folder = join(processes.folder, name);
  mkdirSync(folder);
  const port = await freePort();
  return { folder, port, endpoint: `127.0.0.1:${port}` };
}

/** Its jobs survive it, in its folder. */
async function startNode(processes, { folder, port, endpoint }) {
  const words = ['-l', '127.0.0.1', '-p', `${port}`, '-b', folder, '-f0'];
  return {
    folder,
    port,
    endpoint,
    process: await processes.startServer('beanstalkd', words, port),
  };
}

function expectOnce(expected, ran) {
  const payloads = runsIn(ran);
  const differing = expected.filter((each) => payloads.filter((one) => one === each).length !== 1);
  if (differing.length === 0 && payloads.length === expected.length) return;
  throw new Error(`not every job ran once: ${differing.join(', ') || payloads.join(', ')}`);
}
