// What handlers share with this process: its stdout and stderr.

import { Buffer } from 'node:buffer';
import { fstatSync, writeSync } from 'node:fs';

const nothing = Buffer.alloc(0);

/** Whether one of them may have lost its reader. A pipe can't be asked without writing to it. */
export function mayBeUnheard(): boolean {
  return [1, 2].some((descriptor) => {
    const stats = fstatSync(descriptor);
    return stats.isFIFO() || (stats.isSocket() && !hasReader(descriptor));
  });
}

/** A socket says so even when it is given nothing. */
function hasReader(socket: number): boolean {
  try {
    writeSync(socket, nothing);
    return true;
  } catch {
    return false;
  }
}
