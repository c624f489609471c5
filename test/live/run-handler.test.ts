import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { chmodSync, fstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveHandler } from '../../src/run/command.ts';
import { handlerEnvironment } from '../../src/run/environment.ts';
import { openPayload } from '../../src/run/payload-file.ts';
import { namedPipe, run, shell } from '../support/handlers.ts';
import { temporaryFolder } from '../support/servers.ts';

const facts = {
  replica: { endpoint: 'embedded', tube: 'default', id: 7n },
  key: '5d41402abc4b2a76b9719d911017c592',
  dueMs: 0,
  attempt: 1,
};

function script(text: string): string {
  const path = join(temporaryFolder(), 'handler');
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

describe('the outcome', () => {
  it.each([0, 1, 65, 127, 255])('is the exit code %i', async (code) => {
    expect(await run(shell('exit "$1"', String(code)))).toMatchObject({ kind: 'exited', code });
  });

  it.each(['SIGKILL', 'SIGTERM', 'SIGSEGV'])('is the signal %s', async (signal) => {
    const outcome = await run(shell('kill -s "$1" $$', signal.slice(3)));
    expect(outcome).toMatchObject({ kind: 'signalled', signal });
  });

  it('is unstartable when the file has gone', async () => {
    const path = script('#!/bin/sh\n');
    const command = resolveHandler([path], { cwd: '/', env: {} });
    rmSync(path);
    expect(await run(command)).toEqual({
      kind: 'unstartable',
      message: `can't start ${path}: it, its interpreter or the working folder is missing (ENOENT)`,
    });
  });

  it('is unstartable when the interpreter is missing', async () => {
    const path = script('#!/bin/sh\n');
    const command = resolveHandler([path], { cwd: '/', env: {} });
    writeFileSync(path, '#!/no/such/sh\n');
    expect(await run(command)).toMatchObject({ kind: 'unstartable' });
  });

  it('is unstartable when the file has lost its x', async () => {
    const path = script('#!/bin/sh\n');
    const command = resolveHandler([path], { cwd: '/', env: {} });
    chmodSync(path, 0o644);
    const message = expect.stringContaining('(EACCES)') as string;
    expect(await run(command)).toEqual({ kind: 'unstartable', message });
  });

  it('is unstartable when the environment is too long for the system', async () => {
    const env = { HUGE: 'x'.repeat(4_000_000) };
    const message = expect.stringContaining('too long (E2BIG)') as string;
    expect(await run(shell(''), { env })).toEqual({ kind: 'unstartable', message });
  });

  it('does not wait for what the handler leaves in the background, nor touches it', async () => {
    const [question, answer] = [namedPipe(), namedPipe()];
    const leave = '{ read -r line <"$1"; echo "$line" >"$2"; } & exit 3';
    const outcome = await run(shell(leave, question.path, answer.path));
    expect(outcome).toMatchObject({ kind: 'exited', code: 3 });
    const answered = answer.written();
    question.write('alive\n');
    expect(await answered).toBe('alive\n');
  });

  it('leaves no file open', async () => {
    const missing = { ...shell(''), file: '/no/such/file' };
    await run(shell(''), { onOutput: () => undefined });
    const before = readdirSync('/dev/fd').length;
    for (let times = 0; times < 10; times++) {
      await run(missing, { onOutput: () => undefined });
      await run(shell(''), { payload: Buffer.from('x') });
      await run(shell(''), { onOutput: () => undefined });
    }
    expect(readdirSync('/dev/fd').length).toBeLessThanOrEqual(before);
  });
});

describe('the payload', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['every byte', Buffer.from([...Array(256).keys()])],
    ['10 MB', randomBytes(10_000_000)],
  ])('of %s reaches stdin byte for byte', async (_, payload) => {
    const out = join(temporaryFolder(), 'out');
    await run(shell('cat >"$1"', out), { payload });
    expect(readFileSync(out).equals(payload)).toBe(true);
  });

  it('may be ignored, however long it is', async () => {
    const outcome = await run(shell('exit 0'), { payload: randomBytes(10_000_000) });
    expect(outcome).toMatchObject({ kind: 'exited', code: 0 });
  });

  it('may be read after 10 MB of output were written', async () => {
    const lines: string[] = [];
    const talk = 'yes "$1" | head -c 10000000; echo; wc -c';
    await run(shell(talk, 'x'.repeat(999)), {
      payload: randomBytes(10_000_000),
      onOutput: (_, line) => lines.push(line),
    });
    expect(lines.length).toBe(10_000_000 / 1000 + 2);
    expect(lines.at(-1)?.trim()).toBe('10000000');
  });

  it('may be opened as a file, and more than once', async () => {
    const out = join(temporaryFolder(), 'out');
    await run(shell('cat /dev/stdin - >"$1"', out), { payload: Buffer.from('hello') });
    expect(readFileSync(out, 'utf8')).toMatch(/^(hello){1,2}$/);
  });

  it('is never evaluated', async () => {
    const text = `$(touch x) \`touch x\` "; touch x; '\n' touch x\n\${HOME}\\`;
    const payload = Buffer.from(text);
    const cwd = temporaryFolder();
    const word = 'cat >out; printf %s "$DQ_PAYLOAD" >env';
    await run(resolveHandler([word], { cwd, env: process.env }), {
      payload,
      env: handlerEnvironment({ ...facts, payload }),
    });
    expect(readdirSync(cwd).sort()).toEqual(['env', 'out']);
    expect(readFileSync(join(cwd, 'out'), 'utf8')).toBe(text);
    expect(readFileSync(join(cwd, 'env'), 'utf8')).toBe(text);
  });

  it('of 64 KiB of text fits into the environment', async () => {
    const payload = Buffer.alloc(64 * 1024, 'x');
    const env = handlerEnvironment({ ...facts, payload });
    const outcome = await run(shell('[ "${#DQ_PAYLOAD}" = 65536 ]'), { payload, env });
    expect(outcome).toMatchObject({ kind: 'exited', code: 0 });
  });

  it('goes to the second folder when the first does not take it, and leaves no file there', () => {
    const folder = temporaryFolder();
    const file = openPayload(Buffer.from('hello'), ['/no/such/folder', folder]);
    expect(readFileSync(file, 'utf8')).toBe('hello');
    expect(fstatSync(file).nlink).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
    expect(() => openPayload(Buffer.from('x'), ['/no/such/folder', '/nor/this'])).toThrow('ENOENT');
  });
});

describe('the surroundings', () => {
  it('are the folder and the environment of the command, and what the run adds', async () => {
    const cwd = temporaryFolder();
    const env = { PATH: process.env['PATH'], OURS: 'a', BOTH: 'a', DQ_PAYLOAD: 'of another job' };
    const word = 'echo "$OURS $BOTH ${DQ_PAYLOAD-none}" >out';
    await run(resolveHandler([word], { cwd, env }), { env: { BOTH: 'b' } });
    expect(readFileSync(join(cwd, 'out'), 'utf8')).toBe('a b none\n');
  });

  it('have our own stdout and stderr when nobody listens', async () => {
    const out = join(temporaryFolder(), 'out');
    const look = `fs.writeFileSync(process.argv[1], [1, 2].map((fd) => fs.fstatSync(fd).ino).join())`;
    const words = [process.execPath, '-e', look, out];
    await run(resolveHandler(words, { cwd: '/', env: process.env }));
    expect(readFileSync(out, 'utf8')).toBe(`${fstatSync(1).ino},${fstatSync(2).ino}`);
  });
});
