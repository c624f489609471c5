// What becomes of ticks that no host knows: passed on, then dropped, unless the ledger says that some worker has them.

import { expect, it } from 'vitest';
import { keyOf } from '../../src/core/key.ts';
import { sealEnvelope } from '../../src/core/envelope.ts';
import { tickPayload } from '../../src/schedule/tick-job.ts';
import { clusterOf } from '../support/cluster.ts';
import { until } from '../support/wait.ts';

const minute = 60_000;

/** A host that knows one entry, and a tick of another one that is so late (ms). */
async function unknownTick(late: number) {
  const cluster = await clusterOf(1);
  cluster.write('crontab', '# dq: name=known\n0 0 1 1 * true\n');
  const dueNs = BigInt(Date.now() - late) * 1_000_000n;
  const envelope = sealEnvelope({ dueNs, payload: tickPayload('unknown') });
  const raw = await cluster.raw(cluster.nodes[0]);
  const put = async (): Promise<void> => {
    await raw.ask('use default.cron');
    await raw.ask(`put 1024 0 60 ${envelope.length}\r\n${envelope.toString()}`);
  };
  const start = () => cluster.startDq(['--json', 'cron', 'run', 'crontab']);
  const state = async () => {
    const [counts] = await cluster.counts('default.cron');
    return counts ?? { ready: 0, delayed: 0, reserved: 0, buried: 0 };
  };
  /** Of the only job there is. */
  const releases = async (): Promise<number> => {
    const stats = await raw.stats('stats-job 1');
    return Number(stats?.get('releases'));
  };
  return { cluster, put, start, state, releases, key: keyOf(envelope) };
}

it('is released for another host', async () => {
  const { put, start, state, releases } = await unknownTick(minute);
  await put();
  const dq = start();
  await until('it was passed on, twice', async () => (await releases()) >= 2);
  dq.kill('SIGTERM');
  expect((await dq.ended).code).toBe(0);
  const { ready, delayed } = await state();
  expect(ready + delayed).toBe(1);
});

it('is dropped when it is 5 minutes late, and the log says which', async () => {
  const { cluster, put, start, state, key } = await unknownTick(6 * minute);
  await put();
  const dq = start();
  const event = await dq.event('removed');
  expect(event).toMatchObject({
    ...{ level: 'warn', entry: 'unknown' },
    reason: expect.stringContaining('no host has run it') as string,
  });
  await until('it is gone', async () => Object.values(await state()).every((count) => count === 0));
  dq.kill('SIGTERM');
  await dq.ended;
  expect(await cluster.openRedis().exists(`dq:default.cron:${key}`)).toBe(0);
});

it.each([
  [
    'another host runs it',
    'claimed token=x/1 attempt=1 failures=0 deaths=0 claimedAt=0 leaseUntil=SOON suspectAt=0',
  ],
  ['another host was to run it just now', 'retry attempt=1 failures=0 deaths=0 notBefore=NOW'],
])('stays a spare while %s', async (_, standing) => {
  const { cluster, put, start, releases, key } = await unknownTick(6 * minute);
  const now = Date.now();
  const value = standing.replace('SOON', String(now + minute)).replace('NOW', String(now));
  await cluster.openRedis().set(`dq:default.cron:${key}`, `dq1 ${value}`);
  await put();
  const dq = start();
  await until('it was passed on, twice', async () => (await releases()) >= 2);
  dq.kill('SIGTERM');
  expect((await dq.ended).code).toBe(0);
});

it('is dropped when whoever had it left it long ago', async () => {
  const { cluster, put, start, key } = await unknownTick(20 * minute);
  const then = Date.now() - 6 * minute;
  const value = `dq1 retry attempt=1 failures=0 deaths=0 notBefore=${then}`;
  await cluster.openRedis().set(`dq:default.cron:${key}`, value);
  await put();
  const dq = start();
  await dq.event('removed');
  dq.kill('SIGTERM');
  expect((await dq.ended).code).toBe(0);
});
