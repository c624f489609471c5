// What `doctor` wants to know of the Redis behind a ledger.

import type { Redis } from 'ioredis';
import { RedisConnection, type ConnectionOptions } from './connection.ts';
import { isReply } from './faults.ts';

export interface RedisReport {
  /** How messages call it, such as `redis 127.0.0.1:6379`. */
  readonly name: string;
  readonly version: string;
  /** `master`, `slave` or `sentinel`. */
  readonly role: string;
  /** `standalone`, `cluster` or `sentinel`. */
  readonly mode: string;
  /** Bytes; 0: no limit. */
  readonly maxmemory: number;
  /** Anything but `noeviction` makes the ledger forget. */
  readonly maxmemoryPolicy: string;
  readonly appendonly: boolean;
  /** When a snapshot is written, as in redis.conf, empty: never; undefined: this user may not ask. */
  readonly save: string | undefined;
  /** How far Redis's clock is ahead of this machine's, in ms, to half a round trip; negative: behind. */
  readonly clockAheadMs: number;
  readonly roundTripMs: number;
}

/** @throws LedgerDown when it can't be reached or refuses; DqError (config) when `redis` can't be understood. */
export async function checkRedis(
  options: Pick<ConnectionOptions, 'redis' | 'commandTimeout'>,
): Promise<RedisReport> {
  const connection = new RedisConnection(options);
  try {
    const facts = readInfo(await connection.ask((redis) => redis.info()));
    const fact = (name: string): string => facts.get(name) ?? '';
    return {
      name: connection.name,
      version: fact('redis_version'),
      role: fact('role'),
      mode: fact('redis_mode'),
      maxmemory: Number(fact('maxmemory')),
      maxmemoryPolicy: fact('maxmemory_policy'),
      appendonly: fact('aof_enabled') === '1',
      save: await connection.ask(savePoints),
      ...(await connection.ask(compareClocks)),
    };
  } finally {
    connection.close();
  }
}

/** INFO is lines of `name:value`, and headings. */
function readInfo(text: string): Map<string, string> {
  const pairs = text.matchAll(/^(\w+):(.*?)\r?$/gm);
  return new Map(Array.from(pairs, ([, name = '', value = '']) => [name, value]));
}

async function savePoints(redis: Redis): Promise<string | undefined> {
  try {
    const [, value] = await redis.config('GET', 'save');
    return value;
  } catch (error) {
    if (isReply(error)) return undefined;
    throw error;
  }
}

async function compareClocks(
  redis: Redis,
): Promise<Pick<RedisReport, 'clockAheadMs' | 'roundTripMs'>> {
  const asked = Date.now();
  const [seconds, microseconds] = await redis.time();
  const answered = Date.now();
  const there = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
  return {
    clockAheadMs: Math.round(there - (asked + answered) / 2),
    roundTripMs: answered - asked,
  };
}
