// What a start of dq costs, as a multiple of `node -e 0`.
//
// A round runs each command once, in turn, and a ratio is the median of those of the rounds: what else the machine does
// slows down neighbours alike.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dq } from './lab.js';
import { quantile, row } from './row.js';

const warmUps = 3;
const rounds = 60;
const put = ['put', '--delay', '5s', 'hi'];

export async function startup(lab) {
  const commands = lab.path('commands');
  mkdirSync(commands);
  return lab.onCluster(3, async (cluster) => {
    const [base, ...others] = measure(commandsIn(commands, cluster), commands);
    for (const { ready, delayed } of await cluster.counts()) {
      if (ready + delayed !== warmUps + rounds)
        throw new Error(`${ready + delayed} jobs in a node`);
    }
    return [base, ...others].map((command) => rowOf(command, base));
  });
}

/** The first is what the others are compared with. */
function commandsIn(folder, { options }) {
  const cluster = `${folder}/cluster.yaml`;
  const embedded = `${folder}/embedded.yaml`;
  const nodes = options.nodes.map((node) => `  - ${node}\n`).join('');
  writeFileSync(cluster, `nodes:\n${nodes}redis: ${options.redis}\n`);
  writeFileSync(embedded, 'nodes: embedded\n');
  const dqRow = (name, words, prints, most) => ({ name, words: [dq, ...words], prints, most });
  const receipt = /^(127\.0\.0\.1:\d+\/default\/\d+(,|\n)){3}$/;
  return [
    { name: 'node -e 0', words: ['-e', '0'], prints: /^$/ },
    dqRow('dq put, YAML, 3 nodes', ['-c', cluster, ...put], receipt, 1.5),
    dqRow('dq put, YAML, embedded', ['-c', embedded, ...put], /^embedded\/default\/\d+\n$/, 1.6),
    dqRow('dq --help', ['--help'], /^Usage: dq/, 1.4),
    dqRow('dq --version', ['--version'], /^\d+\.\d+\.\d+\n$/, 1.4),
  ];
}

/** Each command with its times, in ms. */
function measure(commands, folder) {
  const times = commands.map(() => []);
  const env = environmentIn(folder);
  for (let round = -warmUps; round < rounds; round++) {
    commands.forEach(({ name, words, prints }, at) => {
      const start = performance.now();
      const { status, stdout, stderr } = spawnSync(process.execPath, words, { env, cwd: folder });
      const took = performance.now() - start;
      if (status !== 0 || !prints.test(stdout)) throw new Error(`${name}: ${stderr}${stdout}`);
      if (round >= 0) times[at].push(took);
    });
  }
  return commands.map((command, at) => ({ ...command, times: times[at] }));
}

/** Nothing else is passed on: NODE_EXTRA_CA_CERTS alone would double the start of Node. */
function environmentIn(folder) {
  const state = `${folder}/state`;
  mkdirSync(state);
  return { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', STATE_DIRECTORY: state };
}

/** Of sixty rounds the quartiles say more than the extremes. */
function rowOf({ name, times, most }, base) {
  const ratios = times.map((time, round) => time / base.times[round]);
  const against = most === undefined ? {} : { ratios, of: base.name, most };
  return {
    ...row(name, 'ms', times, against),
    spread: [0.25, 0.75].map((share) => quantile(times, share)),
  };
}
