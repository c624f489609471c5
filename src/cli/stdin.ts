// stdin, as commands read it: what goes wrong there is an error that a user understands.

import type { Buffer } from 'node:buffer';
import { fstatSync } from 'node:fs';
import { DqError, messageOf } from '../core/errors.ts';

/** @throws DqError: usage for a directory, of which Node reads nothing; unavailable when it can't be read on. */
export async function* stdin(): AsyncGenerator<Buffer> {
  if (fstatSync(0).isDirectory()) throw new DqError('usage', 'stdin is a directory');
  try {
    for await (const chunk of process.stdin) yield chunk as Buffer;
  } catch (error) {
    throw new DqError('unavailable', `can't read stdin: ${messageOf(error)}`, { cause: error });
  }
}
