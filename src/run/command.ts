// The handler's words: what is to be executed for a job, checked before any job is reserved.

import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DqError } from '../core/errors.ts';
import { inheritedEnvironment } from './environment.ts';
import { missingInterpreter } from './interpreter.ts';

export interface HandlerCommand {
  /** Looked up in PATH when it holds no `/`. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Found = 'executable' | 'not executable' | 'a folder' | 'absent';

/** The characters that mean something to a shell unless quoted (POSIX.1-2017, XCU 2.2). */
const shellCharacters = /[\s|&;<>()$`\\"'*?[#~=%]/;
/** What execvp looks through when PATH isn't set. */
const defaultPath = '/bin:/usr/bin';

/**
 * The words as they are, or `sh -c WORD` for a single word that names no file and is written in shell.
 * @throws DqError (usage) when there is nothing to execute.
 */
export function resolveHandler(
  words: readonly string[],
  { cwd, env }: Surroundings,
): HandlerCommand {
  const [file, ...args] = words;
  // Blanks alone are variables that weren't set: sh would succeed with them, and each job be done
  if (file === undefined || file.trim() === '') {
    throw new DqError('usage', 'no handler was given', {
      hint: 'put its words after --, such as: dq work -- ./handler.sh',
    });
  }
  const around = { cwd, env: inheritedEnvironment(env) };
  const paths = candidates(file, cwd, env['PATH'] ?? defaultPath);
  const program = paths.find((path) => inspect(path) === 'executable');
  if (program !== undefined) {
    assertInterpreter(program, cwd);
    return { file, args, ...around };
  }
  const found = notExecutable(file, paths);
  if (found === 'absent' && args.length === 0 && shellCharacters.test(file) && !isIn(cwd, file)) {
    return { file: '/bin/sh', args: ['-c', file], ...around };
  }
  throw notAHandler(file, found, cwd);
}

/** As execvp does: a word with a slash is a path, any other is looked for in the folders of PATH. */
function candidates(word: string, cwd: string, searched: string): string[] {
  if (word.includes('/')) return [resolve(cwd, word)];
  // An empty entry of PATH is the working folder.
  return searched.split(':').map((folder) => resolve(cwd, folder, word));
}

/** In PATH a folder is no more than a name that isn't there. */
function notExecutable(word: string, paths: readonly string[]): Found {
  const found = paths.map(inspect);
  if (found.includes('not executable')) return 'not executable';
  return word.includes('/') && found.includes('a folder') ? 'a folder' : 'absent';
}

/** Else no job would ever run, and none fail: each start is refused as if this machine were in trouble. */
function assertInterpreter(program: string, cwd: string): void {
  const interpreter = missingInterpreter(program, cwd);
  if (interpreter === undefined) return;
  const hint = interpreter.endsWith('\r')
    ? `its lines end with CR LF: sed -i 's/\\r$//' '${program}'`
    : 'install it, or mend the first line of the handler';
  const named = JSON.stringify(interpreter);
  throw new DqError('usage', `the interpreter of ${program} is missing: ${named}`, { hint });
}

function inspect(path: string): Found {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return 'a folder';
    if (!stats.isFile()) return 'not executable';
  } catch {
    return 'absent'; // whatever the reason (no such name, or too long for one), it can't be executed
  }
  try {
    accessSync(path, constants.X_OK);
    return 'executable';
  } catch {
    return 'not executable';
  }
}

function isIn(cwd: string, word: string): boolean {
  return inspect(resolve(cwd, word)) !== 'absent';
}

function notAHandler(word: string, found: Found, cwd: string): DqError {
  if (found !== 'absent') {
    const hint = found === 'a folder' ? 'name a program' : `make it so: chmod +x '${word}'`;
    return new DqError('usage', `the handler is ${found}: ${word}`, { hint });
  }
  const hint =
    !word.includes('/') && isIn(cwd, word)
      ? `did you mean ./${word}? A name without a slash is looked for in PATH only`
      : 'name a command that is in PATH, or the path of an executable file';
  return new DqError('usage', `no such handler: ${word}`, { hint });
}
