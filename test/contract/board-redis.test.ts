// The board on Redis keeps the contract, and Redis's clock alone counts.

import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LedgerDown } from '../../src/core/errors.ts';
import { RedisBoard } from '../../src/ledger/redis/redis-board.ts';
import { startRedis, type Server } from '../support/servers.ts';
import { boardContract } from './board.ts';

let server: Server;
let direct: Redis;
const opened: RedisBoard[] = [];

beforeAll(async () => {
  server = await startRedis();
  direct = new Redis(server.port, '127.0.0.1');
});

afterAll(() => {
  direct.disconnect();
  for (const board of opened) board.close();
});

function open(tube: string): RedisBoard {
  const board = new RedisBoard({ redis: `redis://${server.endpoint}` }, tube);
  opened.push(board);
  return board;
}

boardContract('redis', (tube) => Promise.resolve(open(tube)));

test('a mark in the future is no absence, and is put right', async () => {
  const board = open('future');
  const [seconds] = await direct.time();
  const now = Number(seconds) * 1_000;
  await direct.hset('dq:future:marks', 'a', now + 3_600_000);
  expect(await board.absences(['a'])).toEqual([0]);
  await board.advance(['a']);
  const mark = Number(await direct.hget('dq:future:marks', 'a'));
  expect(mark).toBeGreaterThanOrEqual(now);
  expect(mark).toBeLessThan(now + 1_800_000);
});

test('an old beat is told no more, and is removed by the next one', async () => {
  const board = open('old');
  const [seconds] = await direct.time();
  const at = (ago: number): string => String(Number(seconds) * 1_000 - ago);
  await direct.hset('dq:old:beats', { old: `${at(91_000)} text`, young: `${at(60_000)} text` });
  await direct.hset('dq:old:beats', { strange: 'of another version' });
  expect((await board.beats()).map(({ process }) => process)).toEqual(['young']);
  await board.beat('new', 'text');
  expect((await direct.hkeys('dq:old:beats')).sort()).toEqual(['new', 'young']);
  expect(await direct.pttl('dq:old:beats')).toBeGreaterThan(60_000);
});

test('without Redis it says so', async () => {
  const gone = await startRedis();
  const board = new RedisBoard({ redis: `redis://${gone.endpoint}` }, 'gone');
  opened.push(board);
  await gone.kill();
  await expect(board.absences(['a'])).rejects.toThrow(LedgerDown);
  await expect(board.record('a', '')).rejects.toThrow(LedgerDown);
});
