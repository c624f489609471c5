// Which words name a user of this host, for crontabs that have a column of users.

import { existsSync, readFileSync } from 'node:fs';

const programFolders = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

let known: ReadonlySet<string> | undefined;

/** Not one that is a program as well (`mail`, `man`, `sync`): as a command it is right. */
export function isHostUser(word: string): boolean {
  known ??= readUsers();
  return known.has(word) && !programFolders.some((folder) => existsSync(`${folder}/${word}`));
}

function readUsers(): ReadonlySet<string> {
  const path = '/etc/passwd';
  if (!existsSync(path)) return new Set();
  const lines = readFileSync(path, 'utf8').split('\n');
  return new Set(lines.map((line) => line.split(':', 1)[0] ?? '').filter((name) => name !== ''));
}
