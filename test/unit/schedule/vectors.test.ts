// What cronie does, row by row: test/vectors/cron.json.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { splitPercent } from '../../../src/schedule/crontab-line.ts';
import { parseCrontab } from '../../../src/schedule/crontab.ts';
import { ticks, ticksAfter } from '../../../src/schedule/ticks.ts';
import { matchesDay, parseSchedule, type Times } from '../../../src/schedule/times.ts';
import { commandEnvironment } from '../../../src/schedule/variables.ts';

interface Row {
  readonly id: string;
  readonly input: string;
}

type Values = '*' | number[];

interface EntryRow extends Row {
  readonly expect: {
    readonly minute: Values;
    readonly hour: Values;
    readonly dayOfMonth: Values;
    readonly month: Values;
    readonly dayOfWeek: Values;
    readonly flags: string[];
    readonly command: string;
  };
}

interface Moment {
  readonly minute: number;
  readonly hour: number;
  readonly dayOfMonth: number;
  readonly month: number;
  readonly dayOfWeek: number;
}

interface FileExpectation {
  readonly entries?: number | { readonly command: string; readonly tz?: string }[];
  readonly env?: Record<string, string>;
  readonly defaults?: Record<string, string>;
  readonly warning?: string;
}

const file = new URL('../../vectors/cron.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as {
  vectors: (Row & { readonly kind: string })[];
};

function rows<R extends Row>(kind: string, least: number): R[] {
  const found = vectors.filter((row) => row.kind === kind);
  expect(found.length).toBeGreaterThanOrEqual(least);
  return found as unknown as R[];
}

function timesOf(schedule: string): Times {
  const read = parseSchedule(schedule, false, '');
  if (read.fault !== undefined) throw new Error(read.fault.message);
  if (read.times === 'reboot') throw new Error('reboot');
  return read.times;
}

describe('an entry that cronie accepts', () => {
  test.each(rows<EntryRow>('entry', 29))('$id $input', ({ input, expect: wanted }) => {
    const { entries, issues } = parseCrontab(input, 'UTC');
    expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
    const [entry] = entries;
    const times = entry!.times === 'reboot' ? undefined : entry!.times;
    expect({
      minute: shown(times?.minutes, 60),
      hour: shown(times?.hours, 24),
      dayOfMonth: shown(times?.daysOfMonth, 31),
      month: shown(times?.months, 12),
      dayOfWeek: withSunday(shown(times?.daysOfWeek, 7)),
      flags: [
        ...(times === undefined ? ['REBOOT'] : []),
        ...(times?.stars.minute ? ['MIN*'] : []),
        ...(times?.stars.hour ? ['HR*'] : []),
        ...(times?.stars.dayOfMonth ? ['DOM*'] : []),
        ...(times?.stars.dayOfWeek ? ['DOW*'] : []),
        ...(issues.some(({ code }) => code === 'mail') ? ['-n'] : []),
      ],
      command: entry!.task.kind === 'run' ? entry!.task.command : undefined,
    }).toEqual(wanted);
  });

  function shown(values: Iterable<number> = [], all: number): Values {
    const list = [...values];
    return list.length === all ? '*' : list;
  }

  function withSunday(values: Values): Values {
    return values !== '*' && values.includes(0) ? [...values, 7] : values;
  }
});

describe('an entry that cronie refuses', () => {
  type Refused = Row & { readonly expect: { readonly error: string } };

  test.each(rows<Refused>('entry-invalid', 33))('$id $input', ({ input, expect: { error } }) => {
    const { entries, issues } = parseCrontab(input, 'UTC');
    expect(entries).toEqual([]);
    expect(issues.map(({ code }) => code)).toEqual([error.replace(' ', '-')]);
  });
});

describe('a file', () => {
  type FileRow = Row & { readonly expect: FileExpectation; readonly dq?: FileExpectation };

  test.each(rows<FileRow>('file', 7))('$id', ({ input, expect: cronies, dq }) => {
    const { entries, defaults, env, warning } = dq ?? cronies;
    const read = parseCrontab(input, 'UTC');
    const found = read.entries.map(({ zone, task }) => ({
      command: task.kind === 'run' ? task.command : undefined,
      tz: zone,
    }));
    if (typeof entries === 'number') expect(found).toHaveLength(entries);
    if (Array.isArray(entries)) {
      expect(found).toEqual(entries.map(({ command, tz = 'UTC' }) => ({ command, tz })));
    }
    if (env !== undefined) expect(read.variables).toEqual(env);
    if (defaults !== undefined) expect(commandEnvironment({}, read.variables)).toEqual(defaults);
    expect(read.issues.filter(({ severity }) => severity === 'error')).toEqual([]);
    if (warning !== undefined) expect(read.issues.map(({ code }) => code)).toEqual([warning]);
  });
});

describe('a command column', () => {
  type PercentRow = Row & { readonly expect: { readonly command: string; readonly stdin: string } };

  test.each(rows<PercentRow>('percent', 7))('$id $input', ({ input, expect: wanted }) => {
    expect(splitPercent(input)).toEqual(wanted);
  });
});

describe('a minute', () => {
  type MatchRow = Row & {
    readonly at: string | Moment;
    readonly expect: boolean;
    readonly vixie?: boolean;
  };

  test.each(rows<MatchRow>('match', 13))('$id $input at $at', ({ input, at, expect, vixie }) => {
    const times = timesOf(input);
    const moment = typeof at === 'string' ? momentOf(new Date(`${at}Z`)) : at;
    const matches =
      times.minutes.includes(moment.minute) &&
      times.hours.includes(moment.hour) &&
      matchesDay(times, moment);
    assertSame(matches, vixie ?? expect);
    if (typeof at !== 'string') return;
    const instant = Date.parse(`${at}Z`);
    assertSame(ticks({ times, zone: 'UTC' }, instant - 1, instant).length === 1, vixie ?? expect);
  });

  function assertSame(found: boolean, wanted: boolean): void {
    expect(found).toBe(wanted);
  }

  function momentOf(date: Date): Moment {
    return {
      minute: date.getUTCMinutes(),
      hour: date.getUTCHours(),
      dayOfMonth: date.getUTCDate(),
      month: date.getUTCMonth() + 1,
      dayOfWeek: date.getUTCDay(),
    };
  }
});

describe('the next ticks', () => {
  type NextRow = Row & {
    readonly tz: string;
    readonly after: string;
    readonly expect: string[];
    readonly vixie?: string[];
  };

  test.each(rows<NextRow>('next', 50))(
    '$id $input in $tz after $after',
    ({ input, tz, after, expect: first, vixie }) => {
      // cronie may start a command twice at one instant; a tick is its instant, so that it is one.
      const wanted = [...new Set(vixie ?? first)].map((instant) => Date.parse(instant));
      const entry = { times: timesOf(input), zone: tz };
      const following = ticksAfter(entry, Date.parse(after));
      const found = wanted.map(() => following.next().value ?? NaN);
      expect(found.map(iso)).toEqual(wanted.map(iso));
      expect(ticks(entry, Date.parse(after), wanted.at(-1)!)).toEqual(wanted);
    },
  );

  function iso(instant: number): string {
    return new Date(instant).toISOString();
  }
});
