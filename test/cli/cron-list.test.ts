// dq cron list: next ticks, last results, what runs, who means something else, and whether any host runs the schedule.

import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonLines, lines, type Ran } from '../support/cli.ts';
import { boardOf, hostOf, recordOf } from '../support/boards.ts';
import { startOnTerminal } from '../support/terminal.ts';
import { embeddedPlace, type EmbeddedPlace } from '../support/places.ts';
import { until } from '../support/wait.ts';

describe('list', () => {
  it('tells entries that never ran', async () => {
    const place = embeddedPlace();
    place.write('crontab', '# dq: name=a\n0 0 1 1 * true\n@reboot true\n');
    const { code, stdout, stderr } = await place.dq(['--json', 'cron', 'list', 'crontab']);
    expect(code).toBe(0);
    expect(jsonLines(stderr)).toMatchObject([
      {
        level: 'warn',
        message: expect.stringContaining('no host runs this schedule yet') as string,
      },
    ]);
    const next = expect.stringMatching(/-01-01T00:00:00.000Z$/) as string;
    expect(jsonLines(stdout)).toMatchObject([
      { entry: 'a', schedule: '0 0 1 1 *', next, last: null },
      { schedule: '@reboot', next: null, last: null },
    ]);
  });
});

describe('list for people', () => {
  it('has columns: name, schedule, next tick, last result, command', async () => {
    const place = embeddedPlace();
    place.write(
      'crontab',
      '# dq: name=a\n0 0 1 1 * echo "a  b"\n@reboot ls\u001b\n0 0 31 2 * true\n',
    );
    const { stdout } = await place.dq(['cron', 'list', 'crontab']);
    const [head = '', ...rows] = lines(stdout);
    expect(head.trim().split(/ +/)).toEqual(['NAME', 'SCHEDULE', 'NEXT', 'LAST', 'COMMAND']);
    const inColumns = rows.map((row) => ({
      schedule: row.slice(head.indexOf('SCHEDULE'), head.indexOf('NEXT')).trim(),
      next: row.slice(head.indexOf('NEXT'), head.indexOf('LAST')).trim(),
      command: row.slice(head.indexOf('COMMAND')),
    }));
    const newYear = expect.stringMatching(/^\d{4}-01-01 00:00:00 [+]00:00$/) as string;
    expect(inColumns).toEqual([
      { schedule: '0 0 1 1 *', next: newYear, command: 'echo "a  b"' },
      { schedule: '@reboot', next: 'at the start', command: 'ls\\e' },
      { schedule: '0 0 31 2 *', next: 'never', command: 'true' },
    ]);
  });
});

/** A crontab of two entries: `a` and `b`. */
function twoEntries(more = ''): EmbeddedPlace {
  const place = embeddedPlace();
  place.write('crontab', `# dq: name=a\n@yearly true\n# dq: name=b\n@yearly true\n${more}`);
  return place;
}

const second = 1_000;

describe('a warning that no host runs it', () => {
  const list = (place: EmbeddedPlace): Promise<Ran> => place.dq(['cron', 'list', 'crontab']);
  const advance = (place: EmbeddedPlace, names: readonly string[], ago: number): Promise<void> =>
    boardOf(place, (board) => board.advance(names), ago);

  it('tells since when: from the youngest of all marks', async () => {
    const place = twoEntries();
    await advance(place, ['a'], 400 * second);
    const then = Date.now() - 200 * second;
    await advance(place, ['b'], 200 * second);
    const { code, stderr } = await list(place);
    expect(code).toBe(0);
    const [, since = ''] =
      /^dq: no host runs this schedule since (\S+): start dq cron run, and see its log\n$/.exec(
        stderr,
      ) ?? [];
    expect(Math.abs(Date.parse(since) - then)).toBeLessThan(50 * second);
  });

  it('tells how many entries were left out', async () => {
    const place = twoEntries();
    await advance(place, ['a'], 0);
    expect((await list(place)).stderr).toMatch(/no host runs 1 of these entries yet/);
    await advance(place, ['b'], 100 * second);
    expect((await list(place)).stderr).toMatch(/no host runs 1 of these entries since \d{4}-/);
  });

  it('isn’t told of marks of the last 90 s', async () => {
    const place = twoEntries();
    await advance(place, ['a', 'b'], 60 * second);
    expect((await list(place)).stderr).toBe('');
  });

  it('isn’t told of what each host runs for itself', async () => {
    const place = twoEntries(
      '@reboot true\n# dq: hosts=north\n@reboot false\n# dq: hosts=each\n@yearly false\n',
    );
    await advance(place, ['a', 'b'], 0);
    expect((await list(place)).stderr).toBe('');
  });
});

