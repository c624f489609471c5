// The payload as a handler's stdin: a file without a name, as a shell's here-document.

import type { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Kept in memory, and writable where the root file system isn't. */
const memoryFolder = '/dev/shm';

/**
 * A file descriptor that reads the payload from its start; the caller closes it.
 *
 * Not a pipe, because Node's are sockets: a handler can't open `/dev/stdin` then, and `bash -c` takes
 * a socket for rshd's and runs ~/.bashrc. A file is also faster, and needs nobody to keep writing to it.
 * @param folders the second is for where the first doesn't exist or is full.
 * @throws the error of the file system when neither takes it.
 */
export function openPayload(
  payload: Buffer,
  folders: readonly [string, string | undefined] = [memoryFolder, undefined],
): number {
  if (payload.length === 0) return openSync('/dev/null', 'r');
  try {
    return writeTo(folders[0], payload);
  } catch {
    return writeTo(folders[1] ?? tmpdir(), payload);
  }
}

function writeTo(folder: string, payload: Buffer): number {
  const path = join(folder, `dq-${randomUUID()}`);
  const file = openSync(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
    // Writing at positions leaves the descriptor's own one, where the handler begins to read, at 0.
    for (let at = 0; at < payload.length;) {
      at += writeSync(file, payload, at, payload.length - at, at);
    }
    return file;
  } catch (thrown) {
    closeSync(file);
    throw thrown;
  }
}
