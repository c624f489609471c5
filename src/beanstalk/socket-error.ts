// What went wrong with a socket, in a few words that a user understands.

import { messageOf } from '../core/errors.ts';

const words = new Map([
  ['EAI_AGAIN', 'host name lookup failed'],
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset'],
  ['EHOSTUNREACH', 'host unreachable'],
  ['EMFILE', 'too many open files'],
  ['ENETUNREACH', 'network unreachable'],
  ['ENOTFOUND', 'host not found'],
  ['EPIPE', 'connection reset'],
  ['EPROTO', 'no TLS there'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'no TLS there'],
  ['ETIMEDOUT', 'connection timed out'],
]);

/** Said when this side ended a connection on purpose. */
export const closedHere = 'connection closed here';

export function socketErrorText(error: unknown): string {
  const { code = '', reason } = Object(error) as { code?: string; reason?: string };
  const text = words.get(code);
  if (text !== undefined) return text;
  // OpenSSL's messages hold addresses and files of its source; its reason says the same to people
  return reason === undefined ? messageOf(error) : `TLS: ${reason}`;
}

/** A timeout as people say it: `2 s`, `0.5 s`. */
export function secondsText(ms: number): string {
  return `${ms / 1_000} s`;
}
