// A Redis that dies, with and without its data, freezes, and is full.

import type { Row } from '../row.ts';
import type { Stage } from '../stage.ts';

/** Handlers are running all the time. */
const busy = { handler: 'sleep 1', work: ['-j', '20'] };

export const redisRows: readonly Row[] = [
  ...[5, 40].flatMap((seconds) => [
    {
      name: `Redis killed for ${seconds} s, restarted with its data`,
      putFor: (seconds + 3) * 1_000,
      ...busy,
      story: async (stage: Stage) => {
        await killRedis(stage, seconds);
      },
    },
    {
      name: `Redis killed for ${seconds} s, restarted without its data`,
      putFor: (seconds + 3) * 1_000,
      ...busy,
      redisKept: false,
      doubles: ['forgotten'] as const,
      story: async (stage: Stage) => {
        stage.ledgerLostAt = await killRedis(stage, seconds);
      },
    },
  ]),
  {
    name: 'SIGSTOP of Redis for 10 s',
    putFor: 12_000,
    ...busy,
    story: async (stage) => {
      await stage.wait(2_000);
      stage.cluster.redis.pause();
      stage.step('SIGSTOP of Redis');
      await stage.wait(10_000);
      stage.cluster.redis.resume();
      stage.healed('SIGCONT of Redis');
    },
  },
  {
    name: 'Redis at maxmemory for 8 s',
    putFor: 10_000,
    story: async (stage) => {
      const redis = stage.cluster.openRedis();
      await stage.wait(1_500);
      await redis.config('SET', 'maxmemory', '1');
      stage.step('CONFIG SET maxmemory 1');
      await stage.wait(8_000);
      await redis.config('SET', 'maxmemory', '0');
      stage.healed('CONFIG SET maxmemory 0');
      redis.disconnect();
    },
  },
];

/** Tells when it died. */
async function killRedis(stage: Stage, seconds: number): Promise<number> {
  await stage.wait(2_000);
  const killedAt = Date.now();
  await stage.cluster.redis.kill();
  stage.step('kill -9 of Redis');
  await stage.wait(seconds * 1_000);
  await stage.cluster.redis.start();
  stage.healed('Redis started');
  return killedAt;
}
