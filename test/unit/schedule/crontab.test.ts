import { describe, expect, test } from 'vitest';
import { parseCrontab, type Crontab } from '../../../src/schedule/crontab.ts';
import type { Entry, Run } from '../../../src/schedule/entry.ts';

function parse(...lines: string[]): Crontab {
  return parseCrontab(lines.map((line) => `${line}\n`).join(''), 'local');
}

function entriesOf(...lines: string[]): readonly Entry[] {
  const { entries, issues } = parse(...lines);
  expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
  return entries;
}

function entryOf(...lines: string[]): Entry {
  const entries = entriesOf(...lines);
  expect(entries).toHaveLength(1);
  return entries[0]!;
}

function runOf(entry: Entry): Run {
  if (entry.task.kind !== 'run') throw new Error('it puts');
  return entry.task;
}

/** `line:column code` of each issue. */
function issuesOf(...lines: string[]): string[] {
  return parse(...lines).issues.map((issue) =>
    'line' in issue ? `${issue.line}:${issue.column} ${issue.code}` : issue.path,
  );
}

describe('an entry', () => {
  test('has its place, its words and the defaults', () => {
    const { times, ...entry } = entryOf('', '  5  4\t* * *   echo  "a  b" ');
    expect(times).toMatchObject({ minutes: [5], hours: [4], seconds: [0] });
    expect(entry).toMatchObject({
      place: { line: 2, column: 3 },
      schedule: '5 4 * * *',
      zone: 'local',
      hosts: 'any',
      grace: 300_000,
      missed: 'last',
      delay: 0,
      task: {
        kind: 'run',
        command: 'echo  "a  b" ',
        stdin: '',
        env: {},
        overlap: 'skip',
        timeout: undefined,
        attempts: 1,
        onFailure: undefined,
        onSuccess: undefined,
      },
    });
  });

  test.each(['5 4 * * * x', '5 4 * * * x\r\n', '\u{feff}5 4 * * * x', '# a\r\n5 4 * * * x\r\n'])(
    '%j needs no line end, and no CR is a part of it',
    (text) => {
      const { entries, issues } = parseCrontab(text, 'local');
      expect(entries.map((entry) => runOf(entry).command)).toEqual(['x']);
      expect(issues.map(({ code }) => code)).toEqual(text.includes('\r') ? ['crlf'] : []);
    },
  );

  test('@reboot has no times, and runs on every host', () => {
    expect(entryOf('@reboot x')).toMatchObject({ times: 'reboot', hosts: 'each' });
    expect(entryOf('# dq: hosts=a,b', '@reboot x').hosts).toEqual(['a', 'b']);
  });

  test('gets what follows a % as stdin', () => {
    const run = runOf(entryOf('0 22 * * 1-5 mail -s "It\\%s 10pm" joe%Joe,%%Where are you?%'));
    expect(run.command).toBe('mail -s "It%s 10pm" joe');
    expect(run.stdin).toBe('Joe,\n\nWhere are you?\n');
  });

  test('keeps a backslash at its end', () => {
    expect(runOf(entryOf('0 0 * * * echo \\')).command).toBe('echo \\');
  });
});

