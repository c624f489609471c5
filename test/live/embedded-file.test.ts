// The queue file: made whole and for its user only, and refused untouched when it isn't fit.

import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DqError } from '../../src/core/errors.ts';
import { openEmbedded, type Embedded } from '../../src/embedded/embedded.ts';
import { applicationId } from '../../src/embedded/schema.ts';
import { loadSqlite } from '../../src/embedded/sqlite.ts';
import { temporaryFolder } from '../support/servers.ts';
import { putOne } from '../support/put-one.ts';

const options = { delay: 0, priority: 1024, ttr: 60 };

async function withJobs(count: number): Promise<string> {
  const folder = temporaryFolder();
  const embedded = await openEmbedded({ folder });
  const node = embedded.node('mail');
  await Promise.all(
    Array.from({ length: count }, (_, at) => putOne(node, Buffer.from(`1/${at}`), options)),
  );
  await endWal(folder);
  embedded.close();
  return folder;
}

/** All is in the file itself afterwards. */
async function endWal(folder: string): Promise<void> {
  const sqlite = await loadSqlite();
  const connection = new sqlite(join(folder, 'queue.db'));
  connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  connection.close();
}

async function refusal(folder: string): Promise<DqError> {
  const opening = openEmbedded({ folder });
  const error = await opening.then(
    (embedded: Embedded) => {
      embedded.close();
      throw new Error('it was opened');
    },
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DqError)) throw error;
  return error;
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

it('is made with its folders, for this user only', async () => {
  const folder = join(temporaryFolder(), 'state', 'dq');
  const embedded = await openEmbedded({ folder });
  await putOne(embedded.node('mail'), Buffer.from('1/x'), options);
  await embedded.node('mail').reserve(0);
  expect(embedded.path).toBe(join(folder, 'queue.db'));
  expect(modeOf(join(folder, '..'))).toBe(0o700);
  expect(modeOf(folder)).toBe(0o700);
  for (const file of ['queue.db', 'queue.db-wal', 'queue.db-shm']) {
    expect(modeOf(join(folder, file))).toBe(0o600);
  }
  embedded.close();
});

it('keeps its jobs, and never gives an id again', async () => {
  const folder = await withJobs(3);
  const first = await openEmbedded({ folder });
  const node = first.node('mail');
  expect(await node.counts()).toMatchObject({ ready: 3 });
  expect(await node.delete(3n, Buffer.from('1/2'))).toBe(true);
  first.close();
  const second = await openEmbedded({ folder });
  expect(await putOne(second.node('mail'), Buffer.from('1/x'), options)).toBe(4n);
  second.close();
});

it('is brought up to date when an older dq made it', async () => {
  const folder = temporaryFolder();
  const sqlite = await loadSqlite();
  const connection = new sqlite(join(folder, 'queue.db'));
  connection.exec(`PRAGMA application_id = ${applicationId}; PRAGMA journal_mode = WAL`);
  connection.close();
  const embedded = await openEmbedded({ folder });
  expect(await putOne(embedded.node('mail'), Buffer.from('1/x'), options)).toBe(1n);
  embedded.close();
});

it.each([
  ['of a newer dq', 'PRAGMA user_version = 99', /newer dq.*99/],
  ['of another program', 'PRAGMA application_id = 252006674', /no queue file of dq/],
])('is left alone when it is %s', async (_, change, message) => {
  const folder = await withJobs(1);
  const file = join(folder, 'queue.db');
  const sqlite = await loadSqlite();
  const connection = new sqlite(file);
  connection.exec(`${change}; PRAGMA wal_checkpoint(TRUNCATE)`);
  connection.close();
  const before = readFileSync(file);
  const error = await refusal(folder);
  expect(error).toMatchObject({
    kind: 'config',
    message: expect.stringMatching(message) as string,
  });
  expect(error.hint).toBeDefined();
  expect(readFileSync(file)).toEqual(before);
});

it.each([
  ['empty', ''],
  ['some text', 'Dear diary,\n'.repeat(1_000)],
])('is left alone when it is %s', async (_, text) => {
  const folder = temporaryFolder();
  const file = join(folder, 'queue.db');
  writeFileSync(file, text);
  expect(await refusal(folder)).toMatchObject({ kind: 'config' });
  expect(readFileSync(file, 'utf8')).toBe(text);
});

it.each(['garbage', 'nothing'])('is left alone when %s follows its beginning', async (what) => {
  const folder = await withJobs(500);
  const file = join(folder, 'queue.db');
  if (what === 'nothing') truncateSync(file, 4_096);
  else overwrite(file, 4_096, Buffer.alloc(statSync(file).size - 4_096, 0xa5));
  const before = readFileSync(file);
  await expect(putOnce(folder)).rejects.toMatchObject({
    kind: 'config',
    message: expect.stringContaining('damaged') as string,
  });
  expect(readFileSync(file)).toEqual(before);
});

async function putOnce(folder: string): Promise<void> {
  const embedded = await openEmbedded({ folder });
  try {
    await putOne(embedded.node('mail'), Buffer.from('1/x'), options);
  } finally {
    embedded.close();
  }
}

it.each([
  ['the file', 0o777, 0o444],
  ['the folder', 0o555, 0o666],
])('is refused when %s may only be read', async (_, folderMode, fileMode) => {
  const folder = await withJobs(1);
  chmodSync(join(folder, 'queue.db'), fileMode);
  chmodSync(folder, folderMode);
  const program = `
    const { openEmbedded } = await import(process.argv[1]);
    (await openEmbedded({ folder: process.argv[2] })).close();
    if (process.getuid() === 0) process.setuid(65534);
    await openEmbedded({ folder: process.argv[3] }).catch(({ kind, message }) => {
      console.log(kind, message);
    });`;
  const module = new URL('../../dist/embedded/embedded.js', import.meta.url).href;
  const words = ['--input-type=module', '-e', program, module, temporaryFolder(), folder];
  const said = execFileSync(process.execPath, words, { encoding: 'utf8' });
  expect(said).toMatch(/^config can't write the queue file .*EACCES: permission denied/);
});

it('is refused when something else is in the place of its folder', async () => {
  const folder = join(temporaryFolder(), 'dq');
  writeFileSync(folder, '');
  expect(await refusal(folder)).toMatchObject({ kind: 'config' });
  mkdirSync(`${folder}2/queue.db`, { recursive: true });
  expect(await refusal(`${folder}2`)).toMatchObject({ kind: 'config' });
});

function overwrite(file: string, position: number, bytes: Buffer): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, position);
  closeSync(descriptor);
}
