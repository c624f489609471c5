// Where dq's files lie: the places a configuration is looked for, and the folder of the embedded queue.

import { dirname, isAbsolute, join } from 'node:path';
import { ownAccount } from '../core/account.ts';
import { DqError } from '../core/errors.ts';

const names = ['.dqrc.yaml', 'dqrc.yaml'];

/**
 * From the nearest to the farthest; the parents of `cwd` (absolute) only up to home, and up to the
 * root when home is none of them.
 */
export function configPlaces(cwd: string, env: NodeJS.ProcessEnv): string[] {
  return [
    ...foldersUpwards(cwd, homeFolder(env)).flatMap((folder) =>
      names.map((name) => join(folder, name)),
    ),
    ...baseFolder(env, 'XDG_CONFIG_HOME', '.config').map((base) => join(base, 'dq', 'config.yaml')),
    '/etc/dq/config.yaml',
  ];
}

/**
 * @param uid the user's number; undefined where there are none.
 * @throws DqError `config`: the user has no home, or the variable names a folder of the working folder: a worker that
 * is started in another one would never see the jobs.
 */
export function embeddedFolder(env: NodeJS.ProcessEnv, uid: number | undefined): string {
  const ofService = env['STATE_DIRECTORY']?.split(':')[0];
  if (ofService !== undefined && ofService !== '') return absolute(ofService);
  if (uid === 0) return '/var/lib/dq';
  const [base] = baseFolder(env, 'XDG_STATE_HOME', '.local/state');
  if (base !== undefined) return join(base, 'dq');
  throw new DqError('config', 'there is no folder for the queue: this user has no home', {
    hint: 'set HOME, or STATE_DIRECTORY to the folder',
  });
}

function absolute(folder: string): string {
  if (isAbsolute(folder)) return folder;
  throw new DqError('config', `STATE_DIRECTORY is no absolute path: ${folder}`, {
    hint: 'systemd sets it so; each working folder would have a queue of its own',
  });
}

function foldersUpwards(from: string, last: string | undefined): string[] {
  const parent = dirname(from);
  return from === last || from === parent ? [from] : [from, ...foldersUpwards(parent, last)];
}

/** The XDG rules: a variable that is unset, empty or no absolute path doesn't count. */
function baseFolder(env: NodeJS.ProcessEnv, variable: string, inHome: string): [] | [string] {
  const folder = env[variable] ?? '';
  if (isAbsolute(folder)) return [folder];
  const home = homeFolder(env);
  return home === undefined ? [] : [join(home, inHome)];
}

/** Undefined where neither HOME nor the list of users knows it, as in a container that runs as some number. */
function homeFolder(env: NodeJS.ProcessEnv): string | undefined {
  const named = env['HOME'] ?? '';
  const home = isAbsolute(named) ? named : (ownAccount()?.homedir ?? '');
  return isAbsolute(home) ? home : undefined;
}
