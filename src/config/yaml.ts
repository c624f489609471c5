// Reads a YAML file; the only importer of cosmiconfig.

import { readFileSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { ConfigError, type Issue } from './issue.ts';
import { readPlainYaml } from './plain-yaml.ts';

/**
 * Of cosmiconfig only the YAML loader is used: its search runs a `.config/config.js` of the working
 * folder before anything else, and skips a file that it may not read.
 * @throws ConfigError when it can't be read or is no YAML.
 */
export async function readYaml(path: string): Promise<unknown> {
  const text = readText(path);
  const plain = readPlainYaml(text);
  if (plain !== undefined) return plain;
  const { defaultLoadersSync } = await import('cosmiconfig');
  try {
    return defaultLoadersSync['.yaml'](path, text);
  } catch (error) {
    throw new ConfigError([syntaxIssue(path, error)]);
  }
}

/** @throws ConfigError when it can't be read. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([unreadable(path, error as NodeJS.ErrnoException)]);
  }
}

/** Node's own message names the call, and the path once more. */
function unreadable(path: string, { code = '', errno = 0, message }: NodeJS.ErrnoException): Issue {
  if (code === 'ENOENT' || code === 'ENOTDIR') return { message: `no such file: ${path}` };
  if (code === 'EISDIR') return { message: `a directory, not a file: ${path}` };
  const [, reason = message] = getSystemErrorMap().get(errno) ?? [];
  return { file: path, message: `can't be read: ${reason}` };
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
