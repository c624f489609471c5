// Finds, reads and checks the configuration.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from './issue.ts';
import { configPlaces } from './places.ts';
import { mayBePlanted } from './planted.ts';
import { parseConfig, type Config } from './schema.ts';
import { readYaml } from './yaml.ts';

interface LoadOptions {
  /** The file that `--config` named. */
  readonly file?: string | undefined;
  /** The tubes that `--tube` named. */
  readonly tubes?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** @throws ConfigError with every issue of the file, the variables and the tubes. */
export async function loadConfig({ file, tubes = [], env, cwd }: LoadOptions): Promise<Config> {
  const path = findConfig({ file, env, cwd });
  const value = path === undefined ? undefined : await readYaml(path);
  const folder = path === undefined ? cwd : dirname(path);
  const parsed = parseConfig({
    file: path === undefined ? undefined : { path, value },
    env,
    tubes,
    readText: (name) => readFileSync(resolve(folder, name), 'utf8'),
  });
  if (parsed.issues !== undefined) throw new ConfigError(parsed.issues);
  return parsed.config;
}

/** The absolute path of the file it is read from; undefined: there is none. @throws ConfigError */
export function findConfig({ file, env, cwd }: Omit<LoadOptions, 'tubes'>): string | undefined {
  return namedFile(file, env, cwd) ?? foundFile(cwd, env);
}

function foundFile(cwd: string, env: NodeJS.ProcessEnv): string | undefined {
  const path = configPlaces(resolve(cwd), env).find(existsSync);
  if (path === undefined || !mayBePlanted(path, process.getuid?.())) return path;
  const message = 'belongs to another user, in a folder that anybody can write to';
  throw new ConfigError([{ file: path, message, hint: `if you trust it, name it: -c ${path}` }]);
}

/** A file that was named must be there: the search is no fall-back. */
function namedFile(
  option: string | undefined,
  env: NodeJS.ProcessEnv,
  cwd: string,
): string | undefined {
  const name = option ?? env['DQ_CONFIG'];
  if (name === undefined) return undefined;
  const namedBy = option === undefined ? 'DQ_CONFIG' : '--config';
  if (name === '') throw new ConfigError([{ path: namedBy, message: 'names no file' }]);
  const path = resolve(cwd, name);
  if (!existsSync(path)) {
    throw new ConfigError([{ path: namedBy, message: `no such file: ${path}` }]);
  }
  return path;
}
