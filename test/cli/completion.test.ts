// `dq completion`: bash's is driven as bash drives it; the others are looked at, and read by their shell where it is.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dq, lines, shellDq } from '../support/cli.ts';
import { temporaryFolder } from '../support/servers.ts';

const commands = ['put', 'at', 'work', 'delete', 'cron', 'stats', 'init', 'doctor', 'completion'];
let folder: string;
const scripts: Record<string, string> = {};

beforeAll(async () => {
  folder = temporaryFolder();
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await dq(['completion', shell]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    scripts[shell] = stdout;
    writeFileSync(join(folder, shell), stdout);
  }
  for (const name of ['crontab', 'a file with blanks', '*']) writeFileSync(join(folder, name), '');
});

/** What bash offers at the end of these words, the last of which is being written. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const script = `source ./bash
    COMP_WORDS=(dq ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _dq
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { code, stdout, stderr } = await shellDq(script, { cwd: folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return lines(stdout);
}

describe('bash', () => {
  it('registers itself', async () => {
    const { stdout } = await shellDq('source ./bash; complete -p dq', { cwd: folder });
    expect(stdout).toBe('complete -F _dq dq\n');
  });

  it('offers commands, by their aliases as well, those of cron, and what begins so', async () => {
    expect(await offered('')).toEqual(expect.arrayContaining([...commands, 'revoke']));
    expect(await offered('do')).toEqual(['doctor']);
    expect(await offered('cron', '')).toEqual(
      expect.arrayContaining(['run', 'list', 'check', 'next']),
    );
    expect(await offered('-q', '--tube', 'put', 'cron', 'ch')).toEqual(['check']);
  });

  it('offers the options of a command, and those of all', async () => {
    expect(await offered('put', '--')).toEqual(
      expect.arrayContaining(['--delay', '--lines', '--json', '--config', '--help']),
    );
    expect(await offered('stats', '--w')).toEqual(['--watch']);
    expect(await offered('cron', 'next', '--sch')).toEqual(['--schedule']);
    expect(await offered('put', '--w')).toEqual(['--wait']);
    expect(await offered('put', '--sch')).toEqual([]);
    expect(await offered('revoke', '--js')).toEqual(['--json']);
  });

  it('offers files where there is one, whatever their names', async () => {
    for (const words of [
      ['-c', ''],
      ['put', '--config', ''],
      ['--config', '='],
      ['cron', 'run', ''],
    ]) {
      expect(await offered(...words)).toEqual(
        expect.arrayContaining(['crontab', 'a file with blanks', '*']),
      );
    }
    expect(await offered('--config', '=', 'cr')).toEqual(['crontab']);
    expect(await offered('cron', 'check', 'cr')).toEqual(['crontab']);
    expect(await offered('put', 'cr')).toEqual([]);
    expect(await offered('put', '--delay', 'cr')).toEqual([]);
  });

  it('offers the shells', async () => {
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  it('offers states, also after others', async () => {
    expect(await offered('list', '--state', 're')).toEqual([
      'ready',
      'reserved',
      'retry',
      'revoked',
    ]);
    expect(await offered('list', '--state', '=', 'do')).toEqual(['done']);
    expect(await offered('delete', '--all', '--state', 'ready,de')).toEqual([
      ...['ready,delayed', 'ready,dead'],
    ]);
    expect(await offered('list', '--state', 'dead', '')).toEqual([]);
  });

  it('completes the handler as a command', async () => {
    expect(await offered('work', '-j', '4', '--', 'basena')).toContain('basename');
    expect(await offered('work', '--', 'cat', 'cr')).toEqual(['crontab']);
    expect(await offered('work', '--', 'cat', '--js')).toEqual([]);
    expect(await offered('put', '--', 'basena')).toEqual([]);
  });

  it("leaves the rest of the handler to bash's own completion, where it is loaded", async () => {
    const script = `source ./bash
      _command_offset() { echo "from $1"; }
      COMP_WORDS=(dq -q work -- git che); COMP_CWORD=5; _dq`;
    expect((await shellDq(script, { cwd: folder })).stdout).toBe('from 4\n');
  });
});

describe('zsh', () => {
  it('has a function for each command, with its options, files and handler', () => {
    const text = scripts['zsh'] ?? '';
    expect(text).toMatch(/^#compdef dq\n/);
    for (const command of commands) {
      expect(text).toMatch(new RegExp(`^_dq_${command}\\(\\) \\{$`, 'm'));
      expect(text).toMatch(new RegExp(`^ +'${command}:`, 'm'));
    }
    expect(text).toMatch(/^_dq_cron_run\(\) \{\n {2}_arguments .*(\n .*)* '1:file:_files'$/m);
    expect(text).toContain(`'(-c --config)'{-c,--config=}'[`);
    expect(text).toMatch(/--delay='\[run it that much later\\: .*\]:duration: '/);
    expect(text).toMatch(/--drain='\[.*\]::duration: '/);
    expect(text).toContain(`'*::command:_normal'`);
    expect(text).toContain(`'1:shell:(bash zsh fish)'`);
    expect(text).toMatch(/--state='\[.*\]:state:_values -s , state ready .* revoked'/);
    expect(text).toContain('delete | revoke) _dq_delete ;;');
  });
});

describe('fish', () => {
  it('has a line for each command and option', () => {
    const text = scripts['fish'] ?? '';
    for (const command of commands.filter((name) => name !== 'delete')) {
      expect(text).toContain(`complete -c dq -n '__dq_at' -a '${command}' -d '`);
    }
    expect(text).toContain(`complete -c dq -n '__dq_at' -a 'delete revoke' -d '`);
    expect(text).toContain(`complete -c dq -n '__dq_at cron' -a 'run' -d '`);
    expect(text).toMatch(/^complete -c dq -s c -l config -r -F -d '/m);
    expect(text).toContain(`complete -c dq -n '__dq_in put' -l delay -x -d '`);
    expect(text).toContain(`complete -c dq -n '__dq_in work' -l drain -d '`);
    expect(text).toMatch(
      /-n '__dq_in list' -l state -x -a '\(__fish_append , ready .* revoked\)' /,
    );
    expect(text).toContain(`complete -c dq -n '__dq_in cron run' -F`);
    expect(text).toContain(`complete -c dq -n '__dq_in completion' -a 'bash zsh fish'`);
    expect(text).toContain(`-a '(__dq_command)'`);
  });
});

it.each(['bash', 'zsh', 'fish'])('%s can read it, where that is installed', (shell) => {
  const { error, status, stderr } = spawnSync(shell, ['-n', join(folder, shell)], {
    encoding: 'utf8',
  });
  if (error === undefined) expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

describe('which shell', () => {
  it.each([[['tcsh']], [[]], [['bash', 'zsh']]])('%j is exit 2', async (words) => {
    const { code, stdout, stderr } = await dq(['completion', ...words]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const says =
      words.length < 2 ? /^dq: no .*\n +there is one for bash, zsh, fish\n$/ : /too many/;
    expect(stderr).toMatch(says);
  });

  it('--help says where it goes', async () => {
    const { code, stdout } = await dq(['completion', '--help']);
    expect(code).toBe(0);
    for (const place of ['~/.bashrc', 'fpath', '~/.config/fish/completions'])
      expect(stdout).toContain(place);
  });
});
