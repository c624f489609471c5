// What a schedule costs: a year of ticks of 1,000 entries, and a `dq cron run` of 1,000 entries that idles.
//
// node bench/cron.js [seconds to idle]      after npm run build; needs no server

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const binary = join(root, 'bin/dq.js');
const idleSeconds = Number(process.argv[2] ?? 20);
const folder = mkdtempSync(join(tmpdir(), 'dq-bench-'));

/** Daily, hourly, weekly, monthly and every ten minutes, in six zones. */
const schedules = [
  (n) => `${n % 60} ${n % 24} * * *`,
  (n) => `${n % 60} * * * *`,
  (n) => `${n % 60} ${n % 24} * * ${n % 7}`,
  (n) => `${n % 60} ${n % 24} ${1 + (n % 28)} * *`,
  (n) => `${n % 10}-59/10 * * * *`,
];
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'Australia/Lord_Howe', ''];

try {
  console.log(await yearOfTicks());
  console.log(await idling());
} finally {
  rmSync(folder, { recursive: true });
}

async function yearOfTicks() {
  const { ticks, parseCrontab } = await load();
  const { entries } = parseCrontab(
    crontab((n) => schedules[n % schedules.length](n)),
    'local',
  );
  const from = Date.UTC(2027, 0);
  const to = Date.UTC(2028, 0);
  const start = performance.now();
  let count = 0;
  for (const entry of entries) count += ticks(entry, from, to).length;
  const ms = Math.round(performance.now() - start);
  return `a year of ${entries.length} entries: ${count} ticks in ${ms} ms`;
}

/** The pure part as it is in src/, for Node as it is. */
async function load() {
  const outfile = join(folder, 'ticks.mjs');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const contents =
    "export { ticks } from './src/schedule/ticks.ts'; export { parseCrontab } from './src/schedule/crontab.ts';";
  await build({
    ...{
      stdin: { contents, resolveDir: root },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
    },
  });
  return import(outfile);
}

/** Nothing falls due meanwhile: the ticks of its entries are hours away. */
async function idling() {
  const soon = new Date(Date.now() + 6 * 3_600_000).getUTCHours();
  writeFileSync(
    join(folder, 'crontab'),
    crontab((n) => `${n % 60} ${soon} * * ${(n % 3) + 1}`, 'UTC'),
  );
  const env = {
    ...process.env,
    STATE_DIRECTORY: join(folder, 'state'),
    DQ_NODES: 'embedded',
    TZ: 'UTC',
  };
  const dq = spawn(process.execPath, [binary, '-q', 'cron', 'run', 'crontab'], {
    ...{ cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] },
  });
  await sleep(5_000);
  const before = cpuMs(dq.pid);
  await sleep(idleSeconds * 1_000);
  const ms = cpuMs(dq.pid) - before;
  dq.kill('SIGTERM');
  await once(dq, 'exit');
  return `1,000 entries idle: ${ms} ms of a core in ${idleSeconds} s (${(ms / idleSeconds / 10).toFixed(2)} %)`;
}

function crontab(schedule, zone) {
  const lines = Array.from({ length: 1_000 }, (_, n) =>
    [`CRON_TZ=${zone ?? zones[n % zones.length]}`, `# dq: name=e${n}`, `${schedule(n)} true`].join(
      '\n',
    ),
  );
  return `${lines.join('\n')}\n`;
}

/** User and system time so far; a tick of the kernel's accounts is 10 ms. */
function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
