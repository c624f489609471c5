// The key: a job's identity, the lower-case hex md5 of its envelope (as go-queue computes it).

import { createHash } from 'node:crypto';

export function keyOf(envelope: Uint8Array): string {
  return createHash('md5').update(envelope).digest('hex');
}
