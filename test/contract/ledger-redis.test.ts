// The scripts on Redis keep the contract of a ledger; their clock is a key that the test moves.

import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { RedisLedger } from '../../src/ledger/redis/redis-ledger.ts';
import { assembleScripts } from '../../src/ledger/redis/scripts.ts';
import { startRedis } from '../support/servers.ts';
import { contractTerms, ledgerContract } from './ledger.ts';

const scripts = assembleScripts('tonumber(redis.call("GET", "clock"))');
let url: string;
let direct: Redis;

beforeAll(async () => {
  const server = await startRedis();
  url = `redis://${server.endpoint}`;
  direct = new Redis(url);
});

afterAll(() => {
  direct.disconnect();
});

ledgerContract('redis', async () => {
  let now = 1_767_225_600_000;
  await direct.flushall();
  await direct.set('clock', now);
  return {
    ledger: new RedisLedger({ redis: url, terms: contractTerms, goQueue: false }, scripts),
    now: () => now,
    pass: async (ms) => {
      now = await direct.incrby('clock', ms);
    },
  };
});
