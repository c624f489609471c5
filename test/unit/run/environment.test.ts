import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { handlerEnvironment, inheritedEnvironment } from '../../../src/run/environment.ts';

const facts = {
  replica: { endpoint: '127.0.0.1:11300', tube: 'mail/out', id: 18446744073709551615n },
  key: '5d41402abc4b2a76b9719d911017c592',
  dueMs: Date.UTC(2027, 0, 1, 0, 0, 0, 7),
  attempt: 2,
  payload: Buffer.from('hello'),
};

describe('handlerEnvironment', () => {
  it('tells the facts of the run', () => {
    expect(handlerEnvironment({ ...facts, config: '/etc/dq/config.yaml' })).toEqual({
      DQ_ID: '127.0.0.1:11300/mail/out/18446744073709551615',
      DQ_KEY: '5d41402abc4b2a76b9719d911017c592',
      DQ_DUE: '2027-01-01T00:00:00.007Z',
      DQ_ATTEMPT: '2',
      DQ_CONFIG: '/etc/dq/config.yaml',
      DQ_PAYLOAD: 'hello',
    });
  });

  it('has no DQ_CONFIG without a file', () => {
    expect(handlerEnvironment(facts)).not.toHaveProperty('DQ_CONFIG');
    expect(handlerEnvironment({ ...facts, config: undefined })).not.toHaveProperty('DQ_CONFIG');
  });

  it.each([
    ['nothing', ''],
    ['quotes, newlines and shell', `'"\n$(touch x)\`id\`\r\n`],
    ['a byte order mark and more than ASCII', '\ufeffé漢😀'],
    ['64 KiB', 'x'.repeat(64 * 1024)],
  ])('gives a payload of %s as it is', (_, payload) => {
    const env = handlerEnvironment({ ...facts, payload: Buffer.from(payload) });
    expect(env['DQ_PAYLOAD']).toBe(payload);
  });

  it.each([
    ['a NUL', Buffer.from('a\0b')],
    ['invalid UTF-8', Buffer.from([0x61, 0xff])],
    ['half a character', Buffer.from('é').subarray(0, 1)],
    ['more than 64 KiB', Buffer.alloc(64 * 1024 + 1, 'x')],
    ['more than 64 KiB in fewer characters', Buffer.from('é'.repeat(32 * 1024 + 1))],
  ])('has no DQ_PAYLOAD for a payload with %s', (_, payload) => {
    expect(handlerEnvironment({ ...facts, payload })).not.toHaveProperty('DQ_PAYLOAD');
  });
});

describe('inheritedEnvironment', () => {
  it('passes on everything but the facts of an outer job', () => {
    const outer = { ...handlerEnvironment({ ...facts, config: '/c.yaml' }), HOME: '/root' };
    expect(inheritedEnvironment({ ...outer, GONE: undefined })).toEqual({
      DQ_CONFIG: '/c.yaml',
      HOME: '/root',
    });
  });
});
