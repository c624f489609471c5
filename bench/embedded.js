// What the embedded queue costs, beside the least that this disk and SQLite allow: fsyncs, and claim and delete in bare SQL.

import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { keyOf } from '../dist/core/key.js';
import { openEmbedded } from '../dist/embedded/embedded.js';
import { loadSqlite } from '../dist/embedded/sqlite.js';
import { defaultTerms } from '../dist/ledger/ledger.js';
import { inTurn } from './lab.js';
import { putOne } from './put-one.js';
import { row } from './row.js';

const rounds = 3;
/** Jobs of a figure. Of puts one at a time more: while the log of a new file grows (250 puts), a sync takes twice as long. */
const few = 500;
const lone = 2_000;
const many = 10_000;
const options = { delay: 0, priority: 1024, ttr: 60 };
/** As long as a short command line. */
const payload = 'x'.repeat(40);
const maxDeaths = 5;

let made = 0;

export async function embedded(lab) {
  const measured = await inTurn(rounds, (at) => {
    const folder = lab.path(`embedded-${at}`);
    mkdirSync(folder);
    return round(folder);
  });
  const samples = (name) => measured.map((speeds) => speeds[name]);
  const against = (name, limit, of, least) => ({
    ...{ ratios: measured.map((speeds) => speeds[name] / speeds[limit]), of, least },
  });
  const fsyncs = (name, least) => against(name, 'fsync', 'the fsyncs', least);
  const bare = (name, least) => against(name, 'bare', 'bare SQL', least);
  return [
    row('embedded: durable puts, one at a time', 'jobs/s', samples('put1'), fsyncs('put1', 0.5)),
    row('embedded: durable puts, 128 in flight', 'jobs/s', samples('put128'), fsyncs('put128')),
    row('embedded: drain, one at a time', 'jobs/s', samples('drain1'), bare('drain1', 0.5)),
    row('embedded: drain, 16 at a time', 'jobs/s', samples('drain16'), bare('drain16', 0.5)),
    row('fsync of 100 appended bytes', '/s', samples('fsync')),
    row('claim and delete in bare SQL', 'jobs/s', samples('bare')),
  ];
}

/** Per second, in this folder. */
async function round(folder) {
  const put1 = await puts(folder, lone, 1);
  const fsync = await perSecond(lone, () => fsyncLoop(folder, lone));
  const put128 = await puts(folder, many, 128);
  const bare = await bareDrain(folder, few);
  const { drain1, drain16 } = await drains(folder);
  return { put1, fsync, put128, bare, drain1, drain16 };
}

/** The least a durable put can cost. */
function fsyncLoop(folder, count) {
  const file = openSync(`${folder}/fsync`, 'w');
  const bytes = Buffer.alloc(100);
  for (let done = 0; done < count; done++) {
    writeSync(file, bytes);
    fsyncSync(file);
  }
  closeSync(file);
}

async function puts(folder, count, width) {
  const queue = await openEmbedded({ folder });
  const node = queue.node('bench');
  const before = (await node.counts()).ready;
  const speed = await perSecond(count, () =>
    atOnce(width, count, () => putOne(node, envelope(), options)),
  );
  const { ready } = await node.counts();
  queue.close();
  if (ready !== before + count) throw new Error(`${ready - before} of ${count} jobs are there`);
  return speed;
}

/** What a worker does with each job, handlers aside: all that `puts` left. */
async function drains(folder) {
  const queue = await openEmbedded({ folder });
  const node = queue.node('bench');
  const ledger = queue.ledger({ ...defaultTerms, ttl: Infinity });
  const runs = new Set();
  const drainOne = async () => {
    const replica = await node.reserve(0);
    const job = { tube: 'bench', key: keyOf(replica.envelope), dueMs: Date.now() };
    const { claim } = await ledger.claim(job, { token: `bench/${made++}`, maxDeaths });
    runs.add(job.key);
    await ledger.done(job, claim, 0);
    await replica.delete();
  };
  const drain1 = await perSecond(few, () => atOnce(1, few, drainOne));
  const left = lone + many - few;
  const drain16 = await perSecond(left, () => atOnce(16, left, drainOne));
  const { ready, reserved } = await node.counts();
  queue.close();
  if (runs.size !== lone + many || ready + reserved > 0) {
    throw new Error(`${runs.size} of ${lone + many} jobs ran`);
  }
  return { drain1, drain16 };
}

/** One durable transaction to claim a row, one to delete it. */
async function bareDrain(folder, count) {
  const sqlite = await loadSqlite();
  const connection = new sqlite(`${folder}/bare.db`);
  connection.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE job (id INTEGER PRIMARY KEY, state TEXT, body BLOB); BEGIN`);
  const insert = connection.prepare(`INSERT INTO job (state, body) VALUES ('ready', ?)`);
  for (let at = 0; at < count; at++) insert.run(envelope());
  connection.exec('COMMIT; CREATE INDEX ready ON job (state)');
  const claim = connection.prepare(`UPDATE job SET state = 'claimed'
    WHERE id = (SELECT id FROM job WHERE state = 'ready' ORDER BY id LIMIT 1) RETURNING id, body`);
  const remove = connection.prepare('DELETE FROM job WHERE id = ?');
  const speed = await perSecond(count, () => {
    for (let done = 0; done < count; done++) remove.run(claim.get().id);
  });
  connection.close();
  return speed;
}

/** Due a millisecond ago: it is ready at once. */
function envelope() {
  const dueNs = BigInt(Date.now() - 1) * 1_000_000n + BigInt(made++ % 1_000_000);
  return Buffer.from(`${dueNs}/${payload}`);
}

async function atOnce(width, count, work) {
  let begun = 0;
  const lane = async () => {
    while (begun++ < count) await work();
  };
  await Promise.all(Array.from({ length: width }, lane));
}

async function perSecond(count, work) {
  const since = performance.now();
  await work();
  return count / ((performance.now() - since) / 1_000);
}
