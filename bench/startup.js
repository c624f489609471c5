// What a start of dq costs, as a multiple of `node -e 0`: `node bench/startup.js [ROUNDS]`, after `npm run build`.
//
// Starts its own servers. A round runs each command once, in turn, and a ratio is the median of those of the rounds:
// what else the machine does slows down neighbours alike.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const binary = fileURLToPath(new URL('../bin/dq.js', import.meta.url));
const warmUps = 3;
const nodeCount = 3;

/** A target missed by more than that counts as missed. */
const tolerance = 1.15;

const put = ['put', '--delay', '5s', 'hi'];

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {number} median in `unit`
 * @property {readonly [number, number]} spread the lower and the upper quartile, in `unit`
 * @property {'ms'} unit
 * @property {number} ratio to `node -e 0`
 * @property {number | undefined} target the largest ratio that is wanted
 * @property {boolean} ok
 */

/** @returns {Promise<Row[]>} */
export async function startup({ rounds = 60 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'dq-bench-'));
  const servers = [];
  try {
    for (let at = 0; at < nodeCount; at++) servers.push(await startBeanstalkd());
    const commands = commandsIn(folder, servers);
    const times = measure(commands, rounds, folder);
    await assertStored(servers, rounds + warmUps);
    return commands.map((command, at) => rowOf(command, times[at], times[0]));
  } finally {
    for (const { child } of servers) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

/** The first is what the others are compared with. */
function commandsIn(folder, servers) {
  const cluster = join(folder, 'cluster.yaml');
  const embedded = join(folder, 'embedded.yaml');
  const nodes = servers.map(({ port }) => `  - 127.0.0.1:${port}\n`).join('');
  writeFileSync(cluster, `nodes:\n${nodes}redis: redis://127.0.0.1:6379\ntube: bench\n`);
  writeFileSync(embedded, 'nodes: embedded\n');
  const receipt = /^(127\.0\.0\.1:\d+\/bench\/\d+(,|\n)){3}$/;
  return [
    { name: 'node -e 0', words: ['-e', '0'], prints: /^$/ },
    {
      name: 'dq put, YAML, 3 nodes',
      words: [binary, '-c', cluster, ...put],
      prints: receipt,
      target: 1.5,
    },
    {
      name: 'dq put, YAML, embedded',
      words: [binary, '-c', embedded, ...put],
      prints: /^embedded\/default\/\d+\n$/,
      target: 1.6,
    },
    { name: 'dq --help', words: [binary, '--help'], prints: /^Usage: dq/, target: 1.4 },
    {
      name: 'dq --version',
      words: [binary, '--version'],
      prints: /^\d+\.\d+\.\d+\n$/,
      target: 1.4,
    },
  ];
}

/** For each command its times, in ms. */
function measure(commands, rounds, folder) {
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
  return times;
}

/** Nothing else is passed on: NODE_EXTRA_CA_CERTS alone would double the start of Node. */
function environmentIn(folder) {
  const state = join(folder, 'state');
  mkdirSync(state);
  return { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', STATE_DIRECTORY: state };
}

function rowOf({ name, target }, times, base) {
  const ratio = quantile(
    times.map((time, round) => time / base[round]),
    0.5,
  );
  return {
    name,
    median: quantile(times, 0.5),
    spread: [quantile(times, 0.25), quantile(times, 0.75)],
    unit: 'ms',
    ratio,
    target,
    ok: target === undefined || ratio <= target * tolerance,
  };
}

function quantile(values, part) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) * part)];
}

async function startBeanstalkd() {
  const port = await freePort();
  const child = spawn('beanstalkd', ['-l', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  await once(child, 'spawn');
  for (;;) {
    if (child.exitCode !== null) throw new Error(`beanstalkd ended with ${child.exitCode}`);
    const answer = await ask(port, 'list-tube-used\r\n').catch(() => '');
    if (answer.startsWith('USING')) return { port, child };
    await sleep(5);
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function ask(port, command) {
  const socket = connect(port, '127.0.0.1');
  socket.write(command);
  const [bytes] = await once(socket, 'data');
  socket.destroy();
  return bytes.toString('latin1');
}

/** Each node has each job, in its tube, with nothing else. */
async function assertStored(servers, count) {
  for (const { port } of servers) {
    const stats = await ask(port, 'stats-tube bench\r\n');
    if (!stats.includes(`\ntotal-jobs: ${count}\n`)) throw new Error(`not ${count} jobs: ${stats}`);
    const all = await ask(port, 'stats\r\n');
    if (!all.includes(`\ntotal-jobs: ${count}\n`)) throw new Error(`jobs in another tube: ${all}`);
  }
}

function tableOf(rows) {
  const lines = rows.map(({ name, median, spread, ratio, target, ok }) => [
    name,
    `${median.toFixed(1)} ms`,
    spread.map((ms) => ms.toFixed(1)).join('–'),
    `${ratio.toFixed(2)} ×`,
    target === undefined ? '' : `≤ ${target} ×${ok ? '' : ', missed'}`,
  ]);
  const table = [['what', 'median', 'quartiles', 'ratio', 'target'], ...lines];
  const widths = table[0].map((_, at) => Math.max(...table.map((cells) => cells[at].length)));
  return table
    .map((cells) =>
      cells
        .map((cell, at) => cell.padEnd(widths[at]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows = await startup({ rounds: Number(process.argv[2] ?? 60) });
  console.log(tableOf(rows));
  process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;
}
