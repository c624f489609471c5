// What handlers share with this process: its stdout and stderr.

import { fstatSync } from 'node:fs';

/** Whether one of them has a reader, who may go away. */
export function sharesPipe(): boolean {
  return [1, 2].some((descriptor) => {
    const stats = fstatSync(descriptor);
    return stats.isFIFO() || stats.isSocket();
  });
}
