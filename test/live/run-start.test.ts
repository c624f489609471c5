// How a handler is started: by posix_spawn, and by Node where that can't be.

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { resolveHandler, type HandlerCommand } from '../../src/run/command.ts';
import { loadPosixSpawn } from '../../src/run/posix-spawn.ts';
import { run, shell } from '../support/handlers.ts';
import { temporaryFolder } from '../support/servers.ts';

/** A program that isn't run by a shell first, with its output in `out`. */
function words(...given: readonly string[]): HandlerCommand {
  return resolveHandler(given, { cwd: temporaryFolder(), env: process.env });
}

/** A handler named `greet` in a folder of its own. */
function greeter(text: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'greet'), text);
  chmodSync(join(folder, 'greet'), 0o755);
  return folder;
}

it('is by posix_spawn on this system', async () => {
  expect(await loadPosixSpawn()).toBeDefined();
});

describe('a handler', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each(['SigBlk', 'SigIgn'])('begins with no signal in %s', async (set) => {
    const command = words('sed', '-n', `s/^${set}:\\s*//w out`, '/proc/self/status');
    expect(await run(command)).toMatchObject({ kind: 'exited', code: 0 });
    expect(readFileSync(join(command.cwd, 'out'), 'utf8')).toBe('0000000000000000\n');
  });

  it('gets no more of our files than one that Node starts', async () => {
    const command = shell('ls /proc/self/fd >out');
    const files = (): string => readFileSync(join(command.cwd, 'out'), 'utf8');
    await run(command, { onOutput: () => undefined });
    const given = files();
    await run(command);
    expect(files()).toBe(given);
  });

  it('leads a session of its own', async () => {
    const command = shell('cut -d " " -f 6 /proc/$$/stat >out; echo $$ >>out');
    await run(command);
    const [session, pid] = readFileSync(join(command.cwd, 'out'), 'utf8').split('\n');
    expect(session).toBe(pid);
  });

  it('writes to a stdout that waits, though one before it made that non-blocking', async () => {
    const flags = (): number => {
      const [, octal] = /^flags:\s*(\d+)/m.exec(readFileSync('/proc/self/fdinfo/1', 'utf8')) ?? [];
      return parseInt(octal ?? '', 8) & 0o4000;
    };
    // Node would put it right at its exit
    const unblock = 'new (require("net").Socket)({ fd: 1 }); process.kill(process.pid, "SIGKILL")';
    await run(words(process.execPath, '-e', unblock));
    expect(flags()).toBe(0o4000);
    await run(shell(''));
    expect(flags()).toBe(0);
  });

  it('that is ended by a signal without a name has not succeeded', async () => {
    const outcome = await run(shell('kill -40 $$'));
    expect(outcome).toMatchObject({ kind: 'signalled', signal: 'signal 40' });
  });

  it('is looked up in its own PATH', async () => {
    vi.stubEnv('PATH', `${greeter('#!/bin/sh\nexit 1\n')}:/bin`);
    const env = { PATH: `${greeter('#!/bin/sh\nexit 3\n')}:/bin` };
    const command = resolveHandler(['greet'], { cwd: '/', env });
    expect(await run(command)).toMatchObject({ kind: 'exited', code: 3 });
  });

  it('that names no interpreter is run by sh', async () => {
    const command = words(join(greeter('exit 4\n'), 'greet'));
    expect(await run(command)).toMatchObject({ kind: 'exited', code: 4 });
  });

  it('is one of many that start and end at once, each with its own end', async () => {
    const codes = Array.from({ length: 300 }, (_, index) => index % 256);
    const ends = await Promise.all(codes.map((code) => run(shell(`exit ${code}`))));
    expect(ends.map((end) => end.kind === 'exited' && end.code)).toEqual(codes);
  });
});

describe('without koffi', () => {
  afterEach(() => {
    vi.doUnmock('koffi');
    vi.resetModules();
  });

  it('a handler is started by Node', async () => {
    vi.resetModules();
    vi.doMock('koffi', () => {
      throw new Error('no build for this machine');
    });
    const { loadPosixSpawn: load } = await import('../../src/run/posix-spawn.ts');
    expect(await load()).toBeUndefined();
    const { runHandler } = await import('../../src/run/handler.ts');
    const given = { payload: Buffer.alloc(0), env: {} };
    const outcome = await runHandler(shell('exit 5'), given, new AbortController().signal);
    expect(outcome).toMatchObject({ kind: 'exited', code: 5 });
  });
});
