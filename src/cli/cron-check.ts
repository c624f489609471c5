// dq cron check: what is wrong in a schedule, and what is probably not meant.

import { systemClock } from '../core/clock.ts';
import { DqError } from '../core/errors.ts';
import { escapeControl } from '../output/escape.ts';
import { checkEntries } from '../schedule/check.ts';
import type { Issue } from '../schedule/issue.ts';
import type { Context } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { placeOf, readSchedule, type Schedule } from './schedule-source.ts';

export async function cronCheck(words: readonly string[], context: Context): Promise<void> {
  const [file, second] = words;
  if (second !== undefined) {
    throw new DqError('usage', 'one file is checked at a time', {
      hint: 'dq cron check ./crontab',
    });
  }
  const { printer } = context;
  const schedule = await readSchedule(file, context);
  const ofEntries = checkEntries(schedule.entries, systemClock.now());
  const issues = [...unusedSettings(schedule), ...schedule.issues, ...ofEntries].sort(byPlace);
  if (printer.json) {
    await printer.line(issues);
  } else {
    const paint = await printer.paint();
    for (const issue of issues) {
      const severity = issue.severity === 'error' ? paint.bad('error') : paint.warn('warning');
      const where = paint.strong(`${schedule.file}:${placeOf(issue)}:`);
      await printer.data(`${where} ${severity}: ${escapeControl(issue.message)} [${issue.code}]`);
    }
  }
  const errors = issues.filter(({ severity }) => severity === 'error').length;
  const warnings = issues.length - errors;
  const counts = [
    counted(schedule.entries.length, 'entry', 'entries'),
    counted(errors, 'error'),
    counted(warnings, 'warning'),
  ];
  printer.note(counts.join(', '));
  context.exit(errors > 0 ? exitCodes.usage : exitCodes.done);
}

/** The file may be meant as a configuration: as a mere schedule it is refused. */
function unusedSettings({ file, settings }: Schedule): Issue[] {
  const [path] = settings;
  if (path === undefined) return [];
  const message = `${settings.join(', ')}: used only where the file is the configuration: dq -c ${file} cron run`;
  return [{ path, severity: 'warning', code: 'unused-settings', message }];
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Issues of a YAML file keep their order. */
function byPlace(a: Issue, b: Issue): number {
  if ('path' in a || 'path' in b) return 0;
  return a.line - b.line || a.column - b.column;
}
