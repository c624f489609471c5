// The words for what goes wrong with sockets.

import { expect, it } from 'vitest';
import { secondsText, socketErrorText } from '../../../src/beanstalk/socket-error.ts';

function failure(facts: object): Error {
  return Object.assign(new Error('getaddrinfo ENOTFOUND\n nowhere'), facts);
}

it.each([
  [{ code: 'ENOTFOUND' }, 'host not found'],
  [{ code: 'EAI_AGAIN' }, 'host name lookup failed'],
  [{ code: 'EHOSTUNREACH' }, 'host unreachable'],
  [{ code: 'ERR_SSL_X', reason: 'no start line' }, 'TLS: no start line'],
  [{ code: 'EWHATEVER' }, 'getaddrinfo ENOTFOUND nowhere'],
  [{}, 'getaddrinfo ENOTFOUND nowhere'],
])('%o', (facts, text) => {
  expect(socketErrorText(failure(facts))).toBe(text);
});

it('seconds', () => {
  expect([2_000, 500, 62_050].map(secondsText)).toEqual(['2 s', '0.5 s', '62.05 s']);
});
