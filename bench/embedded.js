// What the embedded queue costs: `node bench/embedded.js [FOLDER]`, after `npm run build`.
// `node bench/embedded.js --reserve FOLDER` is the other process of the first wake-up: it tells when it reserves.
//
// FOLDER (a new one in the working folder by default) decides which disk is measured. The ratios compare with the
// least that this disk and SQLite allow, measured in the same run: figures of different machines can't be compared.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { keyOf } from '../dist/core/key.js';
import { openEmbedded } from '../dist/embedded/embedded.js';
import { loadSqlite } from '../dist/embedded/sqlite.js';
import { defaultTerms } from '../dist/ledger/ledger.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const binary = join(root, 'bin', 'dq.js');
const options = { delay: 0, priority: 1024, ttr: 60 };
/** As long as a short command line. */
const payload = 'x'.repeat(40);
const maxDeaths = 5;

let made = 0;
const rows = [];

if (process.argv[2] === '--reserve') await reserveForEver(process.argv[3]);
const folder = mkdtempSync(join(resolve(process.argv[2] ?? '.'), 'dq-bench-'));

try {
  const fsyncs = await putOneAtATime();
  await putInFlight(fsyncs);
  await drain();
  await wakeUp('the reservation', startReserving);
  await wakeUp('the first line of its handler', (state) => startWorker(state, 'date +%s%N'));
  await idle();
  print();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** By turns with the least that it can cost: a disk has its moods. @returns the fsyncs per second. */
async function putOneAtATime() {
  const embedded = await openEmbedded({ folder: join(folder, 'one') });
  const node = embedded.node('bench');
  const file = openSync(join(folder, 'fsync'), 'w');
  const bytes = Buffer.alloc(100);
  const [synced, put] = [[], []];
  for (let turn = 0; turn < 20; turn++) {
    const fsyncLoop = (count) => {
      for (let done = 0; done < count; done++) {
        writeSync(file, bytes);
        fsyncSync(file);
      }
    };
    const putLoop = async (count) => {
      for (let done = 0; done < count; done++) await node.put(envelope(), options);
    };
    synced.push(perSecond(100, fsyncLoop));
    put.push(await perSecondAsync(100, putLoop));
  }
  closeSync(file);
  embedded.close();
  const [fsyncs, puts] = [median(synced), median(put)];
  tell('fsync of 100 appended bytes', `${round(fsyncs)}/s`);
  tell('durable puts, one at a time', `${round(puts)}/s`, `${ratio(puts, fsyncs)} of the fsyncs`);
  return fsyncs;
}

async function putInFlight(fsyncs) {
  const embedded = await openEmbedded({ folder: join(folder, 'drain') });
  const node = embedded.node('bench');
  const speed = await perSecondAsync(40_000, (count) =>
    atOnce(128, count, () => node.put(envelope(), options)),
  );
  embedded.close();
  tell('durable puts, 128 in flight', `${round(speed)}/s`, `${ratio(speed, fsyncs)} of the fsyncs`);
}

/** What a worker does with each job, handlers aside, beside the same work in bare SQL. */
async function drain() {
  const bare = await bareDrain(10_000);
  const embedded = await openEmbedded({ folder: join(folder, 'drain') });
  const node = embedded.node('bench');
  const ledger = embedded.ledger({ ...defaultTerms, ttl: Infinity });
  for (const jobs of [1, 16]) {
    const speed = await perSecondAsync(jobs === 1 ? 2_000 : 20_000, (count) =>
      atOnce(jobs, count, async () => {
        const replica = await node.reserve(0);
        const job = { tube: 'bench', key: keyOf(replica.envelope), dueMs: Date.now() };
        const { claim } = await ledger.claim(job, { token: `bench/${made++}`, maxDeaths });
        await ledger.done(job, claim, 0);
        await replica.delete();
      }),
    );
    tell(
      `drained (reserve, claim, done, delete), ${jobs} at a time`,
      `${round(speed)}/s`,
      `${ratio(speed, bare)} of claim + delete in bare SQL, ${round(bare)}/s`,
    );
  }
  embedded.close();
}

/** One durable transaction to claim a row, one to delete it. */
async function bareDrain(count) {
  const sqlite = await loadSqlite();
  const connection = new sqlite(join(folder, 'bare.db'));
  connection.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE job (id INTEGER PRIMARY KEY, state TEXT, body BLOB); BEGIN`);
  const insert = connection.prepare(`INSERT INTO job (state, body) VALUES ('ready', ?)`);
  for (let at = 0; at < count; at++) insert.run(envelope());
  connection.exec('COMMIT; CREATE INDEX ready ON job (state)');
  const claim = connection.prepare(`UPDATE job SET state = 'claimed'
    WHERE id = (SELECT id FROM job WHERE state = 'ready' ORDER BY id LIMIT 1) RETURNING id, body`);
  const remove = connection.prepare('DELETE FROM job WHERE id = ?');
  const speed = perSecond(2_000, (jobs) => {
    for (let done = 0; done < jobs; done++) remove.run(claim.get().id);
  });
  connection.close();
  return speed;
}

/** From a put here to what another process, which waits for it, tells as the time of that (ns). */
async function wakeUp(what, start) {
  const state = mkdtempSync(join(folder, 'wake-'));
  const embedded = await openEmbedded({ folder: state });
  const node = embedded.node('default');
  const worker = start(state);
  await waits(node);
  const [woken, reserved] = [[], []];
  let text = '';
  for (let puts = 0; puts < 300; puts++) {
    await sleep(5 + Math.random() * 20);
    const before = wallNs();
    await node.put(envelope(), options);
    const stored = wallNs();
    while (!text.includes('\n')) text += String((await once(worker.stdout, 'data'))[0]);
    const started = BigInt(text.slice(0, text.indexOf('\n')));
    text = text.slice(text.indexOf('\n') + 1);
    woken.push(Number(started - before) / 1e6);
    reserved.push(Number(started - stored) / 1e6);
    await waits(node);
  }
  await end(worker);
  embedded.close();
  tell(`put → ${what}, in another process`, percentiles(woken));
  tell('the same, from the moment the put was durable', percentiles(reserved));
}

async function idle() {
  const state = join(folder, 'idle');
  const embedded = await openEmbedded({ folder: state });
  const worker = startWorker(state, 'true');
  await waits(embedded.node('default'));
  await sleep(2_000);
  const before = cpuTicks(worker.pid);
  const since = performance.now();
  await sleep(20_000);
  const ticks = cpuTicks(worker.pid) - before;
  const share = (ticks * 10) / (performance.now() - since);
  const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${worker.pid}/status`, 'latin1'))?.[1];
  await end(worker);
  embedded.close();
  tell(
    'an idle worker, over 20 s',
    `${(share * 100).toFixed(2)} % of a core`,
    `${round(rss / 1024)} MB`,
  );
}

