// What commands refuse to write, and what replies they refuse to understand.

import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/beanstalk/command.ts';
import * as job from '../../../src/beanstalk/job-commands.ts';
import { ProtocolError, Refusal } from '../../../src/beanstalk/reply.ts';
import type { Reply } from '../../../src/beanstalk/reply.ts';
import { stats, statsJob, statsJobs, statsTube } from '../../../src/beanstalk/stats-commands.ts';
import * as tube from '../../../src/beanstalk/tube-commands.ts';

const body = Buffer.from('hello');
const plain = { priority: 1024, delay: 0, ttr: 60 };

describe('nothing is written that the server would misunderstand', () => {
  const noU32 = [-1, 1.5, 2 ** 32, NaN, Infinity];
  it.each([
    ...noU32.map((n) => [`put with priority ${n}`, () => job.put(body, { ...plain, priority: n })]),
    ...noU32.map((n) => [`put with delay ${n}`, () => job.put(body, { ...plain, delay: n })]),
    ...[0, ...noU32].map((n) => [`put with ttr ${n}`, () => job.put(body, { ...plain, ttr: n })]),
    ...[2 ** 31, ...noU32].map((n) => [`a wait of ${n}`, () => job.reserveWithTimeout(n)]),
    ...noU32.map((n) => [`kick ${n}`, () => job.kick(n)]),
    ...noU32.map((n) => [`release with priority ${n}`, () => job.release(1n, n, 0)]),
    ...noU32.map((n) => [`release with delay ${n}`, () => job.release(1n, 0, n)]),
    ...noU32.map((n) => [`bury with priority ${n}`, () => job.bury(1n, n)]),
    ...noU32.map((n) => [`a pause of ${n}`, () => tube.pauseTube('jobs', n)]),
    ...[-1n, 2n ** 64n].flatMap((id) => [
      [`delete ${id}`, () => job.deleteJob(id)],
      [`release ${id}`, () => job.release(id, 0, 0)],
      [`bury ${id}`, () => job.bury(id, 0)],
      [`touch ${id}`, () => job.touch(id)],
      [`peek ${id}`, () => job.peek(id)],
      [`kick-job ${id}`, () => job.kickJob(id)],
      [`reserve-job ${id}`, () => job.reserveJob(id)],
      [`stats-job ${id}`, () => statsJob(id)],
      [`many peeks, ${id} among them`, () => job.peekAll([1n, id])],
      [`many stats-jobs, ${id} among them`, () => statsJobs('jobs', [1n, id])],
    ]),
    ...['', '-a', 'a b', 'a\r\nquit', 'é', 'x'.repeat(201), 'a:b'].flatMap((name) => [
      [`use ${name}`, () => tube.use(name)],
      [`watch ${name}`, () => tube.watch(name)],
      [`ignore ${name}`, () => tube.ignore(name)],
      [`pause-tube ${name}`, () => tube.pauseTube(name, 0)],
      [`stats-tube ${name}`, () => statsTube(name)],
    ]),
  ] as [string, () => unknown][])('%s', (_, make) => {
    expect(make).toThrow(RangeError);
  });
});

const jobStats =
  '---\nid: 1\ntube: a\nstate: ready\npri: 0\nage: 0\ndelay: 0\nttr: 1\ntime-left: 0\nreserves: 0\n' +
  'timeouts: 0\nreleases: 0\nburies: 0\nkicks: 0\n';

const everyCommand: Command<unknown>[] = [
  ...[job.put(body, plain), job.reserve(), job.reserveWithTimeout(0), job.reserveJob(1n)],
  ...[job.deleteJob(1n), job.release(1n, 0, 0), job.bury(1n, 0), job.touch(1n), job.peek(1n)],
  ...[job.peekReady(), job.peekDelayed(), job.peekBuried(), job.kick(1), job.kickJob(1n)],
  ...[tube.use('jobs'), tube.watch('jobs'), tube.ignore('jobs'), tube.pauseTube('jobs', 0)],
  ...[tube.listTubes(), tube.listTubeUsed(), tube.listTubesWatched(), tube.quit()],
  ...[stats(), statsJob(1n), statsTube('jobs')],
];

describe.each(everyCommand.map((command) => [command.line, command] as const))(
  '%s',
  (_, command) => {
    it.each([
      ['OUT_OF_MEMORY', 'out-of-memory', 'out of memory'],
      ['INTERNAL_ERROR', 'internal', 'internal error'],
      ['DRAINING', 'draining', 'draining, takes no new jobs'],
      ['JOB_TOO_BIG', 'too-big', 'job too big'],
    ])('%s is a refusal', (word, fault, message) => {
      const refused = thrownBy(command, { word, rest: '', body: undefined });
      expect(refused).toBeInstanceOf(Refusal);
      expect(refused).toMatchObject({ fault, message });
    });

    it.each([
      { word: 'EXPECTED_CRLF', rest: '', body: undefined },
      { word: 'BAD_FORMAT', rest: '', body: undefined },
      { word: 'UNKNOWN_COMMAND', rest: '', body: undefined },
      { word: 'OUT_OF_MEMORY', rest: 'now', body: undefined },
      { word: 'inserted', rest: '1', body: undefined },
      { word: '', rest: '', body: undefined },
    ])('$word $rest breaks the protocol', (reply) => {
      expect(thrownBy(command, reply)).toBeInstanceOf(ProtocolError);
    });
  },
);

