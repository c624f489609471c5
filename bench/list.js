// What `dq list` costs: 100,000 jobs on 3 nodes, listed whole, against the least that any client must do.

import { connect } from 'node:net';
import { inTurn } from './lab.js';
import { row } from './row.js';

const rounds = 5;
const jobs = 100_000;
const inFlight = 1_024;

export function list(lab) {
  return lab.onCluster(3, async (cluster) => {
    await lab.fill(cluster, jobs);
    const measured = await inTurn(rounds, async () => ({
      bare: await timed(() => Promise.all(cluster.ports.map(scan))),
      listed: await listed(lab, cluster),
    }));
    await cluster.expect(jobs);
    const speeds = measured.map((each) => jobs / each.listed);
    const ratios = measured.map(({ bare, listed: seconds }) => bare / seconds);
    const against = { ratios, of: 'a bare scan of all nodes at once', least: 0.7 };
    return [row('list: 100k jobs, 3 replicas', 'jobs/s', speeds, against)];
  });
}

async function listed(lab, cluster) {
  const seconds = await lab.dq(cluster, ['list']);
  const lines = lab.read('out').split('\n').length - 1;
  if (lines !== jobs) throw new Error(`${lines} lines instead of ${jobs}`);
  return seconds;
}

/** Peek and stats-job of every id, pipelined on a plain socket, the replies only counted. */
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

async function timed(work) {
  const since = performance.now();
  await work();
  return (performance.now() - since) / 1_000;
}
