// The protocol of beanstalkd 1.12 and 1.13 as exchanges: for each command every answer that has a meaning.

import { Buffer } from 'node:buffer';
import { expect } from 'vitest';
import {
  bury,
  deleteJob,
  kick,
  kickJob,
  peek,
  peekBuried,
  peekDelayed,
  peekReady,
  put,
  release,
  reserve,
  reserveJob,
  reserveWithTimeout,
  touch,
} from '../../../src/beanstalk/job-commands.ts';
import { stats, statsJob, statsTube } from '../../../src/beanstalk/stats-commands.ts';
import {
  ignore,
  listTubes,
  listTubesWatched,
  listTubeUsed,
  pauseTube,
  use,
  watch,
} from '../../../src/beanstalk/tube-commands.ts';
import type { Exchange } from './conversation.ts';

const plain = { priority: 1024, delay: 0, ttr: 60 };
const largest = { priority: 4_294_967_295, delay: 4_294_967_295, ttr: 4_294_967_295 };
const largestId = 18_446_744_073_709_551_615n;
const hello = Buffer.from('hello');
const empty = Buffer.alloc(0);
const replyLike = Buffer.from('\r\nINSERTED 9\r\nRESERVED 1 5\r\n');
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const longName = 'x'.repeat(200);

export const jobExchanges: readonly Exchange[] = [
  [
    put(hello, plain),
    'put 1024 0 60 5\r\nhello\r\n',
    'INSERTED 1\r\n',
    { kind: 'inserted', id: 1n },
  ],
  [put(empty, plain), 'put 1024 0 60 0\r\n\r\n', 'INSERTED 2\r\n', { kind: 'inserted', id: 2n }],
  [
    put(hello, largest),
    'put 4294967295 4294967295 4294967295 5\r\nhello\r\n',
    `INSERTED ${largestId}\r\n`,
    { kind: 'inserted', id: largestId },
  ],
  [
    put(everyByte, plain),
    Buffer.concat([Buffer.from('put 1024 0 60 256\r\n'), everyByte, Buffer.from('\r\n')]),
    'BURIED 3\r\n',
    { kind: 'buried', id: 3n },
  ],

  [reserve(), 'reserve\r\n', 'RESERVED 1 5\r\nhello\r\n', { id: 1n, body: hello }],
  [reserve(), 'reserve\r\n', 'DEADLINE_SOON\r\n', 'deadline-soon'],
  [
    reserveWithTimeout(0),
    'reserve-with-timeout 0\r\n',
    'RESERVED 5 0\r\n\r\n',
    { id: 5n, body: empty },
  ],
  [
    reserveWithTimeout(2_147_483_647),
    'reserve-with-timeout 2147483647\r\n',
    Buffer.concat([Buffer.from('RESERVED 6 256\r\n'), everyByte, Buffer.from('\r\n')]),
    { id: 6n, body: everyByte },
  ],
  [reserveWithTimeout(1), 'reserve-with-timeout 1\r\n', 'TIMED_OUT\r\n', 'timed-out'],
  [reserveWithTimeout(1), 'reserve-with-timeout 1\r\n', 'DEADLINE_SOON\r\n', 'deadline-soon'],
  [reserveJob(7n), 'reserve-job 7\r\n', 'RESERVED 7 5\r\nhello\r\n', { id: 7n, body: hello }],
  [reserveJob(7n), 'reserve-job 7\r\n', 'NOT_FOUND\r\n', undefined],

  [deleteJob(1n), 'delete 1\r\n', 'DELETED\r\n', true],
  [deleteJob(largestId), `delete ${largestId}\r\n`, 'NOT_FOUND\r\n', false],
  [release(1n, 0, 0), 'release 1 0 0\r\n', 'RELEASED\r\n', 'released'],
  [release(1n, 1024, 9), 'release 1 1024 9\r\n', 'BURIED\r\n', 'buried'],
  [release(1n, 1024, 9), 'release 1 1024 9\r\n', 'NOT_FOUND\r\n', 'not-found'],
  [bury(1n, 1024), 'bury 1 1024\r\n', 'BURIED\r\n', true],
  [bury(1n, 1024), 'bury 1 1024\r\n', 'NOT_FOUND\r\n', false],
  [touch(1n), 'touch 1\r\n', 'TOUCHED\r\n', true],
  [touch(1n), 'touch 1\r\n', 'NOT_FOUND\r\n', false],

  [
    peek(8n),
    'peek 8\r\n',
    Buffer.concat([Buffer.from(`FOUND 8 ${replyLike.length}\r\n`), replyLike, Buffer.from('\r\n')]),
    { id: 8n, body: replyLike },
  ],
  [peek(8n), 'peek 8\r\n', 'NOT_FOUND\r\n', undefined],
  [peekReady(), 'peek-ready\r\n', 'FOUND 1 5\r\nhello\r\n', { id: 1n, body: hello }],
  [peekReady(), 'peek-ready\r\n', 'NOT_FOUND\r\n', undefined],
  [peekDelayed(), 'peek-delayed\r\n', 'FOUND 2 5\r\nhello\r\n', { id: 2n, body: hello }],
  [peekDelayed(), 'peek-delayed\r\n', 'NOT_FOUND\r\n', undefined],
  [peekBuried(), 'peek-buried\r\n', 'FOUND 3 5\r\nhello\r\n', { id: 3n, body: hello }],
  [peekBuried(), 'peek-buried\r\n', 'NOT_FOUND\r\n', undefined],

  [kick(10), 'kick 10\r\n', 'KICKED 4\r\n', 4],
  [kick(4_294_967_295), 'kick 4294967295\r\n', 'KICKED 0\r\n', 0],
  [kickJob(1n), 'kick-job 1\r\n', 'KICKED\r\n', true],
  [kickJob(1n), 'kick-job 1\r\n', 'NOT_FOUND\r\n', false],
];

