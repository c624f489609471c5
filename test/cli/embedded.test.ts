// dq without a configuration, and with `nodes: embedded`: where the queue is, and when that is said.

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dq, jsonLines, lines, startDq, type Around } from '../support/cli.ts';
import { temporaryFolder } from '../support/servers.ts';
import { until } from '../support/wait.ts';

/** Nothing but these variables tells where the queue is. */
function elsewhere(env: Readonly<Record<string, string>> = {}): Around & { state: string } {
  const cwd = temporaryFolder();
  const state = join(cwd, 'state');
  return { cwd, state, env: { STATE_DIRECTORY: state, ...env } };
}

/** Root's own queue is the machine's: for a user it is at home. */
const asUser = {
  NODE_OPTIONS: '--import=data:text/javascript,process.getuid=()=>1000',
  STATE_DIRECTORY: undefined,
};

/** A number that isn't in the list of users, as in a container. */
const asNobody = {
  ...asUser,
  NODE_OPTIONS:
    asUser.NODE_OPTIONS +
    ";process.getBuiltinModule('os').userInfo=()=>{throw(Object.assign(Error(),{code:'ERR_SYSTEM_ERROR'}))}",
};

const said = (folder: string): string =>
  `no configuration: the queue is in ${folder}, this machine and user only\n`;

describe('with no configuration', () => {
  it('a job is put, and run by a worker', async () => {
    const here = elsewhere();
    const put = await dq(['put', 'hello'], here);
    expect(put).toMatchObject({ code: 0, stdout: 'embedded/default/1\n' });
    const work = await dq(['work', '--drain', '--', 'cat; echo " $DQ_ID"'], here);
    expect(work).toMatchObject({ code: 0, stdout: 'hello embedded/default/1\n' });
  });

  it.each([
    ['put', ['put', 'hello'], 0],
    ['at', ['at', '+1h', 'hello'], 0],
    ['delete', ['delete', 'embedded/default/1'], 1],
    ['work', ['work', '--drain', '--', 'true'], 0],
  ])('%s says on stderr, in one line, where the queue is', async (_, words, code) => {
    const here = elsewhere();
    const ran = await dq(words, here);
    expect(ran.code).toBe(code);
    expect(lines(ran.stderr).filter((line) => line.includes('machine'))).toEqual([
      said(here.state).trim(),
    ]);
    expect((await dq(['-q', ...words], here)).stderr).not.toContain('machine');
    const [told] = jsonLines((await dq(['--json', ...words], here)).stderr);
    expect(told).toEqual({ level: 'info', message: said(here.state).trim() });
  });

  it('doctor says it as one of its findings', async () => {
    const here = elsewhere();
    const { code, stdout, stderr } = await dq(['doctor'], here);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`${join(here.state, 'queue.db')}: this machine and user only`);
    expect(stdout).toMatch(/none found/);
  });

  it('doctor knows whether a worker waits', async () => {
    const here = elsewhere();
    const work = startDq(['work', '--json', '--', 'true'], here);
    await work.event('working');
    await until('it waits', async () =>
      /^ok .*a worker waits/m.test((await dq(['doctor'], here)).stdout),
    );
    work.kill('SIGTERM');
    expect((await work.ended).code).toBe(0);
    expect((await dq(['doctor'], here)).stdout).toMatch(/^warn .*no worker waits/m);
  });

  it.each([
    ['XDG_STATE_HOME', (cwd: string) => ({ XDG_STATE_HOME: join(cwd, 'xdg') }), 'xdg/dq'],
    ['home', () => ({}), '.local/state/dq'],
  ])('the queue of a user is in %s', async (_, env, folder) => {
    const cwd = temporaryFolder();
    const { code, stderr } = await dq(['put', 'x'], { cwd, env: { ...asUser, ...env(cwd) } });
    expect([code, stderr]).toEqual([0, said(join(cwd, folder))]);
    expect(statSync(join(cwd, folder, 'queue.db')).isFile()).toBe(true);
  });

  it.each([undefined, '', 'relative'])(
    'a user without a home is told so, HOME being %j',
    async (HOME) => {
      const cwd = temporaryFolder();
      for (const words of [['put', 'x'], ['list'], ['doctor'], ['work', '--', 'true']]) {
        const { code, stderr } = await dq(words, { cwd, env: { ...asNobody, HOME } });
        expect([words, code, stderr]).toEqual([
          words,
          2,
          expect.stringMatching(/^dq: there is no folder for the queue: .* no home\n .*HOME.*\n$/),
        ]);
      }
      expect(readdirSync(cwd)).toEqual([]);
    },
  );

  it('a user without a home needs none where the folder is named', async () => {
    const here = elsewhere({ NODE_OPTIONS: asNobody.NODE_OPTIONS, HOME: '' });
    expect(await dq(['put', 'x'], here)).toMatchObject({ code: 0, stderr: said(here.state) });
  });

  it('is an error in CI: nothing is put', async () => {
    const here = elsewhere({ CI: 'true' });
    for (const words of [['put', 'x'], ['at', '+1h', 'x'], ['work', '--', 'true'], ['doctor']]) {
      const { code, stdout, stderr } = await dq(words, here);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/CI is set.*lost[^]*DQ_NODES/);
    }
    expect(() => statSync(here.state)).toThrow('ENOENT');
  });
});