describe('the next tick', () => {
  const entry = { schedule: '@hourly', timezone: 'Asia/Kolkata', jitter: '1h', run: 'true' };

  it('is when it is due, its jitter included, in the zone of the entry', async () => {
    const place = embeddedPlace();
    place.write('c.yaml', JSON.stringify({ cron: { a: entry, b: entry, c: entry } }));
    const coming = async (): Promise<string> =>
      (await place.dq(['--json', 'cron', 'next', 'c.yaml', '-n', '9'])).stdout;
    const [soon, stdout] = await until('no tick came meanwhile', async () => {
      const before = await coming();
      const listed = await place.dq(['cron', 'list', 'c.yaml']);
      return before === (await coming()) && ([before, listed.stdout] as const);
    });
    const due = (name: string): unknown =>
      jsonLines(soon).find((tick) => tick['entry'] === name)?.['local'];
    const shown = lines(stdout)
      .slice(1)
      .map((line) => /\d{4}-\S+ \S+ \+05:30/.exec(line)?.[0]);
    expect(shown.map((time) => `${String(time)} (Asia/Kolkata)`)).toEqual(['a', 'b', 'c'].map(due));
  });
});

it('on a terminal lines are as wide as it is, and results have colours', async () => {
  const place = embeddedPlace();
  const name = `long-${'n'.repeat(60)}`;
  place.write(
    'crontab',
    `# dq: name=${name}\n@yearly ${'c'.repeat(99)}\n# dq: name=b\n@yearly true\n`,
  );
  await boardOf(place, async (board) => {
    await board.record(name, recordOf({ result: 'failed' }));
    await board.record('b', recordOf({}));
  });
  const terminal = startOnTerminal(['cron', 'list', 'crontab'], place, { rows: 24, columns: 100 });
  const { stdout } = await terminal.ended;
  const row = lines(stdout).find((line) => line.includes('ccc')) ?? '';
  const shown = row.replaceAll(/\u001b\[\d*m|\r/g, '');
  expect(shown).toMatch(/^long-n+… .* c+…$/);
  expect(shown).toHaveLength(100);
  expect(row).toMatch(/\u001b\[33mfailed/);
  expect(stdout).toMatch(/\u001b\[32mdone/);
});

describe('the last run', () => {
  it('that was not well is told in a line more', async () => {
    const place = twoEntries();
    await boardOf(place, async (board) => {
      await board.record('a', recordOf({ result: 'failed', exitCode: 3, reason: 'exit 3' }));
      await board.record('b', recordOf({}));
    });
    const { stdout } = await place.dq(['cron', 'list', 'crontab']);
    const [, a = '', why = '', b = '', ...rest] = lines(stdout);
    expect(a).toMatch(/^a +@yearly .* failed +true$/);
    expect(why).toBe('    failed: 2026-11-22T12:00:00.000Z on north, 12 ms: exit 3');
    expect(b).toMatch(/^b +@yearly .* done +true$/);
    expect(rest).toEqual([]);
  });

  it('of another version of dq is none', async () => {
    const place = twoEntries('# dq: name=c\n@yearly true\n');
    await boardOf(place, async (board) => {
      await board.record('a', 'not JSON');
      await board.record('b', '{"tick":"strange"}');
      await board.record('c', '{"result":"strange"}');
    });
    const { stdout } = await place.dq(['--json', 'cron', 'list', 'crontab']);
    expect(jsonLines(stdout).map(({ last }) => last)).toEqual([null, null, null]);
  });
});

describe('another version of an entry', () => {
  const yearly = { schedule: '@yearly', timezone: 'Asia/Tokyo', run: 'true' };

  it('is told with who has it', async () => {
    const place = embeddedPlace();
    place.write('c.yaml', JSON.stringify({ cron: { a: yearly, b: yearly } }));
    await boardOf(place, async (board) => {
      await board.beat('p', hostOf({ a: { ...yearly, run: 'false' }, b: yearly }));
      await board.beat('q', hostOf({ a: yearly, c: yearly }, { host: 'east' }));
    });
    const { stdout } = await place.dq(['cron', 'list', 'c.yaml']);
    const [, a, other, b, ...rest] = lines(stdout);
    expect([a?.[0], b?.[0], rest]).toEqual(['a', 'b', []]);
    expect(other).toMatch(/^ {4}another version on north \([/]etc[/]dq[/]crontab, \S+\)$/);
    const { stdout: json } = await place.dq(['--json', 'cron', 'list', 'c.yaml']);
    const north = { host: 'north', file: '/etc/dq/crontab', zone: expect.any(String) as string };
    expect(jsonLines(json)).toMatchObject([{ unlike: [north] }, { unlike: [] }]);
  });

  it('is one whose clocks differ, whatever their names', async () => {
    const place = twoEntries();
    const host = place.startDq(['--json', 'cron', 'run', 'crontab'], { env: { TZ: 'UTC' } });
    const list = (zone: string): Promise<Ran> =>
      place.dq(['cron', 'list', 'crontab'], { env: { TZ: zone } });
    const other = `another version on ${hostname()} (${join(place.folder, 'crontab')}, UTC)`;
    const ofBoth = await until('it is there', async () => {
      const { stdout } = await list('Asia/Tokyo');
      return stdout.includes('another version') && stdout;
    });
    expect(ofBoth.split(other)).toHaveLength(3);
    const { stdout, stderr } = await list('Etc/GMT');
    expect([stdout, stderr]).toEqual([expect.not.stringContaining('another version'), '']);
    host.kill('SIGTERM');
    await host.ended;
    expect((await list('Asia/Tokyo')).stdout).not.toContain('another version');
  });
});
