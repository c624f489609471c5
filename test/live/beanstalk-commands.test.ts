// Every command against a real beanstalkd.

import { Buffer } from 'node:buffer';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../src/beanstalk/command.ts';
import { connect } from '../../src/beanstalk/connection.ts';
import type { Connection } from '../../src/beanstalk/connection.ts';
import * as job from '../../src/beanstalk/job-commands.ts';
import { stats, statsJob, statsTube } from '../../src/beanstalk/stats-commands.ts';
import * as tube from '../../src/beanstalk/tube-commands.ts';
import { startBeanstalkd } from '../support/servers.ts';
import type { Server } from '../support/servers.ts';
import { until } from '../support/wait.ts';

const plain = { priority: 1024, delay: 0, ttr: 60 };
const hello = Buffer.from('hello');

let server: Server;
const open: Connection[] = [];
let tubes = 0;

beforeAll(async () => {
  server = await startBeanstalkd();
});
afterEach(() => {
  for (const connection of open.splice(0)) connection.close();
});

async function connectTo(endpoint = server.endpoint): Promise<Connection> {
  const connection = await connect({ endpoint, connectTimeout: 30_000, replyTimeout: 30_000 });
  open.push(connection);
  return connection;
}

type Say = <Outcome>(command: Command<Outcome>) => Promise<Outcome>;

/** A connection that uses and watches a tube of its own. */
async function talk(name = `tube-${++tubes}`): Promise<{ say: Say; name: string }> {
  const connection = await connectTo();
  const say: Say = (command) => connection.send(command);
  await say(tube.use(name));
  await say(tube.watch(name));
  await say(tube.ignore('default'));
  return { say, name };
}

async function putOne(say: Say, options: Partial<job.JobOptions> = {}): Promise<bigint> {
  const { kind, id } = await say(job.put(hello, { ...plain, ...options }));
  expect(kind).toBe('inserted');
  return id;
}

