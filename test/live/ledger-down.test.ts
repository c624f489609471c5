// The ledger when Redis can't be asked: it says so in time, and works again by itself.

import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { DqError, LedgerDown } from '../../src/core/errors.ts';
import { defaultTerms, type Claim, type ClaimAnswer } from '../../src/ledger/ledger.ts';
import { RedisLedger, type RedisLedgerOptions } from '../../src/ledger/redis/redis-ledger.ts';
import { freePort, startRedis, type Server } from '../support/servers.ts';
import { until } from '../support/wait.ts';

const job = { tube: 'mail', key: '0cc175b9c0f1b6a831c399e269772661', dueMs: Date.now() };
const other = { ...job, key: '92eb5ffee6ae2fec3ad71c777531578f' };
/** Silence is waited for, and a Redis that is slow isn't silent. */
const hasty = { commandTimeout: 4_000 };
const owner: Claim = { token: 'a', attempt: 1, failures: 0, deaths: 0 };

const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

function newLedger(
  redis: string | object,
  more: Partial<RedisLedgerOptions> = {},
): { ledger: RedisLedger; states: (string | undefined)[] } {
  const states: (string | undefined)[] = [];
  const onState = (reason: string | undefined): void => void states.push(reason);
  const ledger = new RedisLedger({
    ...{ redis, terms: defaultTerms, goQueue: false, commandTimeout: 30_000, onState },
    ...more,
  });
  open.push(ledger);
  return { ledger, states };
}

function direct(server: Server): Redis {
  const redis = new Redis(server.port, '127.0.0.1');
  open.push({
    close: () => {
      redis.disconnect();
    },
  });
  return redis;
}

function claim(ledger: RedisLedger, of = job): Promise<ClaimAnswer> {
  return ledger.claim(of, { token: 'a', maxDeaths: 5 });
}

