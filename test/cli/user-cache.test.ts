// The code caches of a user whose Node isn't that of the build.

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../support/servers.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const version = `${process.version}-${process.arch}`;

let dq: string;
let caches: string;
let elsewhere: string;

/** An installation that was built by another Node: its caches are none for this one. */
beforeAll(() => {
  const installed = temporaryFolder();
  for (const part of ['bin', 'dist', 'package.json']) {
    cpSync(join(root, part), join(installed, part), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(installed, 'node_modules'));
  const command = join(installed, 'dist/command');
  const ofTheBuild = readdirSync(command).filter((name) => name.endsWith(`.${version}.cache`));
  expect(ofTheBuild).toContain(`dq.cjs.put.${version}.cache`);
  for (const name of ofTheBuild) rmSync(join(command, name));
  dq = join(installed, 'bin/dq.cjs');
});

beforeEach(() => {
  caches = temporaryFolder();
  elsewhere = temporaryFolder();
});

function node(words: readonly string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, words, {
    encoding: 'utf8',
    cwd: elsewhere,
    env: { PATH: '/bin', XDG_CACHE_HOME: caches, STATE_DIRECTORY: temporaryFolder(), ...env },
  });
}

function written(): string[] {
  return readdirSync(caches, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.startsWith(`dq/${version}/`),
  );
}

function files(): number[] {
  return written().map((name) => statSync(join(caches, name)).ino);
}

/** What V8 said of the cache: true, false, or undefined without one. */
function rejected(before = ''): string {
  const look = `${before};
    const { compiled, first } = require(${JSON.stringify(dq)});
    process.stdout.write(String(compiled(first).cachedDataRejected));
    process.reallyExit(0);`;
  return node(['-e', look]).stdout;
}

it('are written by the first run, and used by the next', () => {
  expect(rejected()).toBe('undefined');
  const { status, stdout, stderr } = node([dq, '--version']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(written().length).toBeGreaterThan(0);
  expect(rejected()).toBe('false');
  const before = files();
  expect(node([dq, '--version']).stdout).toBe(stdout);
  expect(files()).toEqual(before);
});

it('are others for a put', () => {
  node([dq, 'put', '-q', 'hello']);
  expect(written().some((name) => name.includes('/dq.cjs.put.'))).toBe(true);
  expect(rejected()).toBe('undefined');
});

it('are not those of another build of the same length', () => {
  node([dq, '--version']);
  const file = join(dq, '../../dist/command/dq.cjs');
  const text = readFileSync(file, 'latin1');
  writeFileSync(file, text.replace(/^\/\*\w{32}/, `/*${'0'.repeat(32)}`));
  expect(rejected()).toBe('undefined');
  writeFileSync(file, text);
  expect(rejected()).toBe('false');
});

it('are not read when they belong to another user', () => {
  node([dq, '--version']);
  expect(rejected('process.geteuid = () => 4242')).toBe('undefined');
});

it('are written anew when they are damaged', () => {
  node([dq, '--version']);
  for (const name of written()) writeFileSync(join(caches, name), 'x'.repeat(5_000));
  expect(rejected()).toBe('true');
  expect(node([dq, '--version'])).toMatchObject({ status: 0, stderr: '' });
  expect(rejected()).toBe('false');
});

it.each([
  ['a run that fails', ['put', '--no-such-option'], {}],
  ['one that is told not to', ['--version'], { NODE_DISABLE_COMPILE_CACHE: '1' }],
  ['one without a home', ['--version'], { XDG_CACHE_HOME: '' }],
  ['one that has no place for them', ['--version'], { XDG_CACHE_HOME: '/dev/null' }],
])('are not written by %s', (_, words, env) => {
  const { status, stderr } = node([dq, ...words], env);
  expect({ status, stderr: stderr.includes('no-such-option') }).toEqual(
    words.length === 1 ? { status: 0, stderr: false } : { status: 2, stderr: true },
  );
  expect(written()).toEqual([]);
  expect(readdirSync(elsewhere)).toEqual([]);
});

it('are written nowhere when those of the build fit', () => {
  node([join(root, 'bin/dq.cjs'), '--version']);
  expect(written()).toEqual([]);
});
