// Where a schedule comes from: a crontab, a YAML file, or `cron:` of the configuration.

import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { ConfigError, type Issue as ConfigIssue } from '../config/issue.ts';
import { readText, readYaml } from '../config/yaml.ts';
import { DqError } from '../core/errors.ts';
import { isMapping } from '../core/reader.ts';
import { localZone } from '../core/zone.ts';
import { parseCrontab } from '../schedule/crontab.ts';
import type { Entry } from '../schedule/entry.ts';
import type { Issue } from '../schedule/issue.ts';
import { parseCronMap } from '../schedule/yaml-entries.ts';
import type { Context } from './context.ts';
import { isHostUser } from './host-users.ts';
import { stdin } from './stdin.ts';

export interface Schedule {
  /** The path as it was given. */
  readonly file: string;
  /** Those without an error. */
  readonly entries: readonly Entry[];
  readonly issues: readonly Issue[];
  /** What else a YAML file holds that isn't the configuration: settings that nobody reads. */
  readonly settings: readonly string[];
}

/**
 * @param file `-`: a crontab on stdin; undefined, or the configuration by its name: `cron:` of that.
 * @throws ConfigError when there is nothing that could be a schedule.
 */
export async function readSchedule(file: string | undefined, context: Context): Promise<Schedule> {
  if (file === undefined || (await isConfiguration(file, context))) {
    return configuredSchedule(file, context);
  }
  return readScheduleFile(file, context.cwd);
}

export async function isConfiguration(file: string, context: Context): Promise<boolean> {
  return resolve(context.cwd, file) === (await context.configFile());
}

async function readScheduleFile(file: string, cwd: string): Promise<Schedule> {
  if (file === '-') return crontabOf(file, await text(stdin()));
  const path = resolve(cwd, file);
  if (!/\.ya?ml$/.test(file)) return crontabOf(file, readText(path));
  const value = await readYaml(path);
  if (!isMapping(value) || value['cron'] === undefined) {
    const hint = 'cron: {nightly: {schedule: "0 3 * * *", run: ./backup.sh}}';
    throw new ConfigError([{ file: path, path: 'cron', message: 'is missing', hint }]);
  }
  const settings = Object.keys(value).filter((key) => key !== 'cron');
  return { file, ...parseCronMap(value['cron'], 'cron', localZone), settings };
}

function crontabOf(file: string, content: string): Schedule {
  return { file, ...parseCrontab(content, localZone, isHostUser), settings: [] };
}

async function configuredSchedule(named: string | undefined, context: Context): Promise<Schedule> {
  const { cron, file = 'cron' } = await context.config();
  if (cron === undefined) {
    throw new DqError('config', 'there is no cron: in the configuration', {
      hint: 'name a file: ./crontab',
    });
  }
  return { file: named ?? file, ...parseCronMap(cron, 'cron', localZone), settings: [] };
}

/**
 * For what runs a schedule, or looks where it runs: nodes that a file names and nobody reads would be a queue of
 * each host's own, and every tick would run on all of them.
 * @param command of `dq cron`.
 */
export function refuseSettings({ file, settings }: Schedule, command: string): void {
  if (settings.length === 0) return;
  const named = settings.join(', ');
  throw new DqError('usage', `${file} has settings that would not be used: ${named}`, {
    hint: `dq -c ${file} cron ${command}`,
  });
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
