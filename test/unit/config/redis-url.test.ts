// Addresses of a Redis: which are taken, and that none is shown with its password.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redisUrlProblem } from '../../../src/config/redis-url.ts';
import { redactUrl } from '../../../src/core/redact-url.ts';

describe('the address of a Redis', () => {
  it.each([
    'redis://127.0.0.1:6379',
    'redis://h',
    'redis://h/',
    'rediss://user:p%25ss@h:6380/2?family=6',
    'redis://:secret@[::1]:6379/0',
    '/run/redis/redis.sock',
    '/run/redis.sock?db=1',
  ])('%s is taken', (url) => {
    expect(redisUrlProblem(url)).toBeUndefined();
  });

  it.each([
    ['', 'must be redis://'],
    ['127.0.0.1:6379', 'must be redis://'],
    ['http://h', 'must be redis://'],
    ['REDIS://h', 'must be redis://'],
    ['//h', 'must be redis://'],
    ['redis://h:port', 'must be redis://'],
    ['redis://', 'names no host'],
    ['redis:///0', 'names no host'],
    ['redis://h/zero', 'number of a database'],
    ['redis://user:12#34@h', 'number of a database'],
    ['redis://user:12?34@h', 'number of a database'],
    ['redis://:100%@h', 'a %'],
    ['redis://u%zz:x@h', 'a %'],
  ])('%s is not', (url, problem) => {
    expect(redisUrlProblem(url)).toContain(problem);
  });
});

it('an address that is plain is judged as URL judges it', () => {
  const port = fc.integer({ min: 0, max: 70_000 }).map((number) => `:${number}`);
  const address = fc.tuple(
    fc.constantFrom('redis://', 'rediss://', 'redis:', 'edis://'),
    fc.stringMatching(/^[\w.:%-]{0,8}$/),
    fc.oneof(fc.constantFrom('', ':', ':0'), port),
    fc.constantFrom('', '/', '/0', '/12', '/x', '//'),
  );
  fc.assert(
    fc.property(address, (parts) => {
      const url = parts.join('');
      // With a query it is never plain, and means the same
      expect(redisUrlProblem(url)).toBe(redisUrlProblem(`${url}?a=b`));
    }),
    { numRuns: 2_000 },
  );
});

describe('redactUrl', () => {
  it.each([
    ['redis://127.0.0.1:6379', 'redis://127.0.0.1:6379'],
    ['rediss://h/2', 'rediss://h/2'],
    ['redis://:secret@h:1/0', 'redis://***@h:1/0'],
    ['redis://user:se@cret@h', 'redis://***@h'],
    ['redis://h?password=se@cret&db=1', 'redis://h?***'],
    ['redis://user:12/secret@h', 'redis://user:12/***'],
    ['redis://:se/cret@h', 'redis://***'],
    ['redis://:12#secret@h', 'redis://***'],
    ['user:secret@h', '***'],
    ['user:secret?a=b@h', '***'],
    ['user://secret@h', '***'],
    ['h?password=secret', 'h?***'],
    ['/run/redis.sock?password=secret', '/run/redis.sock?***'],
    ['127.0.0.1:11300', '127.0.0.1:11300'],
    ['what?', 'what?'],
  ])('shows %s as %s', (url, expected) => {
    expect(redactUrl(url)).toBe(expected);
  });

  it('never shows what stands between the user and the host', () => {
    // Up to a slash the part behind an @ is the host, which is shown
    const around = fc.string({ minLength: 4 }).filter((text) => !text.includes('QX'));
    const secret = around.map((text) => `${text}QX${text}`);
    fc.assert(
      fc.property(secret, (text) => {
        expect(redactUrl(`redis://user:${text}@host:6379/0`)).not.toContain('QX');
        expect(redactUrl(`redis://user:1/${text}@host:6379/0`)).not.toContain('QX');
        expect(redactUrl(`user:${text}@host`)).not.toContain('QX');
        expect(redactUrl(`redis://host/0?password=${text}`)).not.toContain('QX');
      }),
      { numRuns: 500 },
    );
  });
});