/** Asks until the ledger answers; no other call helps it to come back. */
async function onceBack(ledger: RedisLedger): Promise<ClaimAnswer> {
  for (;;) {
    try {
      return await claim(ledger);
    } catch (error) {
      if (!(error instanceof LedgerDown)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

async function downMessage(asked: Promise<unknown>): Promise<string> {
  const error = await asked.then(
    (answer: unknown) => new Error(`not down, but answered ${inspect(answer)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof LedgerDown)) throw error;
  return error.message;
}

const granted = { kind: 'granted', claim: owner };

describe('connecting', () => {
  it('is waited for by who asks at once', async () => {
    const server = await startRedis();
    const { ledger, states } = newLedger(`redis://${server.endpoint}`);
    expect(await Promise.all([claim(ledger), ledger.look(other)])).toEqual([granted, undefined]);
    expect(states).toEqual([]);
  });

  it('that is refused is said at once, and tried on', async () => {
    const server = await startRedis();
    await server.kill();
    const { ledger, states } = newLedger(`redis://${server.endpoint}`);
    const said = `redis 127.0.0.1:${server.port}: connect ECONNREFUSED`;
    expect(await downMessage(claim(ledger))).toBe(said);
    expect(await downMessage(claim(ledger))).toBe(said);
    await server.start();
    expect(await onceBack(ledger)).toEqual(granted);
    expect(states).toEqual(['connect ECONNREFUSED', undefined]);
  });

  it('to a frozen server ends at the deadline', async () => {
    const server = await startRedis();
    server.pause();
    const { ledger } = newLedger(`redis://${server.endpoint}`, { commandTimeout: 300 });
    expect(await downMessage(claim(ledger))).toMatch(/no reply within 0\.3 s$|not connected$/);
    server.resume();
    expect(await onceBack(ledger)).toEqual(granted);
  });

  it('to what is no Redis is refused as a configuration, without its secrets', () => {
    for (const redis of [
      'redis://:hunter2@[',
      'redis://:hunter2@host/nonsense',
      { sentinels: [] },
    ]) {
      const attempt = (): unknown => newLedger(redis);
      expect(attempt).toThrow(DqError);
      expect(attempt).toThrow(expect.objectContaining({ kind: 'config', path: 'redis' }) as Error);
      try {
        attempt();
      } catch (error) {
        expect(inspect(error)).not.toContain('hunter2');
      }
    }
  });
});

describe('a Redis that goes away', () => {
  it('fails what is under way, and is found again by itself', async () => {
    const server = await startRedis();
    const { ledger, states } = newLedger(`redis://${server.endpoint}`);
    await claim(ledger);
    server.pause();
    const underWay = Array.from({ length: 20 }, () => downMessage(claim(ledger)));
    await server.kill();
    for (const message of await Promise.all(underWay)) {
      expect(message).toContain(`redis 127.0.0.1:${server.port}: `);
    }
    expect(await downMessage(claim(ledger))).toContain(`redis 127.0.0.1:${server.port}: `);
    await server.start();
    expect(await onceBack(ledger)).toEqual(granted);
    expect(states).toEqual([expect.any(String), undefined]);
  });

  it('in silence is noticed at the deadline, and its connection is given up', async () => {
    const server = await startRedis();
    const { ledger, states } = newLedger(`redis://${server.endpoint}`, hasty);
    await claim(ledger);
    server.pause();
    expect(await downMessage(claim(ledger))).toMatch(/: no reply within 4 s$/);
    await until('it is said', () => states.length > 0);
    server.resume();
    expect(await onceBack(ledger)).toEqual(granted);
    expect(states).toEqual(['no reply within 4 s', undefined]);
  });

  it('may have been away for the owners of its claims too: none is taken over at once', async () => {
    const server = await startRedis();
    const redis = direct(server);
    const terms = { ...defaultTerms, suspicion: 600_000 };
    const { ledger, states } = newLedger(`redis://${server.endpoint}`, { terms });
    const suspected = (of: typeof job): Promise<unknown> => {
      const entry = 'attempt=1 failures=0 deaths=0 claimedAt=1 leaseUntil=2 suspectAt=3';
      return redis.set(`dq:${of.tube}:${of.key}`, `dq1 claimed token=b ${entry}`);
    };
    await suspected(other);
    expect(await claim(ledger, other)).toMatchObject({ kind: 'granted', claim: { deaths: 1 } });
    await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until('it is back', () => states.length === 2);
    await suspected(job);
    expect(await claim(ledger)).toEqual({ kind: 'claimed', waitMs: expect.any(Number) as number });
  });

  it('and comes back loading says so, and is used when it is done', async () => {
    const slowly = ['--key-load-delay', '300', '--aof-use-rdb-preamble', 'no'];
    const server = await startRedis(slowly, { keep: true });
    const filling = direct(server).pipeline();
    // Loaded in 15 s, unless it is told to be quick: it listens between a thousand keys
    for (let n = 0; n < 50_000; n++) filling.set(`filler${n}`, n);
    await filling.exec();
    const { ledger } = newLedger(`redis://${server.endpoint}`);
    await claim(ledger);
    await server.kill();
    await server.start();
    await until('it says so', async () => (await downMessage(claim(ledger))).includes('LOADING'));
    const quick = new Redis(server.port, '127.0.0.1', { enableReadyCheck: false });
    await quick.config('SET', 'key-load-delay', '0');
    quick.disconnect();
    expect(await onceBack(ledger)).toEqual(granted);
  });
});

describe('a Redis that refuses', () => {
  it('out of memory, starts nothing but settles all', async () => {
    const server = await startRedis();
    const { ledger, states } = newLedger(`redis://${server.endpoint}`);
    await claim(ledger);
    await ledger.ready();
    const redis = direct(server);
    await redis.config('SET', 'maxmemory', '1');

    expect(await downMessage(claim(ledger, other))).toContain(': OOM command not allowed');
    expect(await downMessage(ledger.ready())).toContain(': OOM command not allowed');
    expect(await ledger.look(job)).toMatchObject({ state: 'claimed' });
    expect(await ledger.renew(job, owner)).toBe(true);
    expect(await ledger.revoke(other, false)).toBe('revoked');
    const lost = (key: string): typeof job => ({ ...job, key });
    expect(await ledger.retry(lost('1'), owner, 0)).toBe(true);
    expect(await ledger.dead(lost('2'), owner, { reason: 'failed' })).toBe(true);
    expect(await ledger.giveBack(lost('3'), owner, { started: true, delayMs: 0 })).toBe(true);
    await ledger.done(job, owner, 0);
    expect(await claim(ledger)).toEqual({ kind: 'done' });
    expect(states).toEqual([]);

    await redis.config('SET', 'maxmemory', '0');
    await ledger.ready();
    expect(await claim(ledger, lost('4'))).toEqual(granted);
  });

  it('because it became a replica, is looked up anew', async () => {
    const server = await startRedis();
    const { ledger, states } = newLedger(`redis://${server.endpoint}`);
    await ledger.ready();
    const redis = direct(server);
    await redis.replicaof('127.0.0.1', await freePort());
    expect(await downMessage(claim(ledger))).toMatch(/: (READONLY|MASTERDOWN) /);
    await redis.replicaof('NO', 'ONE');
    expect(await onceBack(ledger)).toEqual(granted);
    expect(states).toContain('the connection was lost');
  });

  it.each([
    ['a wrong password', ':hunter2@', 'WRONGPASS'],
    ['no password', '', 'NOAUTH'],
    ['a user without rights', 'weak:hunter3@', 'NOPERM this user has no permissions'],
    ['a user who may not write', 'reader:hunter4@', 'The user executing the script'],
  ])('%s says so, without the password', async (_, user, code) => {
    const server = await startRedis(['--requirepass', 'sesame']);
    const redis = new Redis(`redis://:sesame@${server.endpoint}`);
    open.push({
      close: () => {
        redis.disconnect();
      },
    });
    await redis.acl('SETUSER', 'weak', 'on', '>hunter3', '+ping');
    await redis.acl('SETUSER', 'reader', 'on', '>hunter4', '~*', '+@all', '-set');
    const { ledger } = newLedger(`redis://${user}${server.endpoint}`);
    const error: unknown = await claim(ledger).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LedgerDown);
    expect((error as Error).message).toContain(`redis 127.0.0.1:${server.port}: ${code}`);
    expect(inspect(error, { depth: 9 })).not.toContain('hunter');
  });

  it('its database is not used instead of another', async () => {
    const server = await startRedis();
    const { ledger } = newLedger(`redis://${server.endpoint}/99`);
    expect(await downMessage(claim(ledger))).toContain('DB index is out of range');
    expect(await downMessage(claim(ledger))).toContain('DB index is out of range');
    expect(await direct(server).dbsize()).toBe(0);
  });
});

describe('options', () => {
  it('in the query of a URL do not undo the deadline', async () => {
    const server = await startRedis();
    const { ledger } = newLedger(
      `redis://${server.endpoint}?commandTimeout=9000&enableOfflineQueue=true`,
      hasty,
    );
    await claim(ledger);
    server.pause();
    expect(await downMessage(claim(ledger))).toMatch(/: no reply within 4 s$/);
  });

  it('of ioredis are taken, such as a database', async () => {
    const server = await startRedis();
    const { ledger } = newLedger({ host: '127.0.0.1', port: server.port, db: 3 });
    await claim(ledger);
    const redis = direct(server);
    await redis.select(3);
    expect(await redis.dbsize()).toBe(1);
  });
});

describe('close', () => {
  it('ends the connection and every later call', async () => {
    const server = await startRedis();
    const { ledger, states } = newLedger(`redis://${server.endpoint}`);
    await claim(ledger);
    const redis = direct(server);
    const isConnected = async (): Promise<boolean> =>
      String(await redis.client('LIST')).includes('name=dq ');
    expect(await isConnected()).toBe(true);
    ledger.close();
    while (await isConnected());
    expect(await downMessage(claim(ledger))).toContain('it was closed');
    expect(states).toEqual([]);
  });

  it('while it connects ends those who wait', async () => {
    const server = await startRedis();
    server.pause();
    const { ledger } = newLedger(`redis://${server.endpoint}`, { commandTimeout: 600_000 });
    const asked = downMessage(claim(ledger));
    ledger.close();
    expect(await asked).toContain('it was closed');
  });
});
