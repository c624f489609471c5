// The queue file as a user of dq meets it: for its owner only, and refused untouched when it isn't fit.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSqlite } from '../../src/embedded/sqlite.ts';
import { dq, lines, type Ran } from '../support/cli.ts';
import { embeddedPlace, type EmbeddedPlace } from '../support/places.ts';
import { noteRun, runsOf } from '../support/runs.ts';
import { temporaryFolder } from '../support/servers.ts';
import { makeReadOnly, mayMount, mountTmpfs } from '../support/tmpfs.ts';

const isRoot = process.getuid?.() === 0;
const canMount = mayMount();

/** A queue with some jobs, all of them in the file itself. */
async function filled(): Promise<{ place: EmbeddedPlace; file: string }> {
  const place = embeddedPlace();
  const stdin = Array.from({ length: 500 }, (_, at) => `job ${at}\n`).join('');
  expect((await place.dq(['put', '--lines'], { stdin })).code).toBe(0);
  const file = join(place.state, 'queue.db');
  await change(file, 'PRAGMA wal_checkpoint(TRUNCATE)');
  return { place, file };
}

async function change(file: string, sql: string): Promise<void> {
  const sqlite = await loadSqlite();
  const connection = new sqlite(file);
  connection.exec(sql);
  connection.close();
}

it('and its folder are for this user only, whatever the umask', () => {
  const place = embeddedPlace();
  const script = 'umask 000; exec "$0" "$1" put hello';
  const binary = new URL('../../bin/dq.cjs', import.meta.url).pathname;
  const { env } = place.around();
  execFileSync('sh', ['-c', script, process.execPath, binary], {
    cwd: place.folder,
    env: { ...process.env, ...env },
  });
  expect(statSync(place.state).mode & 0o777).toBe(0o700);
  expect(statSync(join(place.state, 'queue.db')).mode & 0o777).toBe(0o600);
});

it("doesn't grow with what was put and is long since gone", async () => {
  const place = embeddedPlace();
  const log = join(place.state, 'queue.db-wal');
  const long = { stdin: 'x'.repeat(600_000) };
  const { stdout } = await place.dq(['put', '-'], long);
  expect((await place.dq(['delete', stdout.trim()])).code).toBe(0);
  for (let time = 0; time < 4; time += 1) {
    expect((await place.dq(['put', '-'], long)).code).toBe(0);
    expect(statSync(log, { throwIfNoEntry: false })?.size ?? 0).toBeLessThan(2_000_000);
  }
});

const commands: readonly (readonly [string, readonly string[]])[] = [
  ['put', ['put', 'hello']],
  ['at', ['at', '+1h', 'hello']],
  ['delete', ['delete', 'embedded/default/1']],
  ['work', ['work', '--drain', '--', 'true']],
  ['doctor', ['doctor']],
];

it.each(commands)(
  'dq %s: where no folder can be made is told, and nothing hangs',
  async (_, words) => {
    const env = { STATE_DIRECTORY: '/proc/no/such' };
    const { code, stderr } = await dq(words, { env });
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/can't write the queue file \/proc\/no/),
    ]);
  },
);

const unfit: readonly (readonly [string, (file: string) => unknown, RegExp])[] = [
  [
    'damaged',
    (file) => {
      truncateSync(file, 4_096);
    },
    /is damaged/,
  ],
  [
    'no SQLite file',
    (file) => {
      writeFileSync(file, 'Dear diary,\n'.repeat(500));
    },
    /is damaged/,
  ],
  [
    'empty',
    (file) => {
      truncateSync(file, 0);
    },
    /no queue file of dq/,
  ],
  [
    'of another program',
    (file) => change(file, 'PRAGMA application_id = 7; PRAGMA wal_checkpoint(TRUNCATE)'),
    /no queue file of dq/,
  ],
  [
    'of a newer dq',
    (file) => change(file, 'PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)'),
    /newer dq/,
  ],
];

