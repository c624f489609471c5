// How soon a process that waits on the queue file has what another one puts: from the put, and from the moment that it is durable.
// `node bench/wake.js FOLDER` is the waiting process: it prints the time of each reservation.

import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openEmbedded } from '../dist/embedded/embedded.js';
import { putOne } from './put-one.js';
import { quantile, row } from './row.js';

const puts = 300;
const options = { delay: 0, priority: 1024, ttr: 60 };
const thisFile = fileURLToPath(import.meta.url);

if (process.argv[1] === thisFile) await reserveForEver(process.argv[2]);

export async function wake(lab) {
  const folder = lab.path('wake');
  mkdirSync(folder);
  const queue = await openEmbedded({ folder });
  const node = queue.node('default');
  const waiter = lab.start([thisFile, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: waiter.stdout })[Symbol.asyncIterator]();
  const [sincePut, sinceDurable] = [[], []];
  for (let at = 0; at < puts; at++) {
    await waiting(node);
    const before = wallMs();
    await putOne(node, Buffer.from(`1/${at}`), options);
    const durable = wallMs();
    const reserved = Number((await lines.next()).value);
    sincePut.push(reserved - before);
    sinceDurable.push(reserved - durable);
  }
  const gone = once(waiter, 'exit');
  waiter.kill();
  await gone;
  queue.close();
  return [
    rowOf('embedded: put → a waiting process has it', sincePut),
    rowOf('the same, from the moment it is durable', sinceDurable),
  ];
}

/** The median, and the first and last tenth for the spread. */
function rowOf(name, samples) {
  const spread = [quantile(samples, 0.1), quantile(samples, 0.9)];
  return { ...row(name, 'ms', samples), spread };
}

/** Idle, as a worker is most of the time. */
async function waiting(node) {
  for (;;) {
    await sleep(10);
    const counts = await node.counts();
    if (counts.waiting > 0 && counts.reserved === 0) return;
  }
}

async function reserveForEver(folder) {
  const node = (await openEmbedded({ folder })).node('default');
  for (;;) {
    const replica = await node.reserve(60);
    if (replica === undefined) continue;
    process.stdout.write(`${wallMs()}\n`);
    await replica.delete();
  }
}

/** The same clock in both processes. */
function wallMs() {
  return performance.timeOrigin + performance.now();
}
