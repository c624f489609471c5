// Makes sure that beanstalkd and redis-server are there; as root on Debian they are installed, saying so.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const install = 'apt-get install -y --no-install-recommends beanstalkd redis-server';

/** @throws {Error} that names the command which installs what is missing. */
export default function requireServers() {
  lookInSbin();
  if (missing().length === 0) return;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    process.stderr.write(`${missing().join(' and ')} not found, installing: ${install}\n`);
    const options = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    execFileSync('apt-get', ['update'], options);
    execFileSync('sh', ['-c', install], options);
  }
  if (missing().length > 0) {
    throw new Error(`${missing().join(' and ')} not found; on Debian: sudo ${install}`);
  }
}

function missing() {
  return ['beanstalkd', 'redis-server'].filter(
    (command) => spawnSync(command, ['--version']).error !== undefined,
  );
}

/** Debian's sbin folders are not in every user's PATH. */
function lookInSbin() {
  const folders = (process.env.PATH ?? '').split(':');
  process.env.PATH = [...new Set([...folders, '/usr/sbin', '/sbin'])].join(':');
}
