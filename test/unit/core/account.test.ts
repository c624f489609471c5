import { expect, test } from 'vitest';
import { ownAccount } from '../../../src/core/account.ts';

test('a user id that has no account is no error', () => {
  const unknown = Object.assign(new Error('uv_os_get_passwd'), { code: 'ERR_SYSTEM_ERROR' });
  const account = ownAccount(() => {
    throw unknown;
  });
  expect(account).toBeUndefined();
});

test('other errors are', () => {
  const fail = (): never => {
    throw new TypeError('a bug');
  };
  expect(() => ownAccount(fail)).toThrow('a bug');
});
