// The receipt: where the replicas of a job lie, `endpoint/tube/id` joined by commas.

import { DqError } from './errors.ts';

export interface ReplicaAddress {
  readonly endpoint: string;
  readonly tube: string;
  /** An unsigned 64-bit number. */
  readonly id: bigint;
}

const largestId = 2n ** 64n - 1n;

export function formatReceipt(replicas: readonly ReplicaAddress[]): string {
  return replicas.map(({ endpoint, tube, id }) => `${endpoint}/${tube}/${id}`).join(',');
}

/** @throws DqError (usage) naming the part that is no `endpoint/tube/id`, or that is named twice. */
export function parseReceipt(text: string): ReplicaAddress[] {
  const parts = text.split(',');
  const replicas = parts.map(parseReplica);
  const twice = parts.find((part, at) => parts.indexOf(part) !== at);
  if (twice !== undefined) throw notAReceipt(twice, 'it is named twice');
  return replicas;
}

/** A tube may hold `/`: the endpoint ends at the first one, the id begins after the last. */
function parseReplica(text: string): ReplicaAddress {
  const first = text.indexOf('/');
  const last = text.lastIndexOf('/');
  const endpoint = text.slice(0, Math.max(first, 0));
  const tube = text.slice(first + 1, last);
  const digits = text.slice(last + 1);
  if (endpoint === '' || /\s/.test(endpoint)) throw notAReceipt(text, 'the endpoint is missing');
  if (last === first || !isTubeName(tube))
    throw notAReceipt(text, 'the tube is missing or no tube');
  if (!/^(0|[1-9]\d{0,19})$/.test(digits) || BigInt(digits) > largestId) {
    throw notAReceipt(text, 'the id is no number of 64 bits');
  }
  return { endpoint, tube, id: BigInt(digits) };
}

function notAReceipt(part: string, why: string): DqError {
  return new DqError('usage', `not a receipt: ${JSON.stringify(part)}: ${why}`, {
    hint: 'a receipt is what put printed: endpoint/tube/id, joined by commas',
  });
}

/** Whether beanstalkd takes this tube name: 1 to 200 of its bytes, no leading `-`. */
export function isTubeName(name: string): boolean {
  return /^[A-Za-z0-9+/;.$_()][A-Za-z0-9\-+/;.$_()]{0,199}$/.test(name);
}
