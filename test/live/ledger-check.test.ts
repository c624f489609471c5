// What `doctor` is told about a Redis.

import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { LedgerDown } from '../../src/core/errors.ts';
import { checkRedis } from '../../src/ledger/redis/check.ts';
import { freePort, startRedis } from '../support/servers.ts';

it('tells what matters to a ledger', async () => {
  const memory = ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru'];
  const server = await startRedis([...memory, '--save', '900 1'], { keep: true });
  const { clockAheadMs, roundTripMs, version, ...report } = await checkRedis({
    redis: `redis://${server.endpoint}`,
  });
  expect(report).toEqual({
    name: `redis ${server.endpoint}`,
    role: 'master',
    mode: 'standalone',
    maxmemory: 64 * 1_024 * 1_024,
    maxmemoryPolicy: 'allkeys-lru',
    appendonly: true,
    save: '900 1',
  });
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(Math.abs(clockAheadMs)).toBeLessThanOrEqual(roundTripMs + 1);
});

it('knows a replica, and leaves out what it may not ask', async () => {
  const server = await startRedis(['--replicaof', '127.0.0.1', String(await freePort())]);
  const redis = new Redis(server.port, '127.0.0.1');
  await redis.acl('SETUSER', 'default', '-config');
  redis.disconnect();
  const report = await checkRedis({ redis: `redis://${server.endpoint}` });
  expect(report).toMatchObject({ role: 'slave', appendonly: false, save: undefined });
});

it('is down when nobody listens', async () => {
  const redis = `redis://127.0.0.1:${await freePort()}`;
  await expect(checkRedis({ redis })).rejects.toThrow(LedgerDown);
});