describe('variables', () => {
  test('hold for the entries below them', () => {
    const [first, second] = entriesOf(
      'A=1',
      '0 0 * * * x',
      'A = 2',
      '\'B\' = " b "',
      '0 0 * * * y',
    );
    expect(runOf(first!).env).toEqual({ A: '1' });
    expect(runOf(second!).env).toEqual({ A: '2', B: ' b ' });
  });

  test.each([
    ['A=', ''],
    ['A=""', ''],
    [" A\t=\t'x y' \t", 'x y'],
    ['A=x y  ', 'x y'],
    ['A=x "y"', 'x "y"'],
    ['A==x', '=x'],
    ['A=# no comment', '# no comment'],
  ])('%j', (line, value) => {
    const { variables, issues } = parse(line);
    expect(variables).toEqual({ A: value });
    expect(issues).toEqual([]);
  });

  test.each(['A="x', 'A="x" y', '"A=x', '"A=B"=x', 'A B=x'])('%j is none', (line) => {
    expect(parse(line).variables).toEqual({});
    expect(issuesOf(line)).toEqual(['1:1 bad-minute']);
  });

  test('CRON_TZ is the zone, until it is empty', () => {
    const lines = ['CRON_TZ=Asia/Tokyo', '0 0 * * * x', 'CRON_TZ=', '0 0 * * * y'];
    expect(entriesOf(...lines).map(({ zone }) => zone)).toEqual(['Asia/Tokyo', 'local']);
  });

  test.each([
    ['CRON_TZ=Asia/Tokio', '1:9 bad-time-zone'],
    ['=x', '1:1 bad-variable'],
    ['A=\0', '1:1 bad-variable'],
    ['RANDOM_DELAY=x', '1:14 bad-variable'],
    ['RANDOM_DELAY=1441', '1:14 bad-variable'],
    ['MAILTO=me@example.com', '1:1 mail'],
    ['LOGNAME=me', '1:1 user'],
    ['PATH=$PATH:/opt/bin', '1:6 unexpanded'],
    ['LOGS = ${HOME}/logs', '1:8 unexpanded'],
    ['TZ=Asia/Tokyo', '1:1 unused-zone'],
    ['A = b c  # mine', '1:10 stray-comment'],
  ])('%j: %s', (line, issue) => {
    expect(issuesOf(line)).toEqual([issue]);
  });

  test('MAILTO="" is what dq does anyway', () => {
    expect(issuesOf('MAILTO=""')).toEqual([]);
  });

  test.each(['PRICE=$5', 'A=100$', 'A=$(date)', 'TZ=', 'A="x # y"', 'A=issue #5', 'A=x# y'])(
    '%s is not doubted',
    (line) => {
      expect(issuesOf(line)).toEqual([]);
    },
  );

  test('TZ is for the commands, which is known below a CRON_TZ', () => {
    expect(issuesOf('CRON_TZ=Asia/Tokyo', 'TZ=Asia/Tokyo')).toEqual([]);
    const lines = ['CRON_TZ=Asia/Tokyo', 'CRON_TZ=', 'TZ=Asia/Tokyo'];
    expect(issuesOf(...lines)).toEqual(['3:1 unused-zone']);
  });

  test('RANDOM_DELAY is a jitter in minutes, which an option outranks', () => {
    const [delayed, prompt] = entriesOf(
      ...['RANDOM_DELAY=60', '0 0 * * * x', '# dq: jitter=0s', '0 0 * * * y'],
    );
    expect(delayed!.delay).toBeGreaterThan(0);
    expect(delayed!.delay).toBeLessThanOrEqual(3_600_000);
    expect(prompt!.delay).toBe(0);
  });
});

describe('options in a comment', () => {
  test('belong to the entry below', () => {
    const entry = entryOf(
      '# dq: name=nightly overlap=queue hosts=each grace=1h missed=all',
      '  #dq: timeout=30s attempts=3 jitter=5m onFailure="notify me" onSuccess=\'it is "done"\'',
      '0 0 * * * x',
    );
    expect(entry).toMatchObject({
      name: 'nightly',
      hosts: 'each',
      grace: 3_600_000,
      missed: 'all',
      task: {
        overlap: 'queue',
        timeout: 30_000,
        attempts: 3,
        onFailure: 'notify me',
        onSuccess: 'it is "done"',
      },
    });
    expect(entry.delay).toBeGreaterThan(0);
    expect(entry.delay).toBeLessThanOrEqual(300_000);
  });

  test('hold for one entry alone', () => {
    const [, second] = entriesOf('# dq: overlap=allow', '0 0 * * * x', '0 0 * * * y');
    expect(runOf(second!).overlap).toBe('skip');
  });

  test.each([
    ['# dq: name=a', '', '0 0 * * * x'],
    ['# dq: name=a', '# 0 3 * * * old', '0 0 * * * x'],
    ['# dq: name=a', 'A=1', '0 0 * * * x'],
    ['0 0 * * * x', '# dq: name=a'],
  ])('are stray, not those of another entry: %j', (...lines) => {
    const { entries, issues } = parse(...lines);
    expect(entries.map(({ name }) => name)).not.toContain('a');
    expect(issues.map(({ code, severity }) => [code, severity])).toEqual([
      ['stray-options', 'warning'],
    ]);
  });

  test.each([
    ['# dq: overlp=queue', '1:7 bad-option', 'did you mean overlap?'],
    ['# dq: attempts=0', '1:7 bad-option', 'at least 1'],
    ['# dq: name=a grace=5', '1:14 bad-option', 'did you mean 5s?'],
    ['# dq: hosts=a,,b', '1:7 bad-option', 'hosts[1]'],
    ['# dq: overlap', '1:7 bad-option', 'skip, queue, allow'],
    ['# dq: name="a b"', '1:7 bad-option', 'not a name'],
    ['# dq: missed=all missed=last', '1:18 bad-option', 'twice'],
    ['# dq: __proto__=x', '1:7 bad-option', 'unknown option'],
    ['# dq: onFailure="not closed', '1:7 bad-option', 'quote not closed'],
    ["# dq: name=a onFailure='", '1:14 bad-option', 'quote not closed'],
    ['# dq: onFailure="a b"c name=x', '1:7 bad-option', 'blank must follow'],
  ])('%s', (comment, issue, message) => {
    const lines = [comment, '0 0 * * * x'];
    expect(issuesOf(...lines)).toEqual([issue]);
    expect(parse(...lines).issues[0]!.message).toContain(message);
    expect(parse(...lines).entries).toEqual([]);
  });

  test.each(['# dq name=a', ' # DQ: name=a', '#dq : name=a', '## dq: name=a', '# Dq:name=a'])(
    'that are nearly some: %s',
    (comment) => {
      const { entries, issues } = parse(comment, '0 0 * * * x');
      expect(entries.map(({ name }) => name)).not.toContain('a');
      expect(issues).toMatchObject([{ code: 'stray-options', severity: 'warning', line: 1 }]);
    },
  );

  test.each(['# dq runs this', '# dq put a=b', '# dqx name=a', '# DQ_A=1'])(
    'are not meant by %s',
    (comment) => {
      expect(issuesOf(comment, '0 0 * * * x')).toEqual([]);
    },
  );

  test('mustn’t say twice what another comment says', () => {
    expect(issuesOf('# dq: name=a', '# dq: name=b', '0 0 * * * x')).toEqual(['2:7 bad-option']);
  });
});

