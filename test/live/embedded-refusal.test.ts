// A full disk, a locked and a removed file: what can't be written is refused as a whole, and nothing is lost by it.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { keyOf } from '../../src/core/key.ts';
import { FileBell } from '../../src/embedded/bell.ts';
import { Database } from '../../src/embedded/database.ts';
import { openEmbedded } from '../../src/embedded/embedded.ts';
import { openQueueFile, queueFile } from '../../src/embedded/file.ts';
import { EmbeddedLedger } from '../../src/embedded/ledger.ts';
import { EmbeddedNode } from '../../src/embedded/node.ts';
import type { Connection } from '../../src/embedded/sqlite.ts';
import { defaultTerms } from '../../src/ledger/ledger.ts';
import { temporaryFolder } from '../support/servers.ts';
import { until } from '../support/wait.ts';
import { putOne } from '../support/put-one.ts';

const options = { delay: 0, priority: 1024, ttr: 60 };
const small = Buffer.from('1/x');
const big = Buffer.alloc(100_000);
let folder: string;
let connection: Connection;
let database: Database;
let node: EmbeddedNode;
let ledger: EmbeddedLedger;

beforeEach(async () => {
  folder = temporaryFolder();
  connection = await openQueueFile(folder);
  const bell = new FileBell(join(folder, 'queue.bell'));
  const path = queueFile(folder);
  database = new Database({
    connection,
    path,
    clock: systemClock,
    bell,
    patience: 50,
    soon: setImmediate,
  });
  node = new EmbeddedNode(database, 'mail');
  ledger = new EmbeddedLedger(database, { ...defaultTerms, ttl: Infinity });
});

afterEach(() => {
  database.close();
});

/** SQLite answers to a file that may not grow as it answers to a full disk. */
function fillDisk(): void {
  connection.exec('PRAGMA max_page_count = 1');
}

function makeRoom(): void {
  connection.exec('PRAGMA max_page_count = 1000000');
}

it('refuses puts, all that came together or none', async () => {
  await putOne(node, small, options);
  fillDisk();
  const puts = [small, big, small].map((envelope) => putOne(node, envelope, options));
  for (const put of puts) {
    await expect(put).rejects.toMatchObject({
      kind: 'unavailable',
      node: 'embedded',
      fault: 'out-of-memory',
      unconfirmed: false,
      message: expect.stringMatching(/^no space is left for .*queue\.db$/) as string,
    });
  }
  expect(await node.counts()).toMatchObject({ ready: 1 });
  makeRoom();
  expect(await Promise.all([putOne(node, small, options), putOne(node, big, options)])).toEqual([
    2n,
    3n,
  ]);
});

it('leaves a success unsettled whose ledger could not be written, to be settled again', async () => {
  await putOne(node, small, options);
  const reservation = await node.reserve(0);
  const job = { tube: 'mail', key: keyOf(small), dueMs: 1 };
  const answer = await ledger.claim(job, { token: 'a', maxDeaths: 5 });
  if (answer.kind !== 'granted') throw new Error(answer.kind);
  const longToken = 'x'.repeat(100_000);
  fillDisk();
  const done = ledger.done(job, { ...answer.claim, token: longToken }, 0);
  await expect(done).rejects.toMatchObject({ name: 'LedgerDown', kind: 'unavailable' });
  expect(await reservation?.stats()).toMatchObject({ state: 'reserved' });
  expect(await ledger.look(job)).toMatchObject({ state: 'claimed' });
  makeRoom();
  await ledger.done(job, answer.claim, 0);
  expect(await reservation?.delete()).toBe(true);
});

it('refuses what another process keeps it from writing for too long', async () => {
  await putOne(node, small, options);
  const reservation = await node.reserve(0);
  const other = await openQueueFile(folder);
  other.exec('BEGIN IMMEDIATE');
  const busy = { kind: 'unavailable', fault: 'internal' };
  await expect(putOne(node, small, options)).rejects.toMatchObject(busy);
  await expect(ledger.ready()).rejects.toMatchObject({ name: 'LedgerDown' });
  await expect(reservation?.bury()).rejects.toMatchObject(busy);
  expect(await node.deleteAll([reservation!])).toMatchObject([{ reservation, error: busy }]);
  expect(await node.counts()).toMatchObject({ ready: 0, reserved: 1 });
  other.exec('COMMIT');
  other.close();
  expect(await putOne(node, small, options)).toBe(2n);
  expect(await reservation?.bury()).toBe(true);
});

it.each(['removed', 'replaced'])('takes nothing more when its file was %s', async (how) => {
  await putOne(node, small, options);
  const reservation = await node.reserve(0);
  const waiting = node.reserve(60);
  await until('it waits', async () => (await node.counts()).waiting === 1);
  rmSync(folder, { recursive: true });
  const successor = how === 'replaced' ? await openEmbedded({ folder }) : undefined;
  const gone = { kind: 'config', message: expect.stringMatching(/was removed/) as string };
  await expect(waiting).rejects.toMatchObject(gone);
  await expect(putOne(node, small, options)).rejects.toMatchObject(gone);
  await expect(reservation?.delete()).rejects.toMatchObject(gone);
  node.close();
  successor?.close();
});
