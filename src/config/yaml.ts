// Reads a YAML file; the only importer of cosmiconfig.

import { readFileSync } from 'node:fs';
import { messageOf } from '../core/errors.ts';
import { ConfigError, type Issue } from './issue.ts';

/**
 * Of cosmiconfig only the YAML loader is used: its search runs a `.config/config.js` of the working
 * folder before anything else, and skips a file that it may not read.
 * @throws ConfigError when it can't be read or is no YAML.
 */
export async function readYaml(path: string): Promise<unknown> {
  const text = readText(path);
  const { defaultLoadersSync } = await import('cosmiconfig');
  try {
    return defaultLoadersSync['.yaml'](path, text);
  } catch (error) {
    throw new ConfigError([syntaxIssue(path, error)]);
  }
}

export function readText(path: string): string {
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