describe('names', () => {
  const backup = '0 3 * * * /usr/bin/backup.sh --all';

  test('are derived, and stay for ever', () => {
    expect(entryOf(backup).name).toBe('backup.sh-24907e1ff4f0');
  });

  test('hang on schedule, zone and command alone', () => {
    const name = entryOf(backup).name;
    const [, other] = entriesOf('A=1', '1 1 1 1 * first', '# a comment', '# dq: grace=1h', backup);
    expect(other!.name).toBe(name);
    expect(entryOf('0  3 * * *\t/usr/bin/backup.sh --all').name).toBe(name);
    expect(entryOf('0 4 * * * /usr/bin/backup.sh --all').name).not.toBe(name);
    expect(entryOf('0 3 * * * /usr/bin/backup.sh').name).not.toBe(name);
    expect(entryOf('CRON_TZ=UTC', backup).name).not.toBe(name);
  });

  test('of two entries must differ', () => {
    const lines = ['# dq: name=a', '0 0 * * * x', '# dq: name=a', '0 1 * * * y'];
    expect(issuesOf(...lines)).toEqual(['4:1 duplicate-name']);
    expect(parse(...lines).entries).toHaveLength(1);
    const derived = `# dq: name=${entryOf(backup).name}`;
    expect(issuesOf(backup, derived, backup)).toEqual(['3:1 duplicate-name']);
    expect(issuesOf(derived, backup, backup)).toEqual(['3:1 duplicate-name']);
  });

  test('two equal lines run once', () => {
    expect(issuesOf(backup, '', backup)).toEqual(['3:1 duplicate-line']);
    expect(parse(backup, '', backup).entries).toHaveLength(1);
  });

  test('two lines that differ in variables or options alone need names', () => {
    expect(issuesOf('DB=a', backup, 'DB=b', backup)).toEqual(['4:1 duplicate-name']);
    expect(issuesOf(backup, '# dq: overlap=allow', backup)).toEqual(['3:1 duplicate-name']);
  });
});

describe('random ranges', () => {
  test('are the same on every host, as they hang on the name', () => {
    const times = entryOf('# dq: name=a', '~ 8~17 10~ ~6 mon~fri x').times;
    expect(times).toEqual(entryOf('# dq: name=a', '~ 8~17 10~ ~6 mon~fri y').times);
    const others = ['b', 'c', 'd'].map(
      (name) => entryOf(`# dq: name=${name}`, '~ * * * * x').times,
    );
    expect(others).not.toContainEqual(entryOf('# dq: name=a', '~ * * * * x').times);
  });

  test('of one entry are chosen independently', () => {
    const { times } = entryOf('# dq: name=a', '0~22,0~22,0~22 0~22 * * * x');
    if (times === 'reboot') throw new Error('reboot');
    expect(new Set([...times.minutes, ...times.hours]).size).toBeGreaterThan(2);
  });
});

