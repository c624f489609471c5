// Whether a configuration that was found, not named, may be there without the knowledge of whoever runs dq.

import { lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const root = 0;
const othersMayWrite = 0o002;

/**
 * Anybody can lay a file into a folder such as /tmp, and so have the jobs of those who work below it.
 * @param uid who runs dq; undefined where users have no numbers.
 */
export function mayBePlanted(path: string, uid: number | undefined): boolean {
  const owner = lstatSync(path).uid;
  if (uid === undefined || owner === uid || owner === root) return false;
  return (statSync(dirname(path)).mode & othersMayWrite) !== 0;
}
