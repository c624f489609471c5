// The library face against real servers: put from a program, consumed by a program.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Consumer, Producer, Rejection, type WorkEvent } from '../../src/index.ts';
import { startBeanstalkd, startRedis, temporaryFolder } from '../support/servers.ts';

const [a, b, redis] = await Promise.all([startBeanstalkd(), startBeanstalkd(), startRedis()]);
const options = { nodes: [a.endpoint, b.endpoint], redis: `redis://${redis.endpoint}` };

test('jobs are consumed once, with their facts, failures are tried again, rejections are buried', async () => {
  const producer = new Producer({ ...options, tube: 'facts' });
  const due = new Date(Date.now() + 50);
  await producer.at('at', due);
  await producer.at(new Uint8Array([0, 255]), due);
  await producer.delay('flaky', 0);
  await producer.delay('never', 0);
  await producer.close();

  const stop = new AbortController();
  const runs: string[] = [];
  const events: WorkEvent[] = [];
  const finished = (): void => {
    const ends = events.filter(({ event }) => event === 'done' || event === 'buried');
    if (ends.length === 4) stop.abort();
  };
  const consumer = new Consumer({
    ...options,
    tube: 'facts',
    concurrency: 4,
    onEvent: (event) => {
      events.push(event);
      finished();
    },
  });
  const summary = await consumer.consume((payload, job) => {
    runs.push(`${payload.toString('latin1')} ${job.attempt}`);
    expect(Date.now()).toBeGreaterThanOrEqual(job.due.getTime());
    if (payload.toString() === 'flaky' && job.attempt === 1) throw new Error('not yet');
    if (payload.toString() === 'never') throw new Rejection('never');
  }, stop.signal);

  expect(runs.sort()).toEqual(['\0\xff 1', 'at 1', 'flaky 1', 'flaky 2', 'never 1']);
  expect(summary).toEqual({ succeeded: 3, buried: 1, unsettled: 0 });
});

test('a revoked job is gone, and revoking it again says so', async () => {
  const producer = new Producer({ ...options, tube: 'revoked' });
  const receipt = await producer.delay('hello', 3_600_000);
  await producer.revoke(receipt);
  await expect(producer.revoke(receipt)).rejects.toMatchObject({ kind: 'absent' });
  await producer.close();
});

test('bad options are all named at once', () => {
  expect(() => new Producer({ nodes: ['a', 'a'], replicas: 0, tube: '-x' })).toThrow(
    /same endpoint|twice[\s\S]*/,
  );
});

test('options of a consumer are checked as those of a configuration are', () => {
  const wrong = { ...options, concurrency: 0, attempts: 1.5 };
  expect(() => new Consumer(wrong)).toThrow(/work\.concurrency: .*\n.*work\.attempts: /);
});

test('a job before 1970, which nobody could run, is refused', async () => {
  const producer = new Producer({ ...options, tube: 'past' });
  await expect(producer.at('hello', new Date(-1))).rejects.toMatchObject({ kind: 'usage' });
  await expect(producer.at('hello', new Date('nonsense'))).rejects.toThrow(RangeError);
  await producer.close();
});

test('the first puts of a producer go together as well', async () => {
  const producer = new Producer({ ...options, tube: 'first', replicas: 1, minReplicas: 1 });
  const puts = Array.from({ length: 40 }, () => producer.delay('hello', 0));
  const nodes = (await Promise.all(puts)).map((receipt) => receipt.slice(0, receipt.indexOf('/')));
  await producer.close();
  expect([new Set(nodes.slice(0, 20)).size, new Set(nodes.slice(20)).size]).toEqual([1, 1]);
  expect(new Set(nodes).size).toBe(2);
});

test('a queue file that could not be opened is tried again by the next put', async () => {
  const folder = join(temporaryFolder(), 'state');
  vi.stubEnv('STATE_DIRECTORY', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const producer = new Producer({ nodes: 'embedded' });
  writeFileSync(folder, 'no folder');
  await expect(producer.delay('first', 0)).rejects.toMatchObject({ kind: 'config' });
  rmSync(folder);
  expect(await producer.delay('second', 0)).toBe('embedded/default/1');
  await producer.close();
});

test('a consumer that was stopped consumes again', async () => {
  const producer = new Producer({ ...options, tube: 'again' });
  const consumer = new Consumer({ ...options, tube: 'again' });
  for (const payload of ['first', 'second']) {
    await producer.delay(payload, 0);
    const stop = new AbortController();
    const runs: string[] = [];
    await consumer.consume((bytes) => {
      runs.push(String(bytes));
      stop.abort();
    }, stop.signal);
    expect(runs).toEqual([payload]);
  }
  await producer.close();
});
