// dq init: writes a commented configuration to begin with.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DqError, messageOf } from '../core/errors.ts';
import type { Context } from './context.ts';

export interface InitOptions {
  readonly cluster?: boolean;
}

const name = '.dqrc.yaml';
/** It may come to hold a password of Redis. */
const ownerOnly = 0o600;

const embedded = `# The configuration of dq. Durations have a unit: 500ms, 5s, 1h30m, 2d.
# To grow to a cluster: dq init --cluster in another folder shows all there is.

# Jobs are kept in a file: for this machine and user only, no services needed.
# In its place the beanstalkd nodes of a cluster, [host:11300, host:11300, …], and a Redis:
# redis: redis://host:6379
nodes: embedded

# The tube that jobs are put into and taken from.
tube: default

# What dq work does unless its options say otherwise.
work:
  # Handlers at a time.
  concurrency: 1
  # A job is buried when its handler failed this often.
  attempts: 5
  # A handler that runs longer is ended, and failed. No limit by default.
  # timeout: 1h
  # How long running handlers may go on after SIGTERM, before they are ended and their jobs released.
  grace: 25s
`;

export function init(words: readonly string[], options: InitOptions, context: Context): void {
  if (words.length > 0) {
    throw new DqError('usage', `what is ${JSON.stringify(words[0])}?`, {
      hint: 'dq init [--cluster]',
    });
  }
  const path = join(context.cwd, name);
  const text = options.cluster === true ? clusterText() : embedded;
  try {
    writeFileSync(path, text, { flag: 'wx', mode: ownerOnly });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new DqError('usage', `can't write ${path}: ${messageOf(error)}`);
    }
    throw new DqError('usage', `there is a ${path} already; it is left as it is`);
  }
  context.printer.note(`wrote ${path}; next: dq doctor`);
}

function clusterText(): string {
  return readFileSync(new URL('../../dqrc.example.yaml', import.meta.url), 'utf8');
}
