// Where a schedule comes from: a crontab, a YAML file, or `cron:` of the configuration.

import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { ConfigError, type Issue as ConfigIssue } from '../config/issue.ts';
import type { Config } from '../config/schema.ts';
import { readText, readYaml } from '../config/yaml.ts';
import { DqError } from '../core/errors.ts';
import { isMapping } from '../core/reader.ts';
import { localZone } from '../core/zone.ts';
import { parseCrontab } from '../schedule/crontab.ts';
import type { Entry } from '../schedule/entry.ts';
import type { Issue } from '../schedule/issue.ts';
import { parseCronMap } from '../schedule/yaml-entries.ts';
import { isHostUser } from './host-users.ts';

export interface Schedule {
  /** The path as it was given. */
  readonly file: string;
  /** Those without an error. */
  readonly entries: readonly Entry[];
  readonly issues: readonly Issue[];
}

/**
 * @param file `-`: a crontab on stdin.
 * @throws ConfigError when there is nothing that could be a schedule.
 */
export async function readScheduleFile(file: string, cwd: string): Promise<Schedule> {
  if (file === '-') return crontabOf(file, await text(process.stdin));
  const path = resolve(cwd, file);
  if (!/\.ya?ml$/.test(file)) return crontabOf(file, readText(path));
  const value = await readYaml(path);
  if (!isMapping(value) || value['cron'] === undefined) {
    const hint = 'cron: {nightly: {schedule: "0 3 * * *", run: ./backup.sh}}';
    throw new ConfigError([{ file: path, path: 'cron', message: 'is missing', hint }]);
  }
  return { file, ...parseCronMap(value['cron'], 'cron', localZone) };
}

function crontabOf(file: string, content: string): Schedule {
  return { file, ...parseCrontab(content, localZone, isHostUser) };
}

/** `cron:` of the configuration. */
export function configuredSchedule({ cron, file }: Config): Schedule {
  if (cron === undefined) {
    throw new DqError('config', 'there is no cron: in the configuration', {
      hint: 'name a file: ./crontab',
    });
  }
  return { file: file ?? 'cron', ...parseCronMap(cron, 'cron', localZone) };
}

/** @throws ConfigError with every error of the schedule. */
export function usableEntries({ file, entries, issues }: Schedule): readonly Entry[] {
  const errors = issues.filter(({ severity }) => severity === 'error');
  const [first, ...more] = errors.map((issue) => configIssue(file, issue));
  if (first !== undefined) throw new ConfigError([first, ...more]);
  return entries;
}

/** Each warning as one line. */
export function warningsOf({ file, issues }: Schedule): string[] {
  return issues
    .filter(({ severity }) => severity === 'warning')
    .map((issue) => `${file}:${placeOf(issue)}: ${issue.message}`);
}

/** `LINE:COLUMN` of a crontab, the path in a YAML file. */
export function placeOf(issue: Issue): string {
  return 'path' in issue ? issue.path : `${issue.line}:${issue.column}`;
}

function configIssue(file: string, issue: Issue): ConfigIssue {
  if ('path' in issue) return { file, path: issue.path, message: issue.message };
  return { file: `${file}:${placeOf(issue)}`, message: issue.message };
}
