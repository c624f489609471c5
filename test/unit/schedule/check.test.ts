import { describe, expect, test } from 'vitest';
import { checkEntries } from '../../../src/schedule/check.ts';
import { parseCrontab } from '../../../src/schedule/crontab.ts';

const now = Date.parse('2026-11-22T12:34:56Z');

function warningsOf(...lines: string[]): string[] {
  const { entries } = parseCrontab(lines.join('\n'), 'America/New_York');
  expect(entries.length).toBeGreaterThan(0);
  return checkEntries(entries, now).map((issue) => {
    expect(issue.severity).toBe('warning');
    return 'line' in issue ? `${issue.line}:${issue.column} ${issue.code}: ${issue.message}` : '';
  });
}

describe('an entry that never runs', () => {
  test.each(['0 0 31 2 *', '0 22-2 * * *', '0 0 * * fri-mon'])('%s', (schedule) => {
    expect(warningsOf(`${schedule} x`)).toEqual([`1:1 never: ${schedule} never matches`]);
  });

  test('is none that runs at every start', () => {
    expect(warningsOf('@reboot x')).toEqual([]);
  });

  test('is none that runs in four years', () => {
    expect(warningsOf('0 0 29 2 * x')).toEqual([]);
  });
});

describe('a time that clocks skip within a year', () => {
  test('runs later', () => {
    expect(warningsOf('', '  30 2 * * * x')).toEqual([
      '2:3 skipped-time: 2027-03-14 02:30 does not exist, as clocks are put forward: it runs at 03:00 instead',
    ]);
  });

  test('is left out when the minute begins with *', () => {
    expect(warningsOf('*/20 2 * * * x')).toEqual([
      '1:1 skipped-time: 2027-03-14 02:00 does not exist, as clocks are put forward: it is left out',
    ]);
  });

  test.each(['0 * * * * x', '30 */2 * * * x', '30 2 12 3 * x', '30 3 * * * x'])(
    'not for %s',
    (line) => {
      expect(warningsOf(line)).toEqual([]);
    },
  );

  test('in the zone of the entry', () => {
    expect(warningsOf('CRON_TZ=Asia/Tokyo', '30 2 * * * x')).toEqual([]);
    expect(warningsOf('CRON_TZ=Europe/London', '30 1 * * * x').join()).toContain(
      '2027-03-28 01:30',
    );
  });
});

describe('many entries at one minute', () => {
  const monthly = Array.from({ length: 9 }, (_, index) => `0 4 1 * * job ${index}`);

  test('are told once, at the first of them', () => {
    expect(warningsOf('# jobs', ...monthly, '*/20 * * * * job')).toEqual([
      '2:1 crowded: 10 entries are due in one minute, 2026-12-01 04:00: ~ in a field or a jitter spreads them',
    ]);
  });

  test('are many from ten on', () => {
    expect(warningsOf(...monthly)).toEqual([]);
  });

  test('not when a jitter spreads them', () => {
    const spread = monthly.flatMap((line) => ['# dq: jitter=1h', line]);
    expect(warningsOf(...spread, '0 4 1 * * a', '0 4 1 * * b')).toEqual([]);
  });
});
