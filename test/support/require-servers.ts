// Before any test: beanstalkd and redis-server must be there; as root on Debian they are installed.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const install = 'apt-get install -y --no-install-recommends beanstalkd redis-server';

export default function requireServers(): void {
  if (missing().length === 0) return;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    process.stderr.write(`${missing().join(' and ')} not found, installing: ${install}\n`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    execFileSync('apt-get', ['update'], { stdio: 'inherit', env });
    execFileSync('sh', ['-c', install], { stdio: 'inherit', env });
  }
  if (missing().length > 0) {
    throw new Error(`the tests need ${missing().join(' and ')}; on Debian: sudo ${install}`);
  }
}

function missing(): string[] {
  return ['beanstalkd', 'redis-server'].filter(
    (command) => spawnSync(command, ['--version']).error !== undefined && !inSbin(command),
  );
}

/** Debian's sbin folders are not in every user's PATH. */
function inSbin(command: string): boolean {
  const folder = ['/usr/sbin', '/sbin'].find((path) => existsSync(`${path}/${command}`));
  if (folder === undefined) return false;
  process.env['PATH'] = `${process.env['PATH'] ?? ''}:${folder}`;
  return true;
}
