// dq cron check, next and list, and what dq cron run refuses.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Consumer, Producer } from '../../src/index.ts';
import { dq, jsonLines, lines, type Around, type Ran } from '../support/cli.ts';
import { embeddedPlace } from '../support/places.ts';
import { temporaryFolder } from '../support/servers.ts';

/** Runs it in a folder with these files. */
function dqWith(
  files: Readonly<Record<string, string>>,
  words: readonly string[],
  around: Around = {},
): Promise<Ran> {
  const cwd = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return dq(words, { cwd, ...around });
}

describe('check', () => {
  it('is exit 0 without a word for a good crontab', async () => {
    const ran = await dqWith({ crontab: '# mine\n*/5 * * * * true\n' }, [
      '-q',
      'cron',
      'check',
      'crontab',
    ]);
    expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('is exit 2 for errors, each with its line and column', async () => {
    const crontab = '0 25 * * * true\n  */5 * * * x true\n* * * * *\n';
    const { code, stdout } = await dqWith({ crontab }, ['cron', 'check', 'crontab']);
    expect(code).toBe(2);
    expect(lines(stdout).map((line) => /^crontab:\d+:\d+: error/.exec(line)?.[0])).toEqual([
      'crontab:1:3: error',
      'crontab:2:13: error',
      'crontab:3:10: error',
    ]);
  });

  it('is exit 0 for warnings', async () => {
    const crontab = 'MAILTO=me\n0 0 31 2 * true\n*/7 * * * * date +%F\n';
    const { code, stdout, stderr } = await dqWith({ crontab }, ['cron', 'check', 'crontab']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^crontab:1:1: warning: .*onFailure/m);
    expect(stdout).toMatch(/^crontab:2:1: warning: .*\[never\]/m);
    expect(stdout).toMatch(/^crontab:3:1: warning: /m);
    expect(stdout).toMatch(/^crontab:3:19: warning: .*%/m);
    expect(stderr).toMatch(/2 entries, 0 errors, \d warnings?/);
  });

  it('under --json is one array', async () => {
    const { code, stdout } = await dqWith({ crontab: '0 25 * * * true\r\n' }, [
      ...['--json', 'cron', 'check', 'crontab'],
    ]);
    expect(code).toBe(2);
    const issues = JSON.parse(stdout) as unknown[];
    expect(issues).toHaveLength(2);
    expect(issues).toContainEqual({
      ...{ line: 1, column: 3, severity: 'error', code: 'bad-hour' },
      message: expect.any(String) as string,
    });
  });

  it('names the path in a YAML file', async () => {
    const yaml = 'cron: {a: {schedule: "0 25 * * *", run: "true"}, b: {schedule: "@daily"}}';
    const { code, stdout } = await dqWith({ 'c.yaml': yaml }, ['cron', 'check', 'c.yaml']);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^c.yaml:cron.a.schedule: error/m);
    expect(stdout).toMatch(/^c.yaml:cron.b.run: error/m);
  });

  it.each([
    [['cron', 'check'], 'there is no cron: in the configuration'],
    [['cron', 'check', 'a', 'b'], 'one file'],
    [['cron', 'check', 'gone'], 'gone'],
  ])('%j is exit 2', async (words, reason) => {
    const { code, stderr } = await dqWith({}, words);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
  });
});

describe('a YAML file with settings', () => {
  const text = 'nodes: embedded\ntube: mine\ncron: {a: {schedule: "@yearly", run: "true"}}\n';
  const words = (command: string, ...more: string[]): string[] => ['cron', command, ...more];

  it.each(['run', 'list'])('is refused by %s: they would not be used', async (command) => {
    const place = embeddedPlace();
    place.write('a.yaml', text);
    const { code, stderr } = await place.dq(words(command, 'a.yaml'));
    expect(code).toBe(2);
    expect(stderr).toContain('a.yaml has settings that would not be used: nodes, tube');
    expect(stderr).toContain(`dq -c a.yaml cron ${command}`);
  });

  it('is doubted by check, unless it is the configuration', async () => {
    const files = { 'a.yaml': text };
    const alone = await dqWith(files, words('check', 'a.yaml'));
    expect(alone.code).toBe(0);
    expect(alone.stdout).toMatch(/^a\.yaml:nodes: warning: nodes, tube: .*dq -c a\.yaml cron run/);
    const named = await dqWith(files, ['-c', 'a.yaml', ...words('check', './a.yaml')]);
    expect(named).toMatchObject({ code: 0, stdout: '' });
  });

  it.each([
    ['next', ['-c', 'a.yaml'], {}],
    ['next', [], { DQ_CONFIG: 'a.yaml' }],
    ['list', ['-c', 'a.yaml'], {}],
    ['list', [], { DQ_CONFIG: 'a.yaml' }],
  ])('is the schedule of %s, named once or twice: %j %j', async (command, options, env) => {
    for (const file of [[], ['a.yaml']]) {
      const place = embeddedPlace();
      place.write('a.yaml', text);
      const { code, stdout } = await place.dq(['--json', ...options, ...words(command, ...file)], {
        env,
      });
      expect(code).toBe(0);
      expect(jsonLines(stdout)[0]).toMatchObject({ entry: 'a' });
    }
  });

  it.each([
    [['-c', 'c.yaml'], {}],
    [[], { DQ_CONFIG: 'c.yaml' }],
  ])('is what check reads as the configuration: %j %j', async (options, env) => {
    const yaml = 'nodes: embedded\ncron: {a: {schedule: "0 25 * * *", run: "true"}}\n';
    const { code, stdout } = await dqWith({ 'c.yaml': yaml }, [...options, ...words('check')], {
      env,
    });
    expect(code).toBe(2);
    expect(stdout).toMatch(/c\.yaml:cron\.a\.schedule: error/);
  });
});

describe('a schedule on stdin', () => {
  const input = '# dq: name=a\n@yearly nobody /bin/true\n';

  it.each([
    [['check', '-'], /^-:2:9: warning: nobody is taken for the command/],
    [['next', '-', '-n', '1'], /-01-01 00:00:00 .* a  nobody/],
    [['list', '-'], /^a +@yearly /m],
  ])('%j', async (words, shown) => {
    const { code, stdout } = await embeddedPlace().dq(['cron', ...words], { stdin: input });
    expect(code).toBe(0);
    expect(stdout).toMatch(shown);
  });

  it('is none to run: exit 2, with the remedy', async () => {
    const { code, stderr } = await embeddedPlace().dq(['cron', 'run', '-'], { stdin: input });
    expect(code).toBe(2);
    expect(stderr).toContain('crontab -l > crontab');
  });
});

describe.each(['check', 'next', 'list', 'run'])('%s of no file', (command) => {
  it.each([
    ['gone', /^dq: no such file: [^ ']*[/]gone\n$/],
    ['gone.yaml', /^dq: no such file: [^ ']*[/]gone.yaml\n$/],
    ['crontab/in', /^dq: no such file: [^ ']*[/]crontab[/]in\n$/],
    ['.', /^dq: a directory, not a file: [^ ']*\n$/],
  ])('%s', async (file, wanted) => {
    const place = embeddedPlace();
    place.write('crontab', '@daily true\n');
    const { code, stderr } = await place.dq(['cron', command, file]);
    expect(code).toBe(2);
    expect(stderr).toMatch(wanted);
  });
});

describe('next', () => {
  const after = ['--after', '2027-03-27T12:00:00+01:00'];

  it('tells the next ticks of a file in order', async () => {
    const crontab = '# dq: name=half\n*/30 * * * * true\n# dq: name=hour\n15 * * * * true\n';
    const words = ['cron', 'next', 'crontab', '--after', '2026-11-22T11:59:00Z', '-n', '4'];
    const { code, stdout } = await dqWith({ crontab }, words);
    expect(code).toBe(0);
    expect(lines(stdout)).toEqual([
      '2026-11-22 12:00:00 +00:00 (UTC)  half  true',
      '2026-11-22 12:15:00 +00:00 (UTC)  hour  true',
      '2026-11-22 12:30:00 +00:00 (UTC)  half  true',
      '2026-11-22 13:00:00 +00:00 (UTC)  half  true',
    ]);
  });

  it('notes what a change of clocks does', async () => {
    const zone = ['--tz', 'Europe/Berlin', '-n', '2'];
    const { stdout } = await dq(['cron', 'next', '--schedule', '30 2 * * *', ...zone, ...after]);
    expect(lines(stdout)).toEqual([
      '2027-03-28 03:00:00 +02:00 (Europe/Berlin)  30 2 * * *  (clocks are put forward over 02:30)',
      '2027-03-29 02:30:00 +02:00 (Europe/Berlin)  30 2 * * *',
    ]);
  });

  it('under --json is a line per tick', async () => {
    const words = ['--json', 'cron', 'next', '--schedule', '@daily', '--tz', 'UTC', '-n', '3'];
    const { stdout } = await dq([...words, ...after]);
    const ticks = jsonLines(stdout);
    expect(ticks).toHaveLength(3);
    expect(ticks[0]).toEqual({
      ...{ entry: '@daily', due: '2027-03-28T00:00:00.000Z', note: null },
      ...{ local: '2027-03-28 00:00:00 +00:00 (UTC)', command: null, line: null },
    });
  });

  it('lines up names of all lengths, and shows what runs', async () => {
    const crontab = "# dq: name=a\n0 * * * * printf '\\t'\n# dq: name=long\n5 * * * * ls\u001b\n";
    const words = ['cron', 'next', 'crontab', '--after', '2026-11-22T11:59:00Z', '-n', '2'];
    const { stdout } = await dqWith({ crontab }, words);
    expect(lines(stdout)).toEqual([
      "2026-11-22 12:00:00 +00:00 (UTC)  a     printf '\\t'",
      '2026-11-22 12:05:00 +00:00 (UTC)  long  ls\\e',
    ]);
    const { stdout: json } = await dqWith({ crontab }, ['--json', ...words]);
    expect(jsonLines(json)).toMatchObject([
      { entry: 'a', command: "printf '\\t'", line: 2 },
      { entry: 'long', command: 'ls\u001b', line: 4 },
    ]);
  });

  it.each([
    ['0 0 30 2 *', 'never'],
    ['@reboot', 'only when dq cron run starts'],
  ])('says why there is no tick of %s', async (schedule, why) => {
    const note = { code: 0, stdout: '', stderr: `${schedule}: ${why}\n` };
    expect(await dq(['cron', 'next', '--schedule', schedule])).toMatchObject(note);
    const crontab = `# dq: name=odd\n${schedule} true\n* * * * * true\n`;
    const { stderr } = await dqWith({ crontab }, ['cron', 'next', 'crontab', '-n', '1']);
    expect(stderr).toBe(`odd: ${why}\n`);
  });

  it.each([
    [['--schedule', '* * * *'], 'must have 5 fields'],
    [['--schedule', '* * * * *', '--tz', 'Mars/Base'], 'Mars/Base'],
    [['--schedule', '* * * * *', 'crontab'], 'either'],
    [['-n', '0', '--schedule', '@daily'], '--number'],
  ])('%j is exit 2', async (words, reason) => {
    const { code, stderr } = await dqWith({ crontab: '' }, ['cron', 'next', ...words]);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
  });
});

describe('run refuses', () => {
  const cron = 'cron: {a: {schedule: "@daily", run: "true"}}\n';
  it.each<[string, string, readonly string[], string]>([
    ['a file beside cron:', cron, ['run', 'crontab'], 'cron: of its own'],
    ['no schedule at all', '', ['run'], 'no cron:'],
    ['two files', '', ['run', 'crontab', 'crontab'], 'one file only'],
    ['a file with an error', '', ['run', 'bad'], 'bad:1:3'],
    ['a missing file', '', ['run', 'gone'], 'gone'],
    ['no handlers', '', ['run', 'crontab', '-j', '0'], '--concurrency'],
    ['a file with two entries of one name', '', ['run', 'twice'], 'name of line'],
  ])('%s: exit 2', async (_, config, words, reason) => {
    const place = embeddedPlace(config);
    place.write('crontab', '@daily true\n');
    place.write('bad', '0 25 * * * true\n');
    place.write('twice', '# dq: name=a\n@daily true\n# dq: name=a\n@hourly true\n');
    const { code, stderr } = await place.dq(['cron', ...words]);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
  });

  it('a host name that makes the tube too long', async () => {
    const place = embeddedPlace(cron);
    const { code, stderr } = await place.dq(['cron', 'run'], { env: { DQ_HOST: 'h'.repeat(190) } });
    expect([code, /DQ_HOST/.test(stderr)]).toEqual([2, true]);
  });
});

describe('the tubes of ticks are for no jobs', () => {
  it.each([
    ['work', '--', 'true'],
    ['put', 'hello'],
    ['at', '+1h', 'hello'],
    ['put', '--lines'],
    ['cron', 'run', 'cron.yaml'],
  ])('%s %s', async (...words) => {
    const place = embeddedPlace();
    place.write('cron.yaml', 'a: {schedule: "@yearly", run: "true"}\n');
    for (const tube of ['default.cron', 'default.cron.north']) {
      const { code, stdout, stderr } = await place.dq(['-t', tube, ...words], { stdin: 'x\n' });
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`${tube} holds the ticks of a schedule`);
    }
  });

  it('of an entry that puts', async () => {
    const put = { schedule: '@yearly', put: 'x', tube: 'default.cron' };
    const place = embeddedPlace(`cron: ${JSON.stringify({ a: put })}\n`);
    const { code, stdout } = await place.dq(['cron', 'check']);
    expect(code).toBe(2);
    expect(stdout).toContain('default.cron holds the ticks of a schedule');
  });

  it('of a Producer and a Consumer', () => {
    const options = { nodes: 'embedded', tube: 'default.cron' } as const;
    expect(() => new Producer(options)).toThrow('holds the ticks of a schedule');
    expect(() => new Consumer(options)).toThrow('holds the ticks of a schedule');
  });
});
