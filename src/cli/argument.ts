// What Node makes of the command line: words of text, whatever the bytes were.

import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { DqError } from '../core/errors.ts';

/** What stands for bytes that are no UTF-8. */
const replacement = '\u{FFFD}';

/**
 * Only Linux tells the bytes.
 * @throws DqError (usage) when they were others.
 */
export function assertExact(word: string): void {
  if (process.platform !== 'linux' || !word.includes(replacement)) return;
  const commandLine = readFileSync('/proc/self/cmdline');
  if (commandLine.includes(Buffer.from(`\0${word}\0`))) return;
  throw new DqError('usage', 'the payload is not UTF-8', {
    hint: 'dq put - takes any bytes from stdin; many: --lines, --null',
  });
}
