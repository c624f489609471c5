// Finds, reads and checks the configuration; the only importer of cosmiconfig.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { ConfigError, type Issue } from './issue.ts';
import { configPlaces } from './places.ts';
import { parseConfig, type Config } from './schema.ts';

interface LoadOptions {
  /** The file that `--config` named. */
  readonly file?: string;
  /** The tubes that `--tube` named. */
  readonly tubes?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** @throws ConfigError with every issue of the file, the variables and the tubes. */
export async function loadConfig({ file, tubes = [], env, cwd }: LoadOptions): Promise<Config> {
  const path = namedFile(file, env, cwd) ?? configPlaces(resolve(cwd), env).find(existsSync);
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

/**
 * Of cosmiconfig only the YAML loader is used: its search runs a `.config/config.js` of the working
 * folder before anything else, and skips a file that it may not read.
 */
async function readYaml(path: string): Promise<unknown> {
  const text = readText(path);
  const { defaultLoadersSync } = await import('cosmiconfig');
  try {
    return defaultLoadersSync['.yaml'](path, text);
  } catch (error) {
    throw new ConfigError([syntaxIssue(path, error)]);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([{ file: path, message: `can't be read: ${messageOf(error)}` }]);
  }
}

/** What js-yaml throws; lines and columns count from 0. A mark is missing when the whole file is meant. */
interface YamlException {
  readonly reason: string;
  readonly mark?: { readonly line: number; readonly column: number };
}

function syntaxIssue(path: string, error: unknown): Issue {
  if (!isYamlException(error)) throw error;
  const { reason, mark } = error;
  const file = mark === undefined ? path : `${path}:${mark.line + 1}:${mark.column + 1}`;
  return { file, message: `not YAML: ${reason}` };
}

function isYamlException(error: unknown): error is YamlException {
  return error instanceof Error && error.name === 'YAMLException' && 'reason' in error;
}