describe('the life of a job', () => {
  it('put, reserve, delete', async () => {
    const { say } = await talk();
    const id = await putOne(say);
    expect(await say(job.reserve())).toEqual({ id, body: hello });
    expect(await say(job.deleteJob(id))).toBe(true);
    expect(await say(job.deleteJob(id))).toBe(false);
    expect(await say(job.reserveWithTimeout(0))).toBe('timed-out');
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['every byte', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ['what looks like commands', Buffer.from('\r\ndelete 1\r\nquit\r\n')],
    ['as much as it takes', Buffer.alloc(65_535, 'x')],
  ])('a body of %s', async (_, body) => {
    const { say } = await talk();
    const { id } = await say(job.put(body, plain));
    const peeked = await say(job.peek(id));
    const reserved = await say(job.reserveWithTimeout(5));
    if (peeked === undefined || typeof reserved === 'string') throw new Error('it is not there');
    expect([peeked.id, reserved.id]).toEqual([id, id]);
    expect([peeked.body.equals(body), reserved.body.equals(body)]).toEqual([true, true]);
  });

  it('too large a body is refused, and the connection stays', async () => {
    const { say } = await talk();
    const putting = say(job.put(Buffer.alloc(65_536), plain));
    await expect(putting).rejects.toMatchObject({ fault: 'too-big', unconfirmed: false });
    expect(await say(job.peekReady())).toBeUndefined();
  });

  it('the largest numbers', async () => {
    const { say } = await talk();
    const most = 2 ** 32 - 1;
    const id = await putOne(say, { priority: most, delay: most, ttr: most });
    expect(await say(statsJob(id))).toMatchObject({
      state: 'delayed',
      priority: most,
      ttr: most,
    });
    expect(await say(job.peek(2n ** 64n - 1n))).toBeUndefined();
    expect(await say(job.kick(most))).toBe(1);
  });

  it('release, with a new priority and delay', async () => {
    const { say } = await talk();
    const id = await putOne(say);
    await say(job.reserve());
    expect(await say(job.release(id, 7, 100))).toBe('released');
    expect(await say(job.release(id, 7, 100))).toBe('not-found');
    expect(await say(statsJob(id))).toMatchObject({ state: 'delayed', priority: 7 });
    expect(await say(job.peekDelayed())).toEqual({ id, body: hello });
  });

  it('bury and kick', async () => {
    const { say } = await talk();
    const id = await putOne(say);
    expect(await say(job.bury(id, 1))).toBe(false);
    await say(job.reserve());
    expect(await say(job.bury(id, 1))).toBe(true);
    expect(await say(job.peekBuried())).toEqual({ id, body: hello });
    expect(await say(job.kick(10))).toBe(1);
    expect(await say(job.kick(10))).toBe(0);
    expect(await say(job.peekReady())).toEqual({ id, body: hello });
  });

  it('kick-job takes this one only', async () => {
    const { say } = await talk();
    const [first, second] = [await putOne(say, { delay: 100 }), await putOne(say, { delay: 50 })];
    expect(await say(job.kickJob(first))).toBe(true);
    expect(await say(job.kickJob(first))).toBe(false);
    expect(await say(job.peekDelayed())).toMatchObject({ id: second });
    expect(await say(job.peekReady())).toMatchObject({ id: first });
  });

  it('touch', async () => {
    const { say } = await talk();
    const id = await putOne(say);
    expect(await say(job.touch(id))).toBe(false);
    await say(job.reserve());
    expect(await say(job.touch(id))).toBe(true);
  });

  it('reserve-job takes a buried one, but not a reserved one', async () => {
    const { say } = await talk();
    const id = await putOne(say);
    expect(await say(job.reserveJob(id))).toEqual({ id, body: hello });
    expect(await say(job.reserveJob(id))).toBeUndefined();
    await say(job.bury(id, 0));
    expect(await say(job.reserveJob(id))).toEqual({ id, body: hello });
    expect(await say(job.reserveJob(id + 1_000n))).toBeUndefined();
  });

  it('DEADLINE_SOON in the last second of a ttr', async () => {
    const { say } = await talk();
    const id = await putOne(say, { ttr: 1 });
    const both = await Promise.all([say(job.reserve()), say(job.reserve())]);
    expect(both).toEqual([{ id, body: hello }, 'deadline-soon']);
  });

  it('stats-job', async () => {
    const { say, name } = await talk();
    const id = await putOne(say, { priority: 5, ttr: 9 });
    await say(job.reserve());
    expect(await say(statsJob(id))).toEqual({
      tube: name,
      state: 'reserved',
      priority: 5,
      age: expect.any(Number) as number,
      ttr: 9,
      timeLeft: expect.any(Number) as number,
    });
    expect(await say(statsJob(id + 1_000n))).toBeUndefined();
  });
});

describe('tubes', () => {
  it.each(['null', 'true', '1e3', 'a/b+c;d.$_(e)-', 'x'.repeat(200)])(
    'the name %s',
    async (name) => {
      const { say } = await talk(name);
      expect(await say(tube.listTubeUsed())).toBe(name);
      expect(await say(tube.listTubesWatched())).toEqual([name]);
      expect(await say(tube.listTubes())).toEqual(expect.arrayContaining(['default', name]));
      const id = await putOne(say);
      expect(await say(statsJob(id))).toMatchObject({ tube: name });
      await say(job.deleteJob(id));
    },
  );

  it('watch and ignore count, and one is left', async () => {
    const { say, name } = await talk();
    expect(await say(tube.watch('default'))).toBe(2);
    expect(await say(tube.ignore('default'))).toBe(1);
    expect(await say(tube.ignore(name))).toBeUndefined();
  });

  it('stats-tube counts, and knows no tube that is gone', async () => {
    const { say, name } = await talk();
    await putOne(say);
    await putOne(say, { delay: 100 });
    await putOne(say, { priority: 0 });
    const taken = await say(job.reserve());
    if (typeof taken === 'string') throw new Error(taken);
    expect(await say(statsTube(name))).toMatchObject({
      ...{ ready: 1, reserved: 1, delayed: 1, buried: 0, waiting: 0, using: 1, watching: 1 },
    });
    await say(job.bury(taken.id, 0));
    expect(await say(statsTube(name))).toMatchObject({ ready: 1, reserved: 0, buried: 1 });
    expect(await say(statsTube('never-seen'))).toBeUndefined();
  });

  it('pause-tube', async () => {
    const { say, name } = await talk();
    await putOne(say);
    expect(await say(tube.pauseTube(name, 100))).toBe(true);
    expect(await say(job.reserveWithTimeout(0))).toBe('timed-out');
    expect((await say(statsTube(name)))?.pauseTimeLeft).toBeGreaterThan(50);
    expect(await say(tube.pauseTube(name, 0))).toBe(true);
    expect(await say(tube.pauseTube('never-seen', 1))).toBe(false);
  });
});

describe('the server', () => {
  it('stats', async () => {
    const { say } = await talk();
    const answer = await say(stats());
    expect(answer).toMatchObject({ draining: false, maxJobSize: 65_535, binlog: false });
    expect(answer.version).toMatch(/^\d+\.\d+/);
    expect(answer.connections).toBeGreaterThan(0);
    expect(answer.all.get('pid')).toBe(String(server.pid));
    expect(answer.all.get('os')).toBeTruthy();
  });

  it('with a binlog and other limits', async () => {
    const other = await startBeanstalkd(['-z', '1000'], { binlog: true });
    const connection = await connectTo(other.endpoint);
    expect(await connection.send(stats())).toMatchObject({ maxJobSize: 1_000, binlog: true });
  });

  it('draining refuses puts and nothing else', async () => {
    const other = await startBeanstalkd();
    const connection = await connectTo(other.endpoint);
    await connection.send(job.put(hello, plain));
    other.signal('SIGUSR1');
    await until('it drains', async () => (await connection.send(stats())).draining);
    await expect(connection.send(job.put(hello, plain))).rejects.toMatchObject({
      fault: 'draining',
      message: 'draining, takes no new jobs',
    });
    expect(await connection.send(job.reserveWithTimeout(0))).toMatchObject({ body: hello });
  });
});

it('everything pipelined at once', async () => {
  const { say } = await talk();
  const count = 5_000;
  const bodies = Array.from({ length: count }, (_, at) => `job ${at}`);
  const [, puts, reserves] = await Promise.all([
    say(tube.listTubeUsed()),
    Promise.all(bodies.map((body) => say(job.put(Buffer.from(body), plain)))),
    Promise.all(bodies.map(() => say(job.reserveWithTimeout(0)))),
    say(stats()),
  ]);
  const got = reserves.map((found) =>
    typeof found === 'string' ? found : `${found.id} ${found.body.toString()}`,
  );
  expect(got).toEqual(puts.map(({ id }, at) => `${id} ${bodies[at] ?? ''}`));
  const deleted = await Promise.all(puts.map(({ id }) => say(job.deleteJob(id))));
  expect(deleted.every(Boolean)).toBe(true);
});