it('an unexpected reply is quoted, but not all of it', () => {
  const reply = { word: 'HTTP/1.1', rest: `400 ${'x'.repeat(100)}\u001b`, body: undefined };
  expect(thrownBy(job.touch(1n), reply)).toMatchObject({
    message: `unexpected reply "HTTP/1.1 400 ${'x'.repeat(27)}…"`,
  });
});

describe('a known word in the wrong shape breaks the protocol', () => {
  it.each([
    [job.put(body, plain), { word: 'INSERTED', rest: '', body: undefined }],
    [job.put(body, plain), { word: 'INSERTED', rest: '-1', body: undefined }],
    [job.put(body, plain), { word: 'INSERTED', rest: '1 2', body: undefined }],
    [job.put(body, plain), { word: 'INSERTED', rest: '18446744073709551616', body: undefined }],
    [job.put(body, plain), { word: 'BURIED', rest: '', body: undefined }],
    [job.bury(1n, 0), { word: 'BURIED', rest: '1', body: undefined }],
    [job.kick(1), { word: 'KICKED', rest: '', body: undefined }],
    [job.kick(1), { word: 'KICKED', rest: 'x', body: undefined }],
    [job.kickJob(1n), { word: 'KICKED', rest: '1', body: undefined }],
    [job.reserve(), { word: 'RESERVED', rest: 'x', body }],
    [job.reserve(), { word: 'FOUND', rest: '1', body }],
    [job.reserve(), { word: 'NOT_FOUND', rest: '', body: undefined }],
    [job.peek(1n), { word: 'FOUND', rest: '', body }],
    [job.peek(1n), { word: 'FOUND', rest: '2', body }],
    [job.reserveJob(1n), { word: 'RESERVED', rest: '2', body }],
    [tube.use('jobs'), { word: 'USING', rest: 'default', body: undefined }],
    [tube.watch('jobs'), { word: 'WATCHING', rest: 'jobs', body: undefined }],
    [tube.listTubes(), { word: 'OK', rest: '', body: Buffer.from('---\njobs\n') }],
    [stats(), { word: 'OK', rest: '', body: Buffer.from('---\nversion\n') }],
    [stats(), { word: 'OK', rest: '', body: Buffer.from('---\nversion: 1\n') }],
    [statsTube('jobs'), { word: 'OK', rest: '', body: Buffer.from('---\n') }],
    [
      statsTube('jobs'),
      { word: 'OK', rest: '', body: Buffer.from('---\ncurrent-jobs-ready: many\n') },
    ],
    [
      statsJob(1n),
      { word: 'OK', rest: '', body: Buffer.from('---\nid: 1\ntube: a\nstate: lost\n') },
    ],
    [statsJob(2n), { word: 'OK', rest: '', body: Buffer.from(jobStats) }],
    ...['-1', '4294967296', '1e3'].map((pri): [Command<unknown>, Reply] => [
      statsJob(1n),
      { word: 'OK', rest: '', body: Buffer.from(jobStats.replace('pri: 0', `pri: ${pri}`)) },
    ]),
  ])('%o answered with %o', (command, reply) => {
    expect(thrownBy(command, reply)).toBeInstanceOf(ProtocolError);
  });
});

it('may keep silent: a waiting reserve, and a put whose body is on its way', () => {
  expect(job.reserve().waitMs).toBe(Infinity);
  expect(job.reserveWithTimeout(5).waitMs).toBe(5_000);
  const options = { priority: 0, delay: 0, ttr: 1 };
  const envelope = Buffer.alloc(5 * 2 ** 20);
  expect(job.put(envelope, options).waitMs).toBe(20_000);
  const batch = job.putBatch(
    [envelope, Buffer.alloc(1)].map((each) => ({ envelope: each, options })),
  );
  expect(batch.waitMs).toBe(20_000);
  const others = everyCommand.filter(({ line }) => line !== 'reserve');
  expect(others.every(({ waitMs = 0 }) => waitMs === 0)).toBe(true);
});

function thrownBy(command: Command<unknown>, reply: Reply): unknown {
  try {
    command.read(reply);
  } catch (error) {
    return error;
  }
  throw new Error('it was understood');
}