async function reserveForEver(state) {
  const embedded = await openEmbedded({ folder: state });
  const node = embedded.node('default');
  for (;;) {
    const replica = await node.reserve(60);
    if (replica === undefined) continue;
    process.stdout.write(`${wallNs()}\n`);
    await replica.delete();
  }
}

function startReserving(state) {
  const words = [fileURLToPath(import.meta.url), '--reserve', state];
  return spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
}

function startWorker(state, handler) {
  return spawn(process.execPath, [binary, '-q', 'work', '--', handler], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, DQ_NODES: 'embedded', STATE_DIRECTORY: state },
  });
}

async function waits(node) {
  while ((await node.counts()).waiting === 0 || (await node.counts()).reserved > 0) await sleep(2);
}

async function end(worker) {
  const gone = once(worker, 'exit');
  worker.kill('SIGTERM');
  await gone;
}

/** User and system time of the process, in hundredths of a second (USER_HZ). */
function cpuTicks(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** By the clock that `date` reads, in ns. */
function wallNs() {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));
}

function envelope() {
  return Buffer.from(`${BigInt(Date.now()) * 1_000_000n + BigInt(made++ % 1_000_000)}/${payload}`);
}

async function atOnce(width, count, work) {
  let begun = 0;
  const lane = async () => {
    while (begun++ < count) await work();
  };
  await Promise.all(Array.from({ length: width }, lane));
}

function perSecond(count, work) {
  const since = performance.now();
  work(count);
  return count / ((performance.now() - since) / 1_000);
}

async function perSecondAsync(count, work) {
  const since = performance.now();
  await work(count);
  return count / ((performance.now() - since) / 1_000);
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function percentiles(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.floor(sorted.length * share)].toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
}

function ratio(speed, least) {
  return `× ${(speed / least).toFixed(2)}`;
}

function round(value) {
  return Math.round(value).toLocaleString('en');
}

function tell(...row) {
  rows.push(row);
}

function print() {
  for (const [what, figure, compared = ''] of rows) {
    process.stdout.write(
      `${what.padEnd(56)}${figure.padEnd(28)}${compared}\n`.replace(/ +\n$/, '\n'),
    );
  }
}
