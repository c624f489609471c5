// Endpoints and what is none.

import { expect, it } from 'vitest';
import { parseEndpoint } from '../../../src/beanstalk/endpoint.ts';

it.each([
  ['127.0.0.1:11300', '127.0.0.1', 11_300],
  ['queue.example.org:1', 'queue.example.org', 1],
  ['[::1]:65535', '::1', 65_535],
  ['[fe80::1%eth0]:11300', 'fe80::1%eth0', 11_300],
])('%s', (endpoint, host, port) => {
  expect(parseEndpoint(endpoint)).toEqual({ host, port });
});

it.each(['', 'host', ':11300', 'host:', 'host:0', 'host:65536', 'host:1x', '::1:11300', '[]:1'])(
  '%j is none',
  (endpoint) => {
    expect(() => parseEndpoint(endpoint)).toThrow(RangeError);
  },
);
