// What holds for every command: help, version, colours, where the configuration is looked for.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dueMs } from '../../src/core/envelope.ts';
import { parseInstant } from '../../src/core/instant.ts';
import { localZone } from '../../src/core/zone.ts';
import { dq, shellDq } from '../support/cli.ts';
import { clusterOf, configOf, type Cluster } from '../support/cluster.ts';
import { temporaryFolder } from '../support/servers.ts';

const escape = '\u001b[';

/** Those that `dq at` is said to take, and those of the examples. */
function timesIn(help: string): string[] {
  const [, forms = ''] = /^ +time {2,}([^]*?)\n +payload /m.exec(help) ?? [];
  const listed = forms === '' ? [] : forms.replaceAll(/\s+/g, ' ').split(', ');
  const used = help.matchAll(/(?:^ +dq at|--due-(?:before|after)|--after) ('[^']+'|[^\s<]+)/gm);
  return [...listed, ...[...used].map(([, time = '']) => time)].map((time) =>
    time.replaceAll("'", ''),
  );
}

describe('help', () => {
  it.each(['put', 'at', 'delete', 'work', 'doctor'])('of %s has examples', async (command) => {
    const { code, stdout, stderr } = await dq([command, '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/Usage: dq/);
    expect(stdout).toMatch(/Examples?:\n(.*\n)*? +.*dq /);
    expect(stdout).toMatch(new RegExp(`dq ${command}`));
    for (const option of ['--config', '--tube', '--json', '--quiet', '--no-color']) {
      expect(stdout).toContain(option);
    }
  });

  it.each([['--help'], ['-h'], ['help']])('of dq names every command: %s', async (word) => {
    const { code, stdout } = await dq([word]);
    expect(code).toBe(0);
    for (const command of ['put', 'at', 'delete', 'work', 'doctor']) {
      expect(stdout).toMatch(new RegExp(`^ +${command}\\b`, 'm'));
    }
  });

  it('of work says what -- is for and what its options are by default', async () => {
    const { stdout } = await dq(['work', '--help']);
    expect(stdout).toMatch(/-- /);
    for (const option of ['--concurrency', '--attempts', '--timeout', '--grace', '--drain']) {
      expect(stdout).toContain(option);
    }
  });

  it('shows each command as it is called', async () => {
    const { stdout } = await dq(['--help']);
    expect(stdout).toMatch(/^ +work \[options\] -- CMD… /m);
    expect(stdout).toMatch(/^ +kick \[options\] \[N \| RECEIPT…\] /m);
    expect(stdout).toMatch(/^ +repair \[options\] /m);
    expect(stdout).not.toContain('[words');
  });

  it.each([['at'], ['list'], ['delete'], ['cron', 'next']])(
    'of %s %s has times to come in its examples',
    async (...command) => {
      const { stdout } = await dq([...command, '--help']);
      const times = timesIn(stdout);
      const now = Date.now();
      expect(times).not.toEqual([]);
      for (const time of times) {
        const { ns } = parseInstant(time, { now, zone: localZone });
        expect([time, dueMs(ns) >= now]).toEqual([time, true]);
      }
    },
  );

  it.each([['cron', 'run'], ['delete'], ['revoke']])('comes by help %s %s', async (...command) => {
    const { stdout } = await dq(['help', ...command]);
    expect(stdout).toBe((await dq([...command, '--help'])).stdout);
    expect(stdout).toMatch(/^Usage: dq (cron run|delete)/);
  });

  it('needs no configuration, whatever is wrong with it', async () => {
    const env = { DQ_CONFIG: 'missing.yaml' };
    expect((await dq(['put', '--help'], { env })).code).toBe(0);
  });
});

it.each(['--help', '-V', 'help'])('%s that nobody reads ends quietly', async (word) => {
  const { stdout, stderr } = await shellDq(`dq ${word} | true; echo $PIPESTATUS`);
  expect([stdout, stderr]).toEqual(['0\n', '']);
});

describe('a full disk', () => {
  it.each(['stats', '--help', 'put --help', '-V', 'doctor'])(
    'under the stdout of %s is told in one line',
    async (words) => {
      const { stdout, stderr } = await shellDq(`dq -q ${words} >/dev/full; echo $?`);
      expect(stdout).toBe('75\n');
      expect(stderr).toMatch(/^dq: can't write to stdout: .*no space left.*\n$/);
    },
  );

  it.each([
    ['put x', 1],
    ['put --lines', 3],
    ['at +1h x --json', 1],
  ])('under the stdout of %s: the jobs are kept, and that is said', async (words, count) => {
    const script = `printf 'a\\nb\\nc\\n' | dq -q ${words} >/dev/full; echo $?; dq -q list | wc -l`;
    const { stdout, stderr } = await shellDq(script);
    expect(stdout.trim().split(/\s+/)).toEqual(['75', String(count)]);
    expect(stderr).toMatch(/can't write to stdout: .*no space left.*the jobs are kept/s);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('under stderr stops nothing', async () => {
    const { stdout } = await shellDq('dq put x 2>/dev/full; dq --bogus 2>/dev/full; echo $?');
    expect(stdout).toBe('embedded/default/1\n2\n');
  });
});

describe('a working folder that was deleted', () => {
  const gone = 'mkdir gone; cd gone; rmdir ../gone';

  it.each(['put x', 'list', 'doctor', 'init'])('is told by %s in one line', async (words) => {
    const { stdout, stderr } = await shellDq(`${gone}; dq ${words}; echo $?`);
    expect(stdout).toBe('2\n');
    expect(stderr).toMatch(/^dq: the working folder isn't there any more\n .*\n$/);
  });

  it('hinders no help', async () => {
    const { stdout, stderr } = await shellDq(`${gone}; dq put --help`);
    expect([stdout, stderr]).toEqual([expect.stringContaining('Usage: dq put'), '']);
  });
});

describe('version', () => {
  it.each(['--version', '-V'])('%s is that of package.json', async (word) => {
    const path = new URL('../../package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
    const { code, stdout } = await dq([word]);
    expect([code, stdout]).toEqual([0, `${version}\n`]);
  });
});

describe('bare dq', () => {
  it('is exit 2 with the help on stderr', async () => {
    const { code, stdout, stderr } = await dq([]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/Usage: dq/);
  });
});

describe('the name of a command in another place', () => {
  it.each([
    ['as a file', ['-c', 'put']],
    ['as a tube', ['--json', '--tube', 'list']],
  ])('%s calls none: the help shows all', async (_, words) => {
    const { code, stderr } = await dq(words);
    expect(code).toBe(2);
    for (const command of ['put', 'list', 'completion']) {
      expect(stderr).toMatch(new RegExp(`^ +${command} `, 'm'));
    }
  });

  it.each([
    ['after a wrong one', ['lst', 'put'], "unknown command 'lst'"],
    ['as a file', ['-c', 'put', 'lst'], "unknown command 'lst'"],
    ['as a tube', ['-q', '-t', 'put', 'lst'], "unknown command 'lst'"],
  ])('%s: the nearest of all is meant', async (_, words, message) => {
    const { code, stderr } = await dq(words);
    expect([code, stderr]).toEqual([2, `dq: ${message}\n    did you mean list?\n`]);
  });

  it.each([
    ['a file', ['-c', 'put', 'list', '--help']],
    ['a tube', ['-t', '--json', 'list', '--help']],
  ])('as %s before the one that is called', async (_, words) => {
    const { code, stdout } = await dq(words);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Usage: dq list /)]);
  });
});

describe('colours', () => {
  it.each([
    ['none when it is no terminal', [], {}, false],
    ['NO_COLOR', [], { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['--no-color', ['--no-color'], { FORCE_COLOR: '1' }, false],
    ['FORCE_COLOR', [], { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR and --json', ['--json'], { FORCE_COLOR: '1' }, false],
  ])('%s', async (_, words, env, coloured) => {
    const { stderr } = await dq([...words, 'put', '--delay', '5', 'x'], { env });
    expect(stderr.includes(escape)).toBe(coloured);
  });
});

describe('the configuration', () => {
  let cluster: Cluster;
  let home: string;
  let config: string;

  beforeAll(async () => {
    cluster = await clusterOf(1);
    home = temporaryFolder();
    config = configOf([String(cluster.nodes[0]?.endpoint)], cluster.redis.endpoint);
    for (const folder of ['a/b', '.config/dq', 'xdg/dq']) {
      mkdirSync(join(home, folder), { recursive: true });
    }
  });

  /** The tube that dq took from the file it found. */
  async function tubeFrom(
    cwd: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const all = { HOME: home, ...env };
    const { stdout } = await dq(['--json', 'put', 'x'], { cwd: join(home, cwd), env: all });
    return (JSON.parse(stdout) as { tube: string }).tube;
  }

  const write = (path: string, tube: string): void => {
    writeFileSync(join(home, path), `${config}tube: ${tube}\n`);
  };

  it('is the nearest one; a file named by DQ_CONFIG comes before, variables over it', async () => {
    write('.config/dq/config.yaml', 'of-user');
    expect(await tubeFrom('a/b')).toBe('of-user');
    write('xdg/dq/config.yaml', 'of-xdg');
    expect(await tubeFrom('a/b', { XDG_CONFIG_HOME: join(home, 'xdg') })).toBe('of-xdg');
    write('dqrc.yaml', 'of-home');
    expect(await tubeFrom('a/b')).toBe('of-home');
    write('a/dqrc.yaml', 'of-parent');
    expect(await tubeFrom('a/b')).toBe('of-parent');
    write('a/.dqrc.yaml', 'of-hidden');
    expect(await tubeFrom('a/b')).toBe('of-hidden');
    write('a/named.yaml', 'named');
    expect(await tubeFrom('a/b', { DQ_CONFIG: '../named.yaml' })).toBe('named');
    expect(await tubeFrom('a/b', { DQ_TUBE: 'of-env' })).toBe('of-env');
  });

  it('may be all in variables, in CI too', async () => {
    const env = { CI: 'true', DQ_NODES: String(cluster.nodes[0]?.endpoint) };
    expect((await dq(['put', 'x'], { env })).code).toBe(0);
  });

  it('runs no code of the working folder', async () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, '.config'));
    for (const name of ['.dqrc.js', 'dq.config.js', '.config/config.js', '.dqrc']) {
      writeFileSync(join(cwd, name), 'process.stdout.write("evil")\n');
    }
    writeFileSync(join(cwd, '.dqrc.yaml'), config);
    const { code, stdout } = await dq(['put', 'x'], { cwd });
    expect(code).toBe(0);
    expect(stdout).not.toContain('evil');
  });
});
