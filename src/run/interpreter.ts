// The interpreter that the first line of a script names: without it the script can't be started.

import { Buffer } from 'node:buffer';
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';

/** Linux looks no further for the end of the line (BINPRM_BUF_SIZE). */
const longestLine = 256;
const scriptLine = /^#![ \t]*([^ \t\n\0]+)/;

/** The interpreter of the script, if it doesn't exist; undefined for anything else, and for what can't be read. */
export function missingInterpreter(path: string, cwd: string): string | undefined {
  const [, interpreter] = scriptLine.exec(beginningOf(path)) ?? [];
  if (interpreter === undefined || existsSync(resolve(cwd, interpreter))) return undefined;
  return interpreter;
}

function beginningOf(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return ''; // a program may be executable and not readable
  }
  try {
    const bytes = Buffer.alloc(longestLine);
    return bytes.toString('utf8', 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}
