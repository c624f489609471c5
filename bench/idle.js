// What waiting costs: a worker on 3 nodes, one on the embedded queue, and a `dq cron run` of 1,000 entries, side by side.

import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { crontabOf } from './crontab.js';
import { dq } from './lab.js';
import { row } from './row.js';

/** V8 collects what the start has left about ten seconds after it, once: that isn't waiting. */
const settlingMs = 15_000;
const periodMs = 20_000;

export function idle(lab) {
  return lab.onCluster(3, async (cluster) => {
    const processes = new Map([
      ['idle worker, 3 nodes', start(lab, cluster.env, ['work', '--', 'true'])],
      ['idle worker, embedded', start(lab, embedded(lab, 'idle'), ['work', '--', 'true'])],
      ['idle cron run, 1,000 entries', startCron(lab)],
    ]);
    await sleep(settlingMs);
    const before = [...processes.values()].map(cpuMs);
    await sleep(periodMs);
    const used = [...processes.values()].map((child, at) => cpuMs(child) - before[at]);
    const rows = [...processes].flatMap(([name, child], at) => [
      row(name, '% of a core', [(used[at] / periodMs) * 100], at === 0 ? { most: 0.3 } : {}),
      row(`${name}, memory`, 'MB', [megabytes(child)], at === 0 ? { most: 60 } : {}),
    ]);
    await Promise.all([...processes.values()].map(end));
    return rows;
  });
}

function start(lab, env, words) {
  return lab.start([dq, '-q', ...words], { env, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Nothing falls due meanwhile: the ticks of its entries are hours away. */
function startCron(lab) {
  const soon = new Date(Date.now() + 6 * 3_600_000).getUTCHours();
  const file = lab.path('crontab');
  writeFileSync(
    file,
    crontabOf((n) => ({ when: `${n % 60} ${soon} * * ${(n % 3) + 1}`, zone: 'UTC' })),
  );
  return start(lab, embedded(lab, 'cron'), ['cron', 'run', file]);
}

function embedded(lab, name) {
  const state = lab.path(`state-${name}`);
  mkdirSync(state);
  const { PATH } = process.env;
  return { PATH, HOME: lab.folder, TZ: 'UTC', DQ_NODES: 'embedded', STATE_DIRECTORY: state };
}

/** What all its threads have run so far: the first number of the scheduler's accounts, in ns. */
function cpuMs({ pid }) {
  const threads = `/proc/${pid}/task`;
  const ran = readdirSync(threads).map((thread) => {
    return Number(readFileSync(`${threads}/${thread}/schedstat`, 'latin1').split(' ')[0]);
  });
  return ran.reduce((sum, ns) => sum + ns, 0) / 1_000_000;
}

function megabytes({ pid }) {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(kilobytes) / 1_024;
}

async function end(child) {
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
