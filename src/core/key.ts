// The key: a job's identity, the lower-case hex md5 of its envelope (as go-queue computes it).

import crypto from 'node:crypto';
import { md5 } from './md5.ts';

/** A put has one key: it takes less time than it would to load `node:crypto`, which is faster from then on. */
const firstFew = 4;
const shortBytes = 1_024;
let made = 0;
let digest: ((envelope: Uint8Array) => string) | undefined;

export function keyOf(envelope: Uint8Array): string {
  made += 1;
  if (made <= firstFew && envelope.length <= shortBytes) return md5(envelope);
  digest ??= nodesOwn();
  return digest(envelope);
}

/** In one step, where Node has it (from 20.12 on): every replica that arrives is hashed. */
function nodesOwn(): (envelope: Uint8Array) => string {
  const { hash } = crypto as { hash?: typeof crypto.hash };
  if (hash !== undefined) return (envelope) => hash('md5', envelope, 'hex');
  return (envelope) => crypto.createHash('md5').update(envelope).digest('hex');
}
