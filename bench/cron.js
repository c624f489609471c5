// What a schedule costs: all ticks of a year of 1,000 entries, in six zones.

import { symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { crontabOf } from './crontab.js';
import { inTurn } from './lab.js';
import { row } from './row.js';

const rounds = 3;

/** Daily, hourly, weekly, monthly and every ten minutes. */
const schedules = [
  (n) => `${n % 60} ${n % 24} * * *`,
  (n) => `${n % 60} * * * *`,
  (n) => `${n % 60} ${n % 24} * * ${n % 7}`,
  (n) => `${n % 60} ${n % 24} ${1 + (n % 28)} * *`,
  (n) => `${n % 10}-59/10 * * * *`,
];
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'Australia/Lord_Howe', ''];

const root = fileURLToPath(new URL('..', import.meta.url));

export async function cron(lab) {
  const { parseCrontab, ticks } = await load(lab);
  const text = crontabOf((n) => ({
    when: schedules[n % schedules.length](n),
    zone: zones[n % zones.length],
  }));
  const { entries } = parseCrontab(text, 'local');
  const speeds = await inTurn(rounds, () => yearOf(entries, ticks));
  return [row('cron: the ticks of a year of 1,000 entries', 'ticks/s', speeds)];
}

/** The pure part of dq that is no part of its library. */
async function load(lab) {
  const outfile = lab.path('schedule.mjs');
  symlinkSync(`${root}node_modules`, lab.path('node_modules'));
  const contents = `export { ticks } from './src/schedule/ticks.ts';
    export { parseCrontab } from './src/schedule/crontab.ts';`;
  const stdin = { contents, resolveDir: root };
  await build({ stdin, outfile, bundle: true, platform: 'node', format: 'esm' });
  return import(outfile);
}

function yearOf(entries, ticks) {
  const [from, to] = [Date.UTC(2027, 0), Date.UTC(2028, 0)];
  const since = performance.now();
  let count = 0;
  for (const entry of entries) count += ticks(entry, from, to).length;
  return count / ((performance.now() - since) / 1_000);
}
