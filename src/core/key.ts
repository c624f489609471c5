// The key: a job's identity, the lower-case hex md5 of its envelope (as go-queue computes it).

import * as crypto from 'node:crypto';

/** In one step, where Node has it (from 20.12 on): every replica that arrives is hashed. */
const { hash } = crypto as { hash?: typeof crypto.hash };

export function keyOf(envelope: Uint8Array): string {
  return hash?.('md5', envelope, 'hex') ?? crypto.createHash('md5').update(envelope).digest('hex');
}
