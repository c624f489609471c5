// The secrets of a configuration are in no output and no log, whatever the command, the options and the error.

import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dq, shellDq, startDq, type Ran } from '../support/cli.ts';
import { freePort, startBeanstalkd, startRedis, temporaryFolder } from '../support/servers.ts';

/** Its parts are unmistakable, also when something cuts or decodes it. */
const secret = 'hunter2%40Tr0ub4dor';
const password = decodeURIComponent(secret);
const traces = /hunter2|Tr0ub4dor/;

const [node, redis, nowhere] = await Promise.all([
  startBeanstalkd(),
  startRedis(['--requirepass', password]),
  freePort(),
]);
const commands = (receipt: string): readonly (readonly string[])[] => [
  ['put', 'hello'],
  ['at', '+1h', 'hello'],
  ['delete', receipt],
  ['doctor'],
  ['work', '--drain', '--', 'true'],
];
const scheduleCommands = ['run', 'check', 'list', 'next'].map((word) => [
  'cron',
  word,
  'cron.yaml',
]);
const modes: readonly (readonly string[])[] = [['-v'], ['--json', '-v']];

interface Place {
  readonly cwd: string;
  readonly env: Record<string, string>;
}

function file(text: string): Place {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, '.dqrc.yaml'), text);
  return { cwd, env: {} };
}

/** In a variable. */
function variable(address: string): Place {
  return { cwd: temporaryFolder(), env: { DQ_NODES: node.endpoint, DQ_REDIS: address } };
}

function option(redisOption: string): Place {
  return file(`nodes: [${node.endpoint}]\nredis: ${redisOption}\n`);
}

const schedule = 'cron: { tick: { schedule: "* * * * * *", extended: true, run: "true" } }\n';

/** A worker whose ledger can't be asked would try on for ever, and a schedule never ends. */
async function run(words: readonly string[], place: Place, up: boolean): Promise<Ran> {
  const running = startDq(words, place);
  const goesOn = words.includes('run') || (words.includes('work') && !up);
  if (!goesOn) return running.ended;
  await running.line(up ? /done/ : /ledger-down/);
  running.kill('SIGTERM');
  return running.ended;
}

/** The exit codes of the commands, and again of the same in the other mode. */
async function expectNoTrace(place: Place, up: boolean): Promise<(number | null)[]> {
  const put = ['put', '--delay', '1h', 'to be deleted'];
  const runs = modes.map(async (mode) => {
    const { stdout: receipt } = await dq(put, { env: { DQ_NODES: node.endpoint } });
    const words = commands(receipt.trim()).map((command) => [...mode, ...command]);
    return Promise.all(words.map((each) => run(each, place, up)));
  });
  return codesOf((await Promise.all(runs)).flat());
}

async function expectNoTraceOfSchedules(place: Place, up: boolean): Promise<(number | null)[]> {
  writeFileSync(join(place.cwd, 'cron.yaml'), schedule);
  const words = modes.flatMap((mode) => scheduleCommands.map((command) => [...mode, ...command]));
  return codesOf(await Promise.all(words.map((each) => run(each, place, up))));
}

function codesOf(all: readonly Ran[]): (number | null)[] {
  for (const { stdout, stderr } of all) expect(stdout + stderr).not.toMatch(traces);
  return all.map(({ code }) => code);
}

/** Before any command does anything. */
async function expectRefusal(place: Place): Promise<void> {
  const runs = await Promise.all(modes.map((mode) => dq([...mode, 'put', 'hello'], place)));
  for (const { code, stderr } of runs) {
    expect(code).toBe(2);
    expect(stderr).not.toMatch(traces);
  }
}

const broken = [
  `redis://:${secret}@`,
  `redis://:${secret}%zz@127.0.0.1:${redis.port}`,
  `redis://:${secret}/x@127.0.0.1:${redis.port}`,
  `redis://:${secret}@127.0.0.1:${redis.port}/nonsense`,
  `redis://:${secret}@127.0.0.1:99999`,
  `redsi://:${secret}@127.0.0.1:${redis.port}`,
  `redis:/:${secret}@127.0.0.1:${redis.port}`,
  `:${secret}@127.0.0.1:${redis.port}`,
  `http://user:${secret}@127.0.0.1:${redis.port}`,
  `127.0.0.1:${redis.port}?password=${secret}`,
];

