import { describe, expect, test } from 'vitest';
import { parseCronMap } from '../../../src/schedule/yaml-entries.ts';

function issuesOf(value: unknown): string[] {
  return parseCronMap(value, 'cron', 'local').issues.map((issue) =>
    'path' in issue ? `${issue.path} ${issue.code}` : `line ${issue.line}`,
  );
}

/** Issues of an entry that is right but for these options. */
function issuesWith(options: Record<string, unknown>): string[] {
  return issuesOf({ a: { schedule: '0 0 * * *', run: 'x', ...options } });
}

describe('an entry', () => {
  test('of few words has the defaults', () => {
    const value = { nightly: { schedule: ' 0  3 * * * ', run: 'backup' } };
    const { entries, issues } = parseCronMap(value, 'cron', 'local');
    expect(issues).toEqual([]);
    expect(entries).toMatchObject([
      {
        name: 'nightly',
        place: { path: 'cron.nightly' },
        schedule: '0 3 * * *',
        zone: 'local',
        times: { minutes: [0], hours: [3], seconds: [0] },
        hosts: 'any',
        grace: 300_000,
        missed: 'last',
        delay: 0,
        task: {
          kind: 'run',
          command: 'backup',
          stdin: '',
          env: {},
          overlap: 'skip',
          timeout: undefined,
          attempts: 1,
        },
      },
    ]);
  });

  test('may say everything', () => {
    const value = {
      a: {
        schedule: '*/10 * * * * *',
        extended: true,
        timezone: 'Europe/Berlin',
        run: 'date +%F',
        env: { A: 'b', N: 1, T: true, E: '' },
        hosts: ['web1', 'web2'],
        overlap: 'queue',
        grace: '1m',
        missed: 'skip',
        timeout: '1h30m',
        attempts: 3,
        jitter: '10s',
        onFailure: 'notify bad',
        onSuccess: 'notify good',
      },
    };
    const { entries, issues } = parseCronMap(value, 'cron', 'local');
    expect(issues).toEqual([]);
    expect(entries).toMatchObject([
      {
        zone: 'Europe/Berlin',
        times: { seconds: [0, 10, 20, 30, 40, 50] },
        hosts: ['web1', 'web2'],
        grace: 60_000,
        missed: 'skip',
        task: {
          command: 'date +%F',
          env: { A: 'b', N: '1', T: 'true', E: '' },
          overlap: 'queue',
          timeout: 5_400_000,
          attempts: 3,
          onFailure: 'notify bad',
          onSuccess: 'notify good',
        },
      },
    ]);
  });

  test('may put a job instead', () => {
    const value = { a: { schedule: '@daily', put: '', tube: 'mail', hosts: 'each' } };
    const { entries, issues } = parseCronMap(value, 'cron', 'local');
    expect(issues).toEqual([]);
    expect(entries).toMatchObject([
      { hosts: 'each', task: { kind: 'put', payload: '', tube: 'mail' } },
    ]);
  });

  test('with extended may have a nickname', () => {
    expect(issuesWith({ schedule: '@hourly', extended: true })).toEqual([]);
  });
});

test('nothing is no entries', () => {
  expect(parseCronMap(null, 'cron', 'local')).toEqual({ entries: [], issues: [] });
  expect(parseCronMap({}, 'cron', 'local')).toEqual({ entries: [], issues: [] });
});

