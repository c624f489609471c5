// What a doctor says of a Redis that doesn't tell everything, or takes no claims.

import { expect, it } from 'vitest';
import { diagnoseRedis } from '../../../src/cli/diagnosis.ts';
import { LedgerDown } from '../../../src/core/errors.ts';
import type { RedisReport } from '../../../src/ledger/redis/check.ts';

const report: RedisReport = {
  ...{ name: 'redis r:1', version: '7.0.15', role: 'master', mode: 'standalone', maxmemory: 0 },
  ...{ maxmemoryPolicy: 'noeviction', appendonly: true, save: '', clockAheadMs: 0, roundTripMs: 0 },
};
const levels = (...given: Parameters<typeof diagnoseRedis>): string[] =>
  diagnoseRedis(...given).map(({ level }) => level);

it('is good when it tells of itself and takes claims', () => {
  expect(levels(report, undefined)).toEqual(['good']);
});

it.each([
  ["NOPERM this user has no permissions to run the 'evalsha' command", /ACL SETUSER/],
  ['OOM command not allowed', /maxmemory/],
  ['MISCONF Errors writing to the AOF file', /disk/],
  ['not connected', /rediss:/],
  ['write ECONNRESET', /rediss:/],
  ['self-signed certificate', /redis\.tls\.ca/],
  ['WRONGPASS invalid username-password pair', /user and the password/],
  ['NOAUTH: it wants a password', /user and the password/],
  ['ERR DB index is out of range', /database/],
  ['connect ECONNREFUSED', /running there/],
])('is bad when it takes none: %s', (message, remedy) => {
  const [, finding] = diagnoseRedis(report, new LedgerDown(`redis r:1: ${message}`));
  expect(finding).toMatchObject({ level: 'bad', message: `r:1: ${message}` });
  expect(finding?.remedy).toMatch(remedy);
});

it('is bad once for one reason', () => {
  const readOnly = new LedgerDown('READONLY You can not write against a read only replica');
  expect(levels({ ...report, role: 'slave' }, readOnly)).toEqual(['good', 'bad']);
  expect(levels(new LedgerDown('connect ECONNREFUSED'), new LedgerDown('away'))).toEqual(['bad']);
});

it('is a warning that it tells nothing, when it takes claims', () => {
  const secretive = new LedgerDown("NOPERM this user has no permissions to run the 'info' command");
  expect(levels(secretive, undefined)).toEqual(['warn']);
});