export const tubeExchanges: readonly Exchange[] = [
  [use('default'), 'use default\r\n', 'USING default\r\n', 'default'],
  [use(longName), `use ${longName}\r\n`, `USING ${longName}\r\n`, longName],
  [use('a/b+c;d.$_(e)-'), 'use a/b+c;d.$_(e)-\r\n', 'USING a/b+c;d.$_(e)-\r\n', 'a/b+c;d.$_(e)-'],
  [watch('jobs'), 'watch jobs\r\n', 'WATCHING 2\r\n', 2],
  [ignore('default'), 'ignore default\r\n', 'WATCHING 1\r\n', 1],
  [ignore('jobs'), 'ignore jobs\r\n', 'NOT_IGNORED\r\n', undefined],
  [pauseTube(longName, 4_294_967_295), `pause-tube ${longName} 4294967295\r\n`, 'PAUSED\r\n', true],
  [pauseTube('jobs', 0), 'pause-tube jobs 0\r\n', 'NOT_FOUND\r\n', false],
  [listTubeUsed(), 'list-tube-used\r\n', 'USING null\r\n', 'null'],
  [
    listTubes(),
    'list-tubes\r\n',
    ok('---\n- default\n- null\n- 1e3\n- true\n- (a);$b\n'),
    ['default', 'null', '1e3', 'true', '(a);$b'],
  ],
  [listTubesWatched(), 'list-tubes-watched\r\n', ok('---\n- "jobs"\n'), ['jobs']],
];

const jobStats = `---
id: 18446744073709551615
tube: 1e3
state: reserved
pri: 4294967295
age: 12
delay: 0
ttr: 60
time-left: -1
file: 0
reserves: 1
timeouts: 2
releases: 3
buries: 4
kicks: 5
`;

const tubeStats = `---
name: "jobs"
current-jobs-urgent: 1
current-jobs-ready: 2
current-jobs-reserved: 3
current-jobs-delayed: 4
current-jobs-buried: 5
total-jobs: 6
current-using: 7
current-watching: 8
current-waiting: 9
cmd-delete: 10
cmd-pause-tube: 11
pause: 12
pause-time-left: 13
`;

const serverStats = `---
current-connections: 3
max-job-size: 65535
version: "1.12"
uptime: 4
binlog-current-index: 0
draining: false
id: 5582267c5588781c
hostname: "vm"
os: #1 SMP PREEMPT: a kernel
platform: 
`;

export const statsExchanges: readonly Exchange[] = [
  [
    statsJob(largestId),
    `stats-job ${largestId}\r\n`,
    ok(jobStats),
    {
      tube: '1e3',
      state: 'reserved',
      priority: 4_294_967_295,
      age: 12,
      ttr: 60,
      timeLeft: -1,
    },
  ],
  [statsJob(1n), 'stats-job 1\r\n', 'NOT_FOUND\r\n', undefined],
  [
    statsJob(largestId),
    `stats-job ${largestId}\r\n`,
    ok(jobStats.replace('reserved', 'invalid')),
    undefined,
  ],
  [
    statsTube('jobs'),
    'stats-tube jobs\r\n',
    ok(tubeStats),
    {
      ready: 2,
      reserved: 3,
      delayed: 4,
      buried: 5,
      put: 6,
      deleted: 10,
      waiting: 9,
      using: 7,
      watching: 8,
      pauseTimeLeft: 13,
    },
  ],
  [statsTube('jobs'), 'stats-tube jobs\r\n', 'NOT_FOUND\r\n', undefined],
  [
    stats(),
    'stats\r\n',
    ok(serverStats),
    {
      version: '1.12',
      draining: false,
      maxJobSize: 65_535,
      uptime: 4,
      connections: 3,
      binlog: false,
      all: new Map([
        ['current-connections', '3'],
        ['max-job-size', '65535'],
        ['version', '1.12'],
        ['uptime', '4'],
        ['binlog-current-index', '0'],
        ['draining', 'false'],
        ['id', '5582267c5588781c'],
        ['hostname', 'vm'],
        ['os', '#1 SMP PREEMPT: a kernel'],
        ['platform', ''],
      ]),
    },
  ],
  [
    stats(),
    'stats\r\n',
    ok(serverStats.replace('draining: false', 'draining: true').replace('index: 0', 'index: 3')),
    expect.objectContaining({ draining: true, binlog: true }),
  ],
];

function ok(body: string): string {
  return `OK ${Buffer.byteLength(body)}\r\n${body}\r\n`;
}