describe('what is wrong has its path', () => {
  test.each([
    ['x', 'cron bad-option'],
    [[], 'cron bad-option'],
    [{ a: null }, 'cron.a bad-option'],
    [{ a: '0 0 * * * x' }, 'cron.a bad-option'],
    [{ 'a b': { schedule: '@daily', run: 'x' } }, 'cron.a b bad-name'],
    [{ a: { run: 'x' } }, 'cron.a.schedule bad-schedule'],
    [{ a: { schedule: '@daily' } }, 'cron.a.run bad-option'],
    [{ a: { schedule: '@daily', put: 'x', run: 'y' } }, 'cron.a.put bad-option'],
    [{ a: { schedule: '@daily', put: 'x', timeout: '1s' } }, 'cron.a.timeout bad-option'],
    [{ a: { schedule: '@daily', put: 'x', env: {} } }, 'cron.a.env bad-option'],
    [{ a: { schedule: '@daily', put: 1 } }, 'cron.a.put bad-option'],
    [{ a: { schedule: '@daily', put: 'x', tube: 'a b' } }, 'cron.a.tube bad-option'],
  ])('%j: %s', (value, issue) => {
    expect(issuesOf(value)).toEqual([issue]);
  });

  test.each([
    [{ tube: 'x' }, 'tube bad-option'],
    [{ schedule: 5 }, 'schedule bad-option'],
    [{ schedule: '0 0 * * 8' }, 'schedule bad-day-of-week'],
    [{ schedule: ' ' }, 'schedule bad-schedule'],
    [{ schedule: '' }, 'schedule bad-option'],
    [{ timezone: '' }, 'timezone bad-option'],
    [{ schedule: '0 0 * *' }, 'schedule bad-schedule'],
    [{ schedule: '0 0 0 * * *' }, 'schedule bad-schedule'],
    [{ schedule: '@daily x' }, 'schedule bad-schedule'],
    [{ schedule: '@never' }, 'schedule bad-time-specifier'],
    [{ schedule: '0 0 * * *', extended: true }, 'schedule bad-schedule'],
    [{ schedule: '60 0 0 * * *', extended: true }, 'schedule bad-second'],
    [{ extended: 'yes' }, 'extended bad-option'],
    [{ timezone: 'Mars' }, 'timezone bad-time-zone'],
    [{ run: '' }, 'run bad-option'],
    [{ run: ' ' }, 'run bad-option'],
    [{ run: 'a\0b' }, 'run bad-option'],
    [{ env: 'A=b' }, 'env bad-option'],
    [{ env: { A: ['b'] } }, 'env.A bad-option'],
    [{ env: { 'A=': 'b' } }, 'env bad-option'],
    [{ env: { A: '\0' } }, 'env.A bad-option'],
    [{ hosts: 'web1' }, 'hosts bad-option'],
    [{ hosts: [] }, 'hosts bad-option'],
    [{ hosts: ['web1', 2] }, 'hosts[1] bad-option'],
    [{ overlap: 'wait' }, 'overlap bad-option'],
    [{ missed: true }, 'missed bad-option'],
    [{ grace: 300 }, 'grace bad-option'],
    [{ timeout: '0s' }, 'timeout bad-option'],
    [{ attempts: '3' }, 'attempts bad-option'],
    [{ name: 'b' }, 'name bad-option'],
  ])('%j: %s', (options, issue) => {
    expect(issuesWith(options)).toEqual([`cron.a.${issue}`]);
    const value = { a: { schedule: '0 0 * * *', run: 'x', ...options } };
    expect(parseCronMap(value, 'cron', 'local').entries).toEqual([]);
  });

  test('everything is reported, and what is right is read', () => {
    const value = {
      a: { schedule: '0 0 * *', run: '', hosts: 1 },
      b: { schedule: '*/7 * * * *', run: 'x' },
    };
    const { entries, issues } = parseCronMap(value, 'cron', 'local');
    expect(entries.map(({ name }) => name)).toEqual(['b']);
    expect(issues.map(({ severity }) => severity)).toEqual(['error', 'error', 'error', 'warning']);
    expect(issues[0]!.message).toBe('must be a text, not ""');
    expect(issues.at(-1)).toMatchObject({ path: 'cron.b.schedule', code: 'uneven-step' });
  });

  test.each([
    ['* 5 * * * *', ['second * is every second of minute 5: did you mean 0 5?']],
    ['0 * 3 * * *', ['minute * is every minute of hour 3: did you mean 0 3?']],
    ['* * * * * *', []],
    ['* 0-9 * * * *', []],
  ])('a star before a single value is doubted: %s', (schedule, messages) => {
    const value = { a: { schedule, extended: true, run: 'x' } };
    const { issues } = parseCronMap(value, 'cron', 'local');
    expect(issues.map(({ message }) => message)).toEqual(messages);
  });

  test('the remedy is in the message', () => {
    const message = (options: object): string =>
      parseCronMap({ a: { schedule: '@daily', run: 'x', ...options } }, 'cron', 'local').issues[0]!
        .message;
    expect(message({ grace: 300 })).toContain('did you mean 300s?');
    expect(message({ timezone: 'Berlin' })).toContain('did you mean Europe/Berlin?');
    expect(message({ timzone: 'UTC' })).toContain('did you mean timezone?');
    expect(message({ schedule: '0 0 0 * * *' })).toContain('extended: true');
  });
});