describe('what is wrong has its line and column', () => {
  test.each([
    ['0 0 * * 8 x', '1:9 bad-day-of-week'],
    ['0 1,2,77 * * * x', '1:7 bad-hour'],
    ['  0 0 * *', '1:10 bad-day-of-week'],
    ['0 0 * * *  ', '1:12 bad-command'],
    ['* * * * * * x', '1:11 bad-command'],
    ['0 0 * * * -n', '1:11 bad-option'],
    ['0 0 * * * -n -n x', '1:14 bad-option'],
    ['@dayly x', '1:1 bad-time-specifier'],
    ['0 0 * * * a\0b', '1:11 bad-command'],
  ])('%j', (line, issue) => {
    expect(issuesOf('# the first line', line)).toEqual([issue.replace('1:', '2:')]);
  });

  test.each([
    ['0 5 * * echo hi', 4],
    ['0 5 * /usr/bin/backup --all', 3],
    ['0 5 * * ./x', 4],
    ['*/5 ls', 1],
  ])('%j seems to have %d fields', (line, fields) => {
    const said = `is the command, only ${fields} of 5 fields are before it`;
    expect(parse(line).issues[0]!.message).toContain(said);
  });

  test.each(['0 5 LW * * x', '0 5 * * mon-frx x', '0 5 */x * * y', '0 H * * * x', 'echo hi'])(
    '%j has a wrong value',
    (line) => {
      expect(parse(line).issues[0]!.message).not.toContain('command');
    },
  );

  test('everything is reported, and what is right is read', () => {
    const { entries, issues } = parse('60 0 * * * x', '0 0 * * * y', '0 24 * * * z', 'CRON_TZ=?');
    expect(entries).toHaveLength(1);
    expect(issues.map(({ code }) => code)).toEqual(['bad-minute', 'bad-hour', 'bad-time-zone']);
  });
});

describe('what is doubtful has its line and column', () => {
  test.each([
    ['0 0 * * * date +%F', '1:17 percent'],
    ['0 0 * * * date +\\%F', undefined],
    ['*/7 * * * * x', '1:1 uneven-step'],
    ['*/15 */6 * */3 */7 x', undefined],
    ['0 */5 * * * x', '1:3 uneven-step'],
    ['0 0 */2 * * x', '1:5 uneven-step'],
    ['*/70 * * * * x', '1:1 step-too-large'],
    ['0 22-2 * * * x', '1:3 reversed-range'],
    ['0 5-0 * * * x', '1:3 reversed-range'],
    ['0 0 * * sat-sun x', undefined],
    ['0 0 1,15 * 5 x', '1:5 both-days'],
    ['* */2 * * * x', '1:1 every-time'],
    ['  * 3 * * * x', '1:3 every-time'],
    ['* 9,17 * * * x', '1:1 every-time'],
    ['* 9-17 * * * x', undefined],
    ['* 9-12,14-17 * * * x', undefined],
    ['* */1 * * * x', undefined],
    ['*/5 3 * * * x', undefined],
    ['@hourly x', undefined],
    ['0 0 * * * root x', '1:11 user'],
    ['0 0 * * * -n x', '1:14 mail'],
    ['  -1 * * * * x', '1:3 dash'],
    ['-* * * * * x', undefined],
  ])('%j: %s', (line, issue) => {
    const { entries, issues } = parse(line);
    expect(entries).toHaveLength(1);
    expect(issues.every(({ severity }) => severity === 'warning')).toBe(true);
    expect(issuesOf(line)).toEqual(issue === undefined ? [] : [issue]);
  });
});

describe('a column of users', () => {
  const isUser = (word: string): boolean => word === 'www-data';

  test.each([
    ['www-data /usr/bin/x', ['user']],
    ['www-data\tphp cron.php', ['user']],
    ['root ./x', ['user']],
    ['www-data', []],
    ['www-data --help', []],
    ['nobody /usr/bin/x', []],
    ['/usr/bin/www-data /x', []],
  ])('%j: %j', (command, codes) => {
    const { issues } = parseCrontab(`0 0 * * * ${command}\n`, 'UTC', isUser);
    expect(issues.map(({ code }) => code)).toEqual(codes);
  });
});

describe('a command that ends with a backslash', () => {
  test('goes on in no other line', () => {
    expect(issuesOf('0 0 * * * cd /x && \\', '# ./y')).toEqual(['1:20 continued']);
    expect(issuesOf('0 0 * * * echo \\\\\\')).toEqual(['1:18 continued']);
  });

  test.each(['echo \\\\', 'echo \\ ', 'echo \\ x'])(
    'unless it is escaped or escapes: %j',
    (command) => {
      expect(issuesOf(`0 0 * * * ${command}`)).toEqual([]);
    },
  );
});
