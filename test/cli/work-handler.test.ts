// The handler's contract: what it is given, and what its exit means.

import { Buffer } from 'node:buffer';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { binary, jsonLines, lines, shellDq, type Ran } from '../support/cli.ts';
import type { Place } from '../support/place.ts';
import { places } from '../support/places.ts';
import { isRunning } from '../support/processes.ts';
import { noteRun, runsOf } from '../support/runs.ts';
import { until } from '../support/wait.ts';

let cluster: Place;

describe.each(places)('on %s', (_, openPlace) => {
  beforeAll(async () => {
    cluster = await openPlace();
  });

  /** Puts one job and works until it is over. */
  async function workOne(
    payload: string | Uint8Array,
    words: readonly string[],
  ): Promise<Ran & { readonly tube: string }> {
    const tube = cluster.tube();
    await cluster.dq(['-t', tube, 'put', '-'], { stdin: payload });
    return { tube, ...(await cluster.dq(['-t', tube, 'work', '--drain', ...words])) };
  }

  describe('the payload', () => {
    it('is on stdin, byte for byte', async () => {
      const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const { code } = await workOne(all, ['--', 'cat > got']);
      expect(code).toBe(0);
      expect(readFileSync(join(cluster.folder, 'got')).equals(all)).toBe(true);
    });

    it('may be ignored, however long it is', async () => {
      expect((await workOne('x'.repeat(150_000), ['--', 'true'])).code).toBe(0);
    });

    it.each<[string, string | Uint8Array, string]>([
      ['text', 'héllo\nwörld', 'héllo\nwörld'],
      ['an empty one', '', ''],
      ['64 KiB', 'x'.repeat(65_536), 'x'.repeat(65_536)],
      ['more than that', 'x'.repeat(65_537), 'unset'],
      ['a NUL', 'a\0b', 'unset'],
      ['no UTF-8', Buffer.from([0x61, 0xff]), 'unset'],
    ])('is in DQ_PAYLOAD when it can be: %s', async (_, payload, expected) => {
      const { stdout } = await workOne(payload, ['--', 'printf %s "${DQ_PAYLOAD-unset}"']);
      expect(stdout).toBe(expected);
    });

    it('is never evaluated', async () => {
      const { stdout } = await workOne('$(echo evil); `echo evil`', ['--', 'echo "$DQ_PAYLOAD"']);
      expect(stdout).toBe('$(echo evil); `echo evil`\n');
    });
  });

  describe('the environment', () => {
    it('tells the facts of the job', async () => {
      const tube = cluster.tube();
      const { key, due, receipt } = await cluster.put('-t', tube, 'hello');
      const { stdout } = await cluster.dq(['-t', tube, 'work', '--drain', '--', 'env']);
      const env = new Map(lines(stdout).map((line) => line.split('=', 2) as [string, string]));
      expect(receipt.split(',')).toContain(env.get('DQ_ID'));
      expect(env.get('DQ_KEY')).toBe(key);
      expect(env.get('DQ_DUE')).toBe(due);
      expect(env.get('DQ_ATTEMPT')).toBe('1');
      expect(env.get('DQ_PAYLOAD')).toBe('hello');
      expect(env.get('DQ_CONFIG')).toBe(cluster.file);
      expect(env.get('HOME')).toBe(cluster.folder);
    });

    it('lets a dq inside the handler reach the same cluster from anywhere', async () => {
      const inner = cluster.tube();
      const script = `cd / && '${process.execPath}' '${binary}' -t ${inner} put inside`;
      expect((await workOne('hello', ['--', script])).code).toBe(0);
      expect(await cluster.counts(inner)).toMatchObject(cluster.each({ ready: 1 }));
    });
  });

  describe('the words', () => {
    it('are executed as they are', async () => {
      const words = ['printf', '%s|', 'a b', '$HOME', '*', '', '--json', '-h'];
      const { stdout } = await workOne('hello', ['--', ...words]);
      expect(stdout).toBe('a b|$HOME|*||--json|-h|');
    });

    it('are a line of shell when it is a single one', async () => {
      const { stdout } = await workOne('hello', ['--', 'cat | tr a-z A-Z && echo "!"']);
      expect(stdout).toBe('HELLO!\n');
    });

    it('may name a file', async () => {
      cluster.write('my handler.sh', '#!/bin/sh\necho from the file "$@"\n');
      chmodSync(join(cluster.folder, 'my handler.sh'), 0o755);
      const { stdout } = await workOne('hello', ['--', './my handler.sh', 'x']);
      expect(stdout).toBe('from the file x\n');
    });

    it('have their stdout and stderr passed through', async () => {
      const { stdout, stderr } = await workOne('hello', ['-q', '--', 'echo out; echo err >&2']);
      expect([stdout, stderr]).toEqual(['out\n', 'err\n']);
    });
  });

  describe('the exit', () => {
    it('65 buries the job at once, on every node', async () => {
      const { code, stdout, tube } = await workOne('hello', ['--', 'echo ran; exit 65']);
      expect([code, stdout]).toEqual([1, 'ran\n']);
      expect(await cluster.counts(tube)).toMatchObject(cluster.each({ buried: 1 }));
    });

    it('any other is a failure: it is tried again, and may succeed', async () => {
      const handler = 'echo "$DQ_ATTEMPT"; [ "$DQ_ATTEMPT" = 2 ]';
      const { code, stdout, tube } = await workOne('hello', ['--', handler]);
      expect([code, stdout]).toEqual([0, '1\n2\n']);
      expect(await cluster.counts(tube)).toMatchObject(cluster.each({ buried: 0 }));
    });

    it('two tries are at least two seconds apart', async () => {
      const own = await openPlace();
      await own.put('hello');
      const { stderr } = await own.dq([
        'work',
        '--json',
        '--drain',
        '--',
        `${noteRun}; exit $((2 - DQ_ATTEMPT))`,
      ]);
      const [first, second] = runsOf(own).map(({ startedAt }) => startedAt);
      expect(Number(second) - Number(first)).toBeGreaterThanOrEqual(2_000);
      const [failed] = jsonLines(stderr).filter(({ event }) => event === 'failed');
      expect(failed).toMatchObject({ attempt: 1, exitCode: 1 });
      expect(failed?.['retryMs']).toBeGreaterThanOrEqual(2_000);
      expect(failed?.['retryMs']).toBeLessThanOrEqual(2_500);
    });

    it('so many failures bury it', async () => {
      const words = ['--attempts', '2', '--', 'echo "$DQ_ATTEMPT"; exit 3'];
      const { code, stdout, stderr, tube } = await workOne('hello', words);
      expect([code, stdout]).toEqual([1, '1\n2\n']);
      expect(stderr).toMatch(/\b3\b/);
      expect(await cluster.counts(tube)).toMatchObject(cluster.each({ buried: 1 }));
    });

    it('a signal is a failure', async () => {
      const { code, tube } = await workOne('hello', ['--attempts', '1', '--', 'kill -9 $$']);
      expect(code).toBe(1);
      expect(await cluster.counts(tube)).toMatchObject(cluster.each({ buried: 1 }));
    });

    it('a timeout is a failure, and ends all that the handler started', async () => {
      const handler = 'sleep 1000 & echo $! > background; wait';
      const words = ['--attempts', '1', '--timeout', '4s', '--', handler];
      const { code, tube } = await workOne('hello', words);
      expect(code).toBe(1);
      expect(await cluster.counts(tube)).toMatchObject(cluster.each({ buried: 1 }));
      const [background = ''] = cluster.read('background');
      expect(Number(background)).toBeGreaterThan(1);
      // Its pipes are closed a moment before it is gone
      await until('it has ended', () => !isRunning(Number(background)));
    });
  });

  describe('a handler that dies of SIGPIPE', () => {
    it('counts as no failure when dq’s own stdout has no reader: the worker ends', async () => {
      const own = await openPlace();
      await own.put('hello');
      const words = `work --attempts 1 -- 'echo "$DQ_ATTEMPT" >> ran; echo hello'`;
      const script = `mkfifo pipe; exec 3<>pipe 4>pipe 3>&-; dq ${words} >&4`;
      const { code, stderr } = await shellDq(script, own.around());
      expect(code).toBe(75);
      expect(stderr).toMatch(/^dq: .*nobody seems to read the output of dq work/m);
      expect(own.read('ran')).toEqual(['1', '2', '3']);
      expect((await own.dq(['work', '--drain', '--attempts', '1', '--', 'echo'])).code).toBe(0);
    });

    it('counts as no failure when dq’s own stdout is a socket that lost its reader', async () => {
      const own = await openPlace();
      await own.put('hello');
      const handler = 'until [ -e go ]; do sleep 0.05; done; echo hello';
      const work = own.startDq(['work', '--attempts', '1', '--', handler]);
      work.closeStdout();
      own.write('go', '');
      const { code, stderr } = await work.ended;
      expect(code).toBe(75);
      expect(stderr).toMatch(/^dq: .*nobody seems to read the output of dq work/m);
    });

    it('has failed when dq’s own stdout is a socket that is read', async () => {
      const own = await openPlace();
      await own.put('hello');
      const words = ['work', '--drain', '--attempts', '1', '--', 'kill -PIPE $$'];
      const { code, stderr } = await own.dq(words);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/buried .*ended by SIGPIPE/)]);
    });

    it('has failed when dq writes to files', async () => {
      const own = await openPlace();
      await own.put('hello');
      const words = `work --drain --attempts 1 -- 'kill -PIPE $$'`;
      expect((await shellDq(`dq ${words} >out 2>&1`, own.around())).code).toBe(1);
      expect(own.read('out').join()).toMatch(/buried .*ended by SIGPIPE/);
    });

    it('has failed when its output is read by dq', async () => {
      const own = await openPlace();
      await own.put('hello');
      const words = ['work', '--json', '--drain', '--attempts', '1', '--', 'kill -PIPE $$'];
      expect((await own.dq(words)).code).toBe(1);
    });
  });

  describe('a handler that can’t be started', () => {
    it('is refused at once when its interpreter is missing', async () => {
      const own = await openPlace();
      own.write('handler.sh', '#!/no/such/interpreter\n', 0o755);
      const { code, stderr } = await own.dq(['work', '--drain', '--', './handler.sh']);
      expect(code).toBe(2);
      expect(stderr).toMatch(/interpreter of .*handler\.sh is missing: "\/no\/such\/interpreter"/);
    });

    it('counts as no attempt: the job waits until it can', async () => {
      const own = await openPlace();
      own.write('handler.sh', '#!/bin/sh\n', 0o755);
      const words = ['work', '--attempts', '1', '--json', '--', './handler.sh'];
      const work = own.startDq(words);
      await work.event('working');
      own.write('handler.sh', '#!/no/such/interpreter\n', 0o755);
      await own.put('hello');
      expect((await work.event('unstartable'))['level']).not.toBe('debug');
      own.write('handler.sh', '#!/bin/sh\necho "$DQ_ATTEMPT" >> ran\n', 0o755);
      await until('it ran', () => own.read('ran').length > 0);
      expect(own.read('ran')).toEqual(['1']);
      work.kill('SIGTERM');
      expect((await work.ended).code).toBe(0);
    });
  });
});
