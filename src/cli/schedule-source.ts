// Where a schedule comes from: a crontab, a YAML file, or `cron:` of the configuration.

import { resolve } from 'node:path';
import { ConfigError } from '../config/issue.ts';
import { readText, readYaml } from '../config/yaml.ts';
import { isMapping } from '../core/reader.ts';
import { localZone } from '../core/zone.ts';
import { parseCrontab } from '../schedule/crontab.ts';
import type { Entry } from '../schedule/entry.ts';
import type { Issue } from '../schedule/issue.ts';
import { parseCronMap } from '../schedule/yaml-entries.ts';

export interface Schedule {
  /** The path as it was given. */
  readonly file: string;
  /** Those without an error. */
  readonly entries: readonly Entry[];
  readonly issues: readonly Issue[];
}

/** @throws ConfigError when there is nothing that could be a schedule. */
export async function readScheduleFile(file: string, cwd: string): Promise<Schedule> {
  const path = resolve(cwd, file);
  if (!/\.ya?ml$/.test(file)) return { file, ...parseCrontab(readText(path), localZone) };
  const value = await readYaml(path);
  if (!isMapping(value) || value['cron'] === undefined) {
    const hint = 'cron: {nightly: {schedule: "0 3 * * *", run: ./backup.sh}}';
    throw new ConfigError([{ file: path, path: 'cron', message: 'is missing', hint }]);
  }
  return { file, ...parseCronMap(value['cron'], 'cron', localZone) };
}
