// What `dq list` costs: `node bench/list.js [JOBS]`, after `npm run build`.
//
// 100,000 jobs on 3 nodes, listed whole by a process of its own, against the least that any client must do: peek and
// stats-job of every id, pipelined on plain sockets, the replies only counted. Both in turns, in one run.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sealEnvelope } from '../dist/core/envelope.js';
import { BeanstalkdNode } from '../dist/queue/beanstalkd.js';

const jobs = Number(process.argv[2] ?? 100_000);
const rounds = 5;
const inFlight = 1_024;
const binary = fileURLToPath(new URL('../bin/dq.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'dq-bench-'));
const servers = [];

try {
  const ports = [await start('beanstalkd'), await start('beanstalkd'), await start('beanstalkd')];
  const redis = await start('redis-server');
  const nodes = ports.map((port) => `127.0.0.1:${port}`);
  writeFileSync(
    join(folder, '.dqrc.yaml'),
    `nodes: [${nodes.join(', ')}]\nredis: redis://127.0.0.1:${redis}\n`,
  );
  await Promise.all(nodes.map(fill));
  const times = { oneByOne: [], atOnce: [], list: [] };
  for (let round = 0; round < rounds; round++) {
    times.oneByOne.push(await timed(() => scanOneByOne(ports)));
    times.atOnce.push(await timed(() => Promise.all(ports.map(scan))));
    times.list.push(await timed(list));
  }
  report(times);
} finally {
  for (const server of servers) server.kill();
  rmSync(folder, { recursive: true, force: true });
}

async function start(command) {
  const port = await freePort();
  const words =
    command === 'beanstalkd'
      ? ['-l', '127.0.0.1', '-p', port]
      : ['--port', port, '--save', '', '--dir', folder];
  servers.push(spawn(command, words.map(String), { stdio: 'ignore' }));
  while (!(await answers(port)));
  return port;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(port) {
  const socket = connect(port, '127.0.0.1');
  const answer = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return answer;
}

async function fill(endpoint) {
  const node = new BeanstalkdNode({ endpoint, tube: 'default' });
  for (let from = 0; from < jobs; from += inFlight) {
    const some = Array.from({ length: Math.min(inFlight, jobs - from) }, (_, at) =>
      node.put(envelope(from + at), { delay: 0, priority: 1024, ttr: 60 }),
    );
    await Promise.all(some);
  }
  node.close();
}

/** 64 bytes, as many as the other figures are about. */
function envelope(number) {
  const dueNs = 1_767_225_600_000_000_000n + BigInt(number) * 1_000_003n;
  return sealEnvelope({ dueNs, payload: Buffer.from(String(number).padEnd(44, '.')) });
}

async function scanOneByOne(ports) {
  for (const port of ports) await scan(port);
}

async function scan(port) {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  const wanted = 2 * jobs;
  let [sent, answered, rest] = [0, 0, Buffer.alloc(0)];
  const ask = () => {
    let text = '';
    for (; sent < wanted && sent - answered < inFlight; sent++) {
      text += `${sent % 2 === 0 ? 'peek' : 'stats-job'} ${1 + (sent >> 1)}\r\n`;
    }
    if (text !== '') socket.write(text, 'latin1');
  };
  ask();
  for await (const chunk of socket) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (let end = replyEnd(bytes, at); end !== undefined; end = replyEnd(bytes, at)) {
      at = end;
      answered += 1;
    }
    rest = bytes.subarray(at);
    if (answered === wanted) break;
    ask();
  }
}

/** Each reply has a body, whose length ends its line. */
function replyEnd(bytes, from) {
  const lineEnd = bytes.indexOf('\r\n', from);
  if (lineEnd === -1) return undefined;
  const line = bytes.latin1Slice(from, lineEnd);
  const end = lineEnd + 2 + Number(line.slice(line.lastIndexOf(' '))) + 2;
  return end <= bytes.length ? end : undefined;
}

async function list() {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const stdio = ['ignore', 'pipe', 'inherit'];
  const child = spawn(process.execPath, [binary, 'list'], { cwd: folder, env, stdio });
  let lines = 0;
  child.stdout.on('data', (chunk) => {
    for (const byte of chunk) if (byte === 10) lines += 1;
  });
  await once(child, 'close');
  if (lines !== jobs) throw new Error(`${lines} lines instead of ${jobs}`);
}

async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function report(times) {
  const median = (all) => all.toSorted((a, b) => a - b)[rounds >> 1];
  const listed = median(times.list);
  const against = (name) => `${(median(times[name]) / listed).toFixed(2)} of its speed`;
  console.log(`dq list of ${jobs} jobs on 3 nodes: ${(listed / 1_000).toFixed(2)} s`);
  console.log(`bare scan, one node after the other: ${against('oneByOne')}`);
  console.log(`bare scan, all nodes at once: ${against('atOnce')}`);
}