describe.each(unfit)('a file that is %s', (_, spoil, message) => {
  it('is exit 2 for every command, says why with a remedy, and stays as it is', async () => {
    const { place, file } = await filled();
    await spoil(file);
    const before = readFileSync(file);
    for (const [name, words] of commands) {
      const ran = await place.dq(words);
      expectRefusal(ran, name, file, message);
    }
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});

function expectRefusal(ran: Ran, name: string, file: string, message: RegExp): void {
  expect([name, ran.code, ran.stdout]).toEqual([name, 2, '']);
  const [first = '', hint = '', ...more] = lines(ran.stderr).filter(
    (line) => !line.includes(' working '),
  );
  expect(first).toMatch(/^dq: /);
  expect(first).toContain(file);
  expect(first).toMatch(message);
  expect(hint).toMatch(/^ {4}\w/);
  expect(more).toEqual([]);
}

it.runIf(canMount || !isRoot)('that may only be read is exit 2, and stays as it is', async () => {
  const { place, file } = await filled();
  const before = readFileSync(file);
  let state = place.state;
  if (canMount) {
    // Modes don't bind root: a file system does.
    state = mountTmpfs(1_000);
    writeFileSync(join(state, 'queue.db'), before, { mode: 0o600 });
    makeReadOnly(state);
  } else chmodSync(file, 0o400);
  const there = join(state, 'queue.db');
  for (const [name, words] of commands) {
    const ran = await place.dq(words, { env: { STATE_DIRECTORY: state } });
    expectRefusal(ran, name, there, /can't write/);
  }
  expect(readFileSync(there).equals(before)).toBe(true);
});

it('that is taken away from a worker ends it: exit 2', async () => {
  const place = embeddedPlace();
  const work = place.startDq(['work', '--json', '--', 'true']);
  await work.event('working');
  renameSync(place.state, join(place.folder, 'elsewhere'));
  const { code, stderr } = await work.ended;
  expect(code).toBe(2);
  expect(stderr).toMatch(/"message":"the queue file .* was removed while it was in use"/);
});

it('that is taken away from a worker with a running handler ends it when that is over', async () => {
  const place = embeddedPlace();
  await place.put('hello');
  const handler = 'echo started >&2; until [ -e go ]; do sleep 0.02; done; echo ended';
  const work = place.startDq(['work', '--', handler]);
  await work.line(/^started$/);
  renameSync(place.state, join(place.folder, 'elsewhere'));
  place.write('go', '');
  const { code, stdout, stderr } = await work.ended;
  expect([code, stdout]).toEqual([2, 'ended\n']);
  expect(stderr).toMatch(/dq: the queue file .* was removed/);
});

describe.runIf(canMount)('a full disk', () => {
  const big = 'x'.repeat(60_000);
  /** Not of the queue: what an administrator removes to make room. */
  const filler = 'filler';

  /** A queue on a small disk that holds what it was possible to put, the last of it small. */
  async function full() {
    const place = embeddedPlace();
    const state = mountTmpfs(2_500);
    writeFileSync(join(state, filler), Buffer.alloc(2_000_000));
    const env = { STATE_DIRECTORY: state };
    const refused = await refusal(place, env, big);
    const kept = [...refused.kept, ...(await refusal(place, env, 'small')).kept];
    return { place, state, env, kept, ran: refused.ran };
  }

  async function refusal(
    place: EmbeddedPlace,
    env: Readonly<Record<string, string>>,
    stdin: string,
  ) {
    const kept: string[] = [];
    for (;;) {
      const ran = await place.dq(['put', '-'], { env, stdin });
      if (ran.code !== 0) return { kept, ran };
      kept.push(stdin);
    }
  }

  it('is exit 75, and nothing is half-written', async () => {
    const { place, state, env, kept, ran } = await full();
    expect(kept.length).toBeGreaterThan(0);
    expect([ran.code, ran.stdout]).toEqual([75, '']);
    expect(ran.stderr).toMatch(
      /^dq: no space is left for \S*queue\.db\n {4}nothing was kept; make room/,
    );
    const stdin = [...Array<string>(20).fill(big), ''].join('\n');
    const many = await place.dq(['put', '--lines'], { env, stdin });
    expect([many.code, many.stdout]).toEqual([75, '']);
    expect(many.stderr).toMatch(/no space is left[^]*\b1\b/);

    const roomier = { env: { STATE_DIRECTORY: copyOf(state) } };
    const words = ['work', '--drain', '--', 'wc -c'];
    const { code, stdout } = await place.dq(words, roomier);
    expect([code, lines(stdout)]).toEqual([0, kept.map(({ length }) => String(length))]);
  });

  it('keeps a worker waiting, which says so once and goes on when there is room', async () => {
    const { place, state, env, kept } = await full();
    const work = place.startDq(['work', '--json', '--drain', '--', noteRun], { env });
    await work.event('node-down');
    rmSync(join(state, filler));
    await work.event('node-up');
    const { code, stderr } = await work.ended;
    expect([code, runsOf(place).length]).toEqual([0, kept.length]);
    expect(stderr.match(/"event":"node-down"/g)).toHaveLength(1);
  });
});

function copyOf(folder: string): string {
  const copy = temporaryFolder();
  for (const name of ['queue.db', 'queue.db-wal']) {
    writeFileSync(join(copy, name), readFileSync(join(folder, name)), { mode: 0o600 });
  }
  return copy;
}

it('is the only thing that is not written when a folder can not be made', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  const env = { STATE_DIRECTORY: join(folder, 'file', 'dq') };
  const { code, stderr } = await dq(['put', 'x'], { env });
  expect(code).toBe(2);
  expect(stderr).toMatch(/can't write the queue file/);
});
