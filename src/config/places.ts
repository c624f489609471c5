// Where dq's files lie: the places a configuration is looked for, and the folder of the embedded queue.

import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

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
    join(baseFolder(env, 'XDG_CONFIG_HOME', '.config'), 'dq', 'config.yaml'),
    '/etc/dq/config.yaml',
  ];
}

/** @param uid the user's number; undefined where there are none. */
export function embeddedFolder(env: NodeJS.ProcessEnv, uid: number | undefined): string {
  const ofService = env['STATE_DIRECTORY']?.split(':')[0];
  if (ofService !== undefined && ofService !== '') return ofService;
  if (uid === 0) return '/var/lib/dq';
  return join(baseFolder(env, 'XDG_STATE_HOME', '.local/state'), 'dq');
}

function foldersUpwards(from: string, last: string): string[] {
  const parent = dirname(from);
  return from === last || from === parent ? [from] : [from, ...foldersUpwards(parent, last)];
}

/** The XDG rules: a variable that is unset, empty or no absolute path doesn't count. */
function baseFolder(env: NodeJS.ProcessEnv, variable: string, inHome: string): string {
  const folder = env[variable] ?? '';
  return isAbsolute(folder) ? folder : join(homeFolder(env), inHome);
}

function homeFolder(env: NodeJS.ProcessEnv): string {
  const home = env['HOME'] ?? '';
  return isAbsolute(home) ? home : homedir();
}
