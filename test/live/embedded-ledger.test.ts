// The ledger of the embedded queue: a success takes its replicas with it, and what is over is forgotten at last.

import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sealEnvelope } from '../../src/core/envelope.ts';
import { keyOf } from '../../src/core/key.ts';
import { openEmbedded, type Embedded } from '../../src/embedded/embedded.ts';
import { loadSqlite } from '../../src/embedded/sqlite.ts';
import { defaultTerms, type Claim, type JobRef, type Ledger } from '../../src/ledger/ledger.ts';
import type { QueueNode } from '../../src/queue/node.ts';
import { temporaryFolder } from '../support/servers.ts';
import { putOne } from '../support/put-one.ts';

const day = 86_400_000;
const options = { delay: 0, priority: 1024, ttr: 60 };
let folder: string;
let now: number;
let embedded: Embedded;
let node: QueueNode;
let ledger: Ledger;

beforeEach(async () => {
  folder = temporaryFolder();
  now = 1_767_225_600_000;
  const clock = { now: () => now, sleep: () => Promise.reject(new Error('nobody sleeps')) };
  embedded = await openEmbedded({ folder, clock });
  node = embedded.node('mail');
  ledger = embedded.ledger({ ...defaultTerms, ttl: Infinity });
});

afterEach(() => {
  embedded.close();
});

function jobDue(dueMs: number, payload: string): { job: JobRef; envelope: Buffer } {
  const envelope = sealEnvelope({
    dueNs: BigInt(dueMs) * 1_000_000n,
    payload: Buffer.from(payload),
  });
  return { job: { tube: 'mail', key: keyOf(envelope), dueMs }, envelope };
}

async function claim(job: JobRef): Promise<Claim> {
  const answer = await ledger.claim(job, { token: 'a', maxDeaths: 5 });
  if (answer.kind !== 'granted') throw new Error(`it was answered ${answer.kind}`);
  return answer.claim;
}

async function succeed(job: JobRef): Promise<void> {
  await ledger.done(job, await claim(job), 0);
}

async function rememberedJobs(): Promise<number> {
  const sqlite = await loadSqlite();
  const connection = new sqlite(join(folder, 'queue.db'));
  const row = connection.prepare('SELECT count(*) AS jobs FROM job').get() as { jobs: number };
  connection.close();
  return row.jobs;
}

it('takes every replica of a job away with its success, and no other', async () => {
  const { job, envelope } = jobDue(now, 'x');
  await putOne(node, envelope, options);
  await putOne(node, envelope, options);
  await putOne(node, jobDue(now, 'y').envelope, options);
  await putOne(embedded.node('other'), envelope, options);
  const reservation = await node.reserve(0);
  await succeed(job);
  expect(await node.peek(1n)).toBeUndefined();
  expect(await node.peek(2n)).toBeUndefined();
  expect(await node.counts()).toMatchObject({ ready: 1, reserved: 0 });
  expect(await embedded.node('other').counts()).toMatchObject({ ready: 1 });
  expect(await reservation?.delete()).toBe(true);
});

it('knows a job again that is put again after its success', async () => {
  const { job } = jobDue(now, 'x');
  await succeed(job);
  now += 6 * day;
  expect(await ledger.claim(job, { token: 'b', maxDeaths: 5 })).toEqual({ kind: 'done' });
});

it('runs a job that is put again in the very moment of its delete', async () => {
  const { job, envelope } = jobDue(now, 'x');
  const id = await putOne(node, envelope, options);
  await ledger.revoke(job, false);
  await node.delete(id, envelope);
  await putOne(node, envelope, options);
  expect(await claim(job)).toMatchObject({ attempt: 1 });
});

it('never runs a job that was revoked for good, nor has a put of another undo its delete', async () => {
  const taken = jobDue(now, 'taken back');
  const deleted = jobDue(now, 'deleted');
  await ledger.revoke(taken.job, true);
  await ledger.revoke(deleted.job, false);
  await putOne(node, taken.envelope, options);
  await putOne(embedded.node('other'), deleted.envelope, options);
  for (const { job } of [taken, deleted]) {
    expect(await ledger.look(job)).toMatchObject({ state: 'revoked' });
  }
});

it('finds no job too late', async () => {
  const { job } = jobDue(now - 400 * day, 'x');
  expect(await claim(job)).toMatchObject({ attempt: 1 });
  now += 400 * day;
  expect(await ledger.look(job)).toMatchObject({ state: 'claimed' });
});

it('forgets what is over seven days after its time, but never what waits, runs or is buried', async () => {
  const ended = Array.from({ length: 20 }, (_, at) => jobDue(now, `ended ${at}`).job);
  for (const job of ended) await succeed(job);
  const later = jobDue(now + 10 * day, 'ended early').job;
  await ledger.revoke(later, true);
  const waiting = jobDue(now, 'waits').job;
  await ledger.retry(waiting, await claim(waiting), 0);
  const buried = jobDue(now, 'buried').job;
  await ledger.dead(buried, await claim(buried), { reason: 'failed' });
  expect(await rememberedJobs()).toBe(23);

  now += 7 * day;
  expect(await ledger.look(ended[0]!)).toBeUndefined();
  for (let at = 0; at < 10; at++) await claim(jobDue(now, `new ${at}`).job);
  expect(await rememberedJobs()).toBe(13);
  expect(await ledger.look(later)).toMatchObject({ state: 'revoked' });
  expect(await ledger.look(waiting)).toMatchObject({ state: 'retry' });
  expect(await ledger.look(buried)).toMatchObject({ state: 'dead' });
});

it('forgets nothing of a job of which a replica is left', async () => {
  const { job, envelope } = jobDue(now, 'put twice');
  await succeed(job);
  await putOne(node, envelope, options);
  now += 30 * day;
  for (let at = 0; at < 10; at++) await claim(jobDue(now, `new ${at}`).job);
  expect(await ledger.claim(job, { token: 'b', maxDeaths: 5 })).toEqual({ kind: 'done' });
  await (await node.reserve(0))?.delete();
  await claim(jobDue(now, 'newest').job);
  expect(await ledger.look(job)).toBeUndefined();
});

it('with a memory that ends, forgets as long after the due instant as its terms say', async () => {
  ledger = embedded.ledger(defaultTerms);
  const { job } = jobDue(now + day, 'x');
  await succeed(job);
  now += 4 * day + 3_599_999;
  expect(await ledger.look(job)).toMatchObject({ state: 'done' });
  now += 1;
  expect(await ledger.look(job)).toBeUndefined();
});

it('can be asked whether it can be written', async () => {
  await ledger.ready();
  embedded.close();
  await expect(ledger.ready()).rejects.toMatchObject({ name: 'LedgerDown' });
  await expect(ledger.look(jobDue(now, 'x').job)).rejects.toMatchObject({ name: 'LedgerDown' });
});