describe('said on purpose', () => {
  it.each([
    ['DQ_NODES=embedded', { DQ_NODES: 'embedded' }, undefined],
    ['DQ_NODES=embedded in CI', { DQ_NODES: 'embedded', CI: 'true' }, undefined],
    ['nodes: embedded', {}, 'nodes: embedded\n'],
    ['nodes: embedded in CI', { CI: 'true' }, 'nodes: embedded\n'],
    ['with a redis that it has no use for', {}, 'nodes: embedded\nredis: redis://127.0.0.1:1\n'],
  ])('%s: stderr is silent', async (_, env, config) => {
    const here = elsewhere(env);
    if (config !== undefined) writeFileSync(join(here.cwd ?? '', '.dqrc.yaml'), config);
    expect(await dq(['put', 'hello'], here)).toMatchObject({ code: 0, stderr: '' });
    const work = await dq(['-q', 'work', '--drain', '--', 'cat'], here);
    expect(work).toMatchObject({ code: 0, stdout: 'hello', stderr: '' });
  });
});

describe('the same queue', () => {
  it('is that of a dq inside the handler', async () => {
    const here = elsewhere();
    await dq(['put', 'outer'], here);
    const handler = 'cd / && "$DQ" "$BINARY" -q -t inner put "in $DQ_PAYLOAD"';
    const binary = new URL('../../bin/dq.cjs', import.meta.url).pathname;
    const env = { ...here.env, DQ: process.execPath, BINARY: binary };
    expect((await dq(['work', '--drain', '--', handler], { ...here, env })).code).toBe(0);
    const work = await dq(['-t', 'inner', 'work', '--drain', '--', 'cat'], here);
    expect(work.stdout).toBe('in outer');
  });

  it('knows a job that runs, and one that is done', async () => {
    const here = elsewhere();
    const { stdout } = await dq(['put', 'hello'], here);
    const receipt = stdout.trim();
    const handler = 'echo started >&2; until [ -e go ]; do sleep 0.02; done';
    const work = startDq(['work', '--drain', '--', handler], here);
    await work.line(/^started$/);
    expect(await dq(['delete', receipt], here)).toMatchObject({ code: 1 });
    writeFileSync(join(here.cwd ?? '', 'go'), '');
    expect((await work.ended).code).toBe(0);
    const [gone] = jsonLines((await dq(['--json', 'delete', receipt], here)).stdout);
    expect(gone).toMatchObject({ receipt, result: 'absent' });
  });
});

describe('init', () => {
  it('writes a configuration for its user only, with which all goes on as before', async () => {
    const here = elsewhere();
    await dq(['put', 'hello'], here);
    const { code, stdout, stderr } = await dq(['init'], here);
    const file = join(here.cwd ?? '', '.dqrc.yaml');
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain(`wrote ${file}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toMatch(/^nodes: embedded$/m);
    const work = await dq(['-q', 'work', '--drain', '--', 'cat'], here);
    expect(work).toMatchObject({ code: 0, stdout: 'hello', stderr: '' });
  });

  it('--cluster names nodes and Redis', async () => {
    const here = elsewhere();
    expect((await dq(['init', '--cluster'], here)).code).toBe(0);
    const { code, stdout } = await dq(['doctor'], here);
    expect(code).toBe(75);
    expect(stdout).toMatch(/\.dqrc\.yaml: .* 3 nodes, 3 replicas \(at least 2\)/);
  });

  it.each([[['init']], [['init', '--cluster']]])('leaves what is there: %j', async (words) => {
    const here = elsewhere();
    const file = join(here.cwd ?? '', '.dqrc.yaml');
    writeFileSync(file, 'mine');
    const { code, stderr } = await dq(words, here);
    expect(code).toBe(2);
    expect(stderr).toContain(file);
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('takes no words', async () => {
    expect((await dq(['init', 'cluster'], elsewhere())).code).toBe(2);
  });
});
