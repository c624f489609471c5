// The secrets of a configuration are in no output and no log, whatever the command, the options and the error.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dq, startDq, type Ran } from '../support/cli.ts';
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

/** A worker whose ledger can't be asked would try on for ever. */
async function run(words: readonly string[], place: Place): Promise<Ran> {
  const running = startDq(words, place);
  if (words.includes('work')) {
    await running.line(/ledger-down/).catch(() => undefined);
    running.kill('SIGTERM');
  }
  return running.ended;
}

/** The exit codes of the commands, and again of the same in the other mode. */
async function expectNoTrace(place: Place): Promise<(number | null)[]> {
  const put = ['put', '--delay', '1h', 'to be deleted'];
  const runs = modes.map(async (mode) => {
    const { stdout: receipt } = await dq(put, { env: { DQ_NODES: node.endpoint } });
    const words = commands(receipt.trim()).map((command) => [...mode, ...command]);
    return Promise.all(words.map((each) => run(each, place)));
  });
  const all = (await Promise.all(runs)).flat();
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

describe.concurrent('a password', () => {
  it.each([
    ['of a Redis that takes it', () => variable(`redis://:${secret}@${redis.endpoint}`)],
    ['in a query', () => variable(`redis://${redis.endpoint}/?password=${secret}`)],
    ['in a file', () => option(`"redis://:${secret}@${redis.endpoint}"`)],
    [
      'in options',
      () => option(`{ host: 127.0.0.1, port: ${redis.port}, password: "${password}" }`),
    ],
  ])('%s', async (_, place) => {
    expect(await expectNoTrace(place())).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
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
    const [put, at, remove] = await expectNoTrace(place());
    expect([put, at, remove]).toEqual([0, 0, 75]);
  });

  it.each(broken)('in what is no address: %s', async (address) => {
    await expectRefusal(variable(address));
    await expectRefusal(option(JSON.stringify(address)));
  });

  it.each([
    ['nodes', `nodes: ["redis://:${secret}@h"]\nredis: x\n`],
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
    ['DQ_TUBE', { DQ_NODES: node.endpoint, DQ_TUBE: `redis://:${secret}@${redis.endpoint}` }],
  ])('in the wrong variable: %s', async (_, env) => {
    const { code, stderr } = await dq(['put', 'hello'], { env });
    expect(code).toBe(2);
    expect(stderr).not.toMatch(traces);
  });
});
