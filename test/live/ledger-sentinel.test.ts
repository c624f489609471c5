// The ledger behind Sentinel: options of ioredis lead to the master, and to the next one after it died.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import { LedgerDown } from '../../src/core/errors.ts';
import { defaultTerms } from '../../src/ledger/ledger.ts';
import { RedisLedger } from '../../src/ledger/redis/redis-ledger.ts';
import { freePort, Server, startRedis, temporaryFolder } from '../support/servers.ts';

async function startSentinel(master: Server): Promise<Server> {
  const port = await freePort();
  const file = join(temporaryFolder(), 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor ours 127.0.0.1 ${master.port} 1`,
    // No failover before the test wants one, however slow the master is
    'sentinel down-after-milliseconds ours 60000',
    'sentinel failover-timeout ours 2000',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return new Server(port, 'redis-server', [file, '--sentinel']).start();
}

const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

function direct(server: Server): Redis {
  const redis = new Redis(server.port, '127.0.0.1');
  open.push({
    close: () => {
      redis.disconnect();
    },
  });
  return redis;
}

const job = { tube: 'mail', key: '0cc175b9c0f1b6a831c399e269772661', dueMs: Date.now() };

it('goes on with the new master, which knows what the old one did', async () => {
  const master = await startRedis();
  const replica = direct(await startRedis(['--replicaof', '127.0.0.1', String(master.port)]));
  await until(async () => (await replica.info('replication')).includes('master_link_status:up'));
  const sentinel = await startSentinel(master);
  const watch = direct(sentinel);
  await until(async () => String(await watch.call('SENTINEL', 'REPLICAS', 'ours')) !== '');

  const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
  const ledger = new RedisLedger({
    ...{ redis: { sentinels, name: 'ours' }, terms: defaultTerms, goQueue: false },
    commandTimeout: 5_000,
  });
  open.push(ledger);
  const claimed = await ledger.claim(job, { token: 'a', maxDeaths: 5 });
  if (claimed.kind !== 'granted') throw new Error(`answered ${claimed.kind}`);
  await until(async () => (await replica.dbsize()) === 1);

  await master.kill();
  await watch.call('SENTINEL', 'SET', 'ours', 'down-after-milliseconds', '300');
  await expect(ledger.renew(job, claimed.claim)).rejects.toThrow(LedgerDown);
  await until(() => ledger.ready().then(() => true, isDown));
  expect(await ledger.claim(job, { token: 'b', maxDeaths: 5 })).toMatchObject({ kind: 'claimed' });
  expect(await ledger.renew(job, claimed.claim)).toBe(true);
  // A sentinel that was paused does nothing for 30 s
}, 150_000);

function isDown(error: unknown): false {
  if (error instanceof LedgerDown) return false;
  throw error;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