describe('a password', () => {
  it.each([
    ['of a Redis that takes it', () => variable(`redis://:${secret}@${redis.endpoint}`)],
    ['in a query', () => variable(`redis://${redis.endpoint}/?password=${secret}`)],
    ['in a file', () => option(`"redis://:${secret}@${redis.endpoint}"`)],
    [
      'in options',
      () => option(`{ host: 127.0.0.1, port: ${redis.port}, password: "${password}" }`),
    ],
  ])('%s', async (_, place) => {
    const codes = await expectNoTrace(place(), true);
    expect(new Set(codes)).toEqual(new Set([0]));
  });

  it.each([
    ['that is wrong', () => variable(`redis://:${secret}x@${redis.endpoint}`)],
    ['of a user there is none of', () => variable(`redis://${secret}:${secret}@${redis.endpoint}`)],
    ['for a Redis that is away', () => variable(`redis://:${secret}@127.0.0.1:${nowhere}`)],
    ['for one that speaks no TLS', () => variable(`rediss://:${secret}@${redis.endpoint}`)],
    ['for what is no Redis', () => variable(`redis://:${secret}@${node.endpoint}`)],
    ['for a database there is none of', () => variable(`redis://:${secret}@${redis.endpoint}/99`)],
    [
      'for sentinels that are away',
      () =>
        option(
          `{ sentinels: [{ host: 127.0.0.1, port: ${nowhere} }], name: ours, password: "${password}", sentinelPassword: "${password}" }`,
        ),
    ],
  ])('%s', async (_, place) => {
    const [put, at, remove] = await expectNoTrace(place(), false);
    expect([put, at, remove]).toEqual([0, 0, 75]);
  });

  it.each([
    ['a Redis that takes it', true, `redis://:${secret}@${redis.endpoint}`],
    ['one that does not', false, `redis://:${secret}x@${redis.endpoint}`],
    ['one that is away', false, `redis://:${secret}@127.0.0.1:${nowhere}`],
  ])('in the configuration of a schedule, for %s', async (_, up, address) => {
    const codes = await expectNoTraceOfSchedules(option(JSON.stringify(address)), up);
    expect(new Set(codes.slice(0, 2))).toEqual(new Set([0]));
  });

  it.each(broken)('in what is no address: %s', async (address) => {
    await expectRefusal(variable(address));
    await expectRefusal(option(JSON.stringify(address)));
  });

  it.each([
    ['nodes', `nodes: ["redis://:${secret}@h"]\nredis: x\n`],
    ['what a node is called', `nodes: ["user:${secret}@h:11300"]\nredis: redis://h\n`],
    ['an address of a node', `nodes: ["beanstalk://user:${secret}@h"]\nredis: redis://h\n`],
    ['a node', `nodes: [{ endpoint: "redis://:${secret}@h", ca: "${secret}" }]\n`],
    ['the tube', `nodes: [h]\nredis: redis://h\ntube: "redis://:${secret}@h"\n`],
    ['an unknown option', `nodes: [h]\nredsi: "redis://:${secret}@h"\n`],
    ['a key', `nodes: [h]\nredis: redis://h\n"redis://:${secret}@h": 1\n`],
    ['a duration', `nodes: [h]\nredis: redis://h\nwork: { timeout: "redis://:${secret}@h" }\n`],
    ['a count', `nodes: [h]\nredis: redis://h\nreplicas: "redis://:${secret}@h"\n`],
    ['no YAML', `nodes: [h]\nredis: "redis://:${secret}@h\n`],
    ['a doubled key', `nodes: [h]\nredis: "redis://:${secret}@h"\nredis: "redis://:${secret}@h"\n`],
    ['a list', `nodes: [h]\nredis: ["redis://:${secret}@h"]\n`],
  ])('in the wrong place: %s', async (_, text) => {
    await expectRefusal(file(text));
  });

  it.each([
    ['DQ_NODES', { DQ_NODES: `redis://:${secret}@${redis.endpoint}` }],
    ['DQ_NODES', { DQ_NODES: `user:${secret}@${node.endpoint}` }],
    ['DQ_NODES', { DQ_NODES: `${node.endpoint},user:${secret}@localhost:11300` }],
    ['DQ_TUBE', { DQ_NODES: node.endpoint, DQ_TUBE: `redis://:${secret}@${redis.endpoint}` }],
  ])('in the wrong variable: %s', async (_, env) => {
    const { code, stderr } = await dq(['put', 'hello'], { env });
    expect(code).toBe(2);
    expect(stderr).not.toMatch(traces);
  });

  it('in the key of a node that speaks TLS', async () => {
    const pem = `"-----BEGIN PRIVATE KEY-----\\n${secret}\\n-----END PRIVATE KEY-----\\n"`;
    const tls = `{ key: ${pem}, cert: ${pem}, ca: ${pem} }`;
    const nodes = `nodes: [{ endpoint: ${node.endpoint}, tls: ${tls} }]`;
    const place = file(`${nodes}\nredis: redis://:${secret}@${redis.endpoint}\n`);
    const words = [['put', 'hello'], ['doctor'], ['delete', `${node.endpoint}/default/1`]];
    const all = modes.flatMap((mode) => words.map((each) => dq([...mode, ...each], place)));
    for (const { code, stdout, stderr } of await Promise.all(all)) {
      expect(code).not.toBe(0);
      expect(stdout + stderr).not.toMatch(traces);
    }
  });
});

describe('init', () => {
  it('tells no secret of what is there', async () => {
    const places = [
      option(`"redis://:${secret}@${redis.endpoint}"`),
      variable(`redis://:${secret}@${redis.endpoint}`),
    ];
    for (const place of places) {
      const { stdout, stderr } = await dq(['-v', 'init', '--cluster'], place);
      expect(stdout + stderr).not.toMatch(traces);
    }
  });

  it.each([[[]], [['--cluster']]])('%j writes what only its owner may read', async (options) => {
    const cwd = temporaryFolder();
    const init = `umask 0; dq init ${options.join(' ')}`;
    expect(await shellDq(init, { cwd })).toMatchObject({ code: 0 });
    expect(statSync(join(cwd, '.dqrc.yaml')).mode & 0o777).toBe(0o600);
  });
});
