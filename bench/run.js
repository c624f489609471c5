// Runs the benches, or those that are named: prints the table, writes bench/results.json, fails when a target is missed.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import requireServers from '../scripts/require-servers.js';
import { Lab } from './lab.js';
import { table } from './table.js';

/** Each is a file here that exports a function of its name: Lab → its rows. */
const benches = [
  ...['startup', 'put', 'consume', 'spawn', 'due', 'leftovers', 'idle'],
  ...['list', 'embedded', 'wake', 'cron', 'growth'],
];

/** Exit codes: targets are met, one is missed, the words are wrong; 128 + the signal's number. */
const codes = { met: 0, missed: 1, usage: 2, SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

let lab;
const code = await Promise.race([run(process.argv.slice(2)), interruption()]);
await lab?.close();
process.exit(code);

async function run(named) {
  const unknown = named.find((name) => !benches.includes(name));
  if (unknown !== undefined) {
    process.stderr.write(`no such bench: ${unknown}; there are ${benches.join(', ')}\n`);
    return codes.usage;
  }
  requireServers();
  const rows = [];
  for (const name of named.length > 0 ? named : benches) rows.push(...(await bench(name)));
  const report = { date: new Date().toISOString(), machine: machine(), rows };
  const file = new URL('results.json', import.meta.url);
  writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
  process.stdout.write(`${table(rows)}\n\n${report.date.slice(0, 10)}, ${report.machine}\n`);
  return rows.some(({ ok }) => ok === false) ? codes.missed : codes.met;
}

/** All that it started is ended, whether it failed or not; the others run all the same. */
async function bench(name) {
  const since = performance.now();
  process.stderr.write(`${name} …`);
  lab = new Lab();
  try {
    const module = await import(`./${name}.js`);
    return await module[name](lab);
  } catch (error) {
    process.stderr.write(` ${error.stack}\n`);
    return [{ name, why: 'failed', ok: false }];
  } finally {
    await lab.close();
    process.stderr.write(` ${Math.round((performance.now() - since) / 1_000)} s\n`);
  }
}

function interruption() {
  return new Promise((resolve) => {
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) {
      process.on(signal, () => resolve(codes[signal]));
    }
  });
}

function machine() {
  const [{ model }, ...more] = cpus();
  const version = (command) => {
    const text = execFileSync(command, ['-v'], { encoding: 'utf8' });
    return /\d+\.[\d.]+/.exec(text)?.[0];
  };
  const servers = `beanstalkd ${version('beanstalkd')}, Redis ${version('redis-server')}`;
  return `${more.length + 1} × ${model.trim()}, Node ${process.versions.node}, ${servers}, over loopback`;
}
