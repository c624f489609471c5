// Bad input: one clear line on stderr, the right exit code, nothing on stdout, and nothing written anywhere.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, lines, type Around } from '../support/cli.ts';
import { clusterOf, configOf, type Cluster } from '../support/cluster.ts';
import { temporaryFolder } from '../support/servers.ts';

let cluster: Cluster;
let redis: Redis;

beforeAll(async () => {
  cluster = await clusterOf(3);
  redis = cluster.openRedis();
});

afterEach(async () => {
  expect(await cluster.totalJobs()).toEqual([0, 0, 0]);
  expect(await redis.dbsize()).toBe(0);
});

/** Refused with exit 2; the text of stderr. */
async function refused(words: readonly string[], around: Around = {}): Promise<string> {
  const { code, stdout, stderr } = await cluster.dq(words, around);
  expect([code, stdout]).toEqual([2, '']);
  return stderr;
}

/** An error, and perhaps what to do about it, in at most two lines that don't show dq's inside. */
function expectOneClearLine(stderr: string, says: RegExp): void {
  expect(stderr).toMatch(says);
  expect(stderr).not.toMatch(/^\s+at |Error:|node:internal/m);
  expect(lines(stderr).length).toBeGreaterThanOrEqual(1);
  expect(lines(stderr).length).toBeLessThanOrEqual(2);
}

const past = new Date(Date.now() - 70_000).toISOString();

describe('the words', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['no payload', ['put'], /payload/],
    ['a second word', ['put', 'hello', 'world'], /quote|one (word|payload)|too many/i],
    ['an unknown option', ['put', '--dealy', '5s', 'hello'], /--dealy.*--delay|--delay/s],
    ['an option without its value', ['put', 'hello', '--delay'], /--delay/],
    ['a negative delay', ['put', '--delay', '-1', 'hello'], /-1/],
    ['a negative delay with =', ['put', '--delay=-1s', 'hello'], /-1s/],
    ['a delay without unit', ['put', '--delay', '5', 'hello'], /did you mean 5s\?/],
    ['a delay of no unit', ['put', '--delay', '1x', 'hello'], /1x/],
    ['a delay of 2^32 s', ['put', '--delay', '4294967296s', 'hello'], /4294967296s/],
    ['an empty delay', ['put', '--delay', '', 'hello'], /delay|duration/],
    ['a priority that is none', ['put', '--priority', 'high', 'hello'], /high/],
    ['a priority of 2^32', ['put', '--priority', '4294967296', 'hello'], /4294967296/],
    ['a negative priority', ['put', '--priority', '-1', 'hello'], /-1/],
    ['a priority with a fraction', ['put', '--priority', '1.5', 'hello'], /1\.5/],
    ['a ttr of nothing', ['put', '--ttr', '0s', 'hello'], /0s|ttr/],
    ['--lines and a payload', ['put', '--lines', 'hello'], /lines/],
    ['--lines and --null', ['put', '--lines', '--null'], /null/],
    ['a past instant', ['at', past, 'hello'], /past|ago/],
    ['a past instant of seconds', ['at', '@1', 'hello'], /past|ago/],
    ['no instant', ['at', 'soon', 'hello'], /soon/],
    ['a day that isn’t', ['at', '2100-02-30T00:00', 'hello'], /2100-02-30/],
    ['an instant too far', ['at', '2300-01-01T00:00:00Z', 'hello'], /2262/],
    ['an instant of no queue', ['at', '2200-01-01', 'hello'], /no job can be due in 2\^32 seconds/],
    ['no amount', ['at', '+', 'hello'], /not an instant: "\+"/],
    ['no instant, no payload', ['at', 'soon'], /not an instant: "soon"/],
    ['an apostrophe at', ['at', '+1h', 'it’s', "it's"], /'\+1h' 'it’s it'\\''s'$/m],
    ['no payload at', ['at', '2100-01-01T00:00'], /payload/],
    ['a time of two words', ['at', '2100-01-01', '00:00', 'x'], /'2100-01-01 00:00' 'x'$/m],
    ['a second payload at', ['at', '2100-01-01', 'a', 'b'], /one payload.*'2100-01-01' 'a b'$/ms],
    ['a payload that is a part of the time', ['at', '10:00', 'tomorrow'], /or a part of the time/],
    ['no zone', ['at', '--tz', 'Mars/Base', '2100-01-01T00:00', 'hello'], /Mars\/Base/],
    ['a tube of 201 bytes', ['-t', 'x'.repeat(201), 'put', 'hello'], /tube/],
    ['a tube with a leading -', ['--tube=-x', 'put', 'hello'], /tube/],
    ['a tube with a blank', ['-t', 'a b', 'put', 'hello'], /tube/],
    ['an empty tube', ['-t', '', 'put', 'hello'], /tube/],
    ['two tubes', ['-t', 'a', '-t', 'b', 'put', 'hello'], /tube/],
    ['an unknown command', ['putt', 'hello'], /putt.*put/s],
    ['a command’s name as an option', ['--put', 'hello'], /--put/],
    ['an unknown state first', ['delete', '--state', 'bogus', '-y'], /no such state: "bogus"/],
    ['an unknown short option', ['put', '-q', '-x', 'hello'], /-x/],
  ])('%s', async (_, words, says) => {
    expectOneClearLine(await refused(words), says);
  });

  it.each([
    [['cron', 'run', '--bogus'], 'dq cron run'],
    [['cron', 'bogus'], 'dq cron'],
    [['peek', 'one', 'two'], 'dq peek'],
    [['bogus'], 'dq'],
    [['help', 'bogus'], 'dq'],
  ])('%j points to the help of %s', async (words, name) => {
    expect(await refused(words)).toMatch(new RegExp(`\n +see ${name} --help\n$`));
  });

  it('what may be a payload can be said to be one', async () => {
    expect(await refused(['put', '-x'])).toMatch(/\n +see dq put --help; a payload: .* -- '-x'\n$/);
  });

  it('a command that only sounds like one has no help, but a neighbour', async () => {
    expectOneClearLine(await refused(['help', 'lisst']), /unknown command 'lisst'\n.*mean list\?/);
  });

  it('in a gap of the zone', async () => {
    const words = ['at', '--tz', 'Europe/Berlin', '2100-03-28T02:30', 'hello'];
    expectOneClearLine(await refused(words), /no 2100-03-28 02:30.*clocks/);
  });

  it('without a payload says how to read one from stdin', async () => {
    expect(await refused(['put'], { stdin: 'hello' })).toMatch(/-/);
  });
});

describe('the worker', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['no handler', ['work'], /handler|--/],
    ['nothing after --', ['work', '--'], /handler/],
    ['no -- before it', ['work', 'cat', '-'], /what is "cat"\?\n .*: dq work -- cat -\n$/],
    ['none after --drain', ['work', '--drain', 'cat', '-'], /what is "cat"\?\n .* -- cat -\n$/],
    ['none after a duration', ['work', '--drain', '5s', 'cat'], /what is "cat"\?\n .* -- cat\n$/],
    ['a handler that doesn’t exist', ['work', '--', './no-such'], /no-such/],
    ['one that isn’t in PATH', ['work', '--', 'no-such-command', 'x'], /no-such-command/],
    ['one that is a folder', ['work', '--', '/tmp'], /folder|directory/],
    ['one that may not be executed', ['work', '--', './.dqrc.yaml'], /chmod|execut/],
    ['no concurrency', ['work', '-j', '0', '--', 'true'], /concurrency|-j/],
    ['half a concurrency', ['work', '-j', '1.5', '--', 'true'], /1\.5/],
    ['no attempts', ['work', '--attempts', '0', '--', 'true'], /attempts/],
    ['a timeout without unit', ['work', '--timeout', '30', '--', 'true'], /did you mean 30s\?/],
    ['a timeout of nothing', ['work', '--timeout', '0s', '--', 'true'], /timeout/],
    ['a timeout of 0', ['work', '--timeout', '0', '--', 'true'], /timeout must be more than 0s\n$/],
    ['a drain without unit', ['work', '--drain=5', '--', 'true'], /did you mean 5s\?/],
    ['a grace without unit', ['work', '--grace', '5', '--', 'true'], /did you mean 5s\?/],
    ['no jobs at all', ['work', '--max-jobs', '0', '--', 'true'], /max-jobs/],
  ])('%s', async (_, words, says) => {
    expectOneClearLine(await refused(words), says);
  });
});

describe('the configuration', () => {
  it.each<[string, readonly string[], Around]>([
    ['-c', ['-c', 'missing.yaml', 'put', 'hello'], {}],
    ['--config after the command', ['put', '--config', 'missing.yaml', 'hello'], {}],
    ['DQ_CONFIG', ['put', 'hello'], { env: { DQ_CONFIG: 'missing.yaml' } }],
  ])('named by %s but missing', async (_, words, around) => {
    expectOneClearLine(await refused(words, around), /missing\.yaml/);
  });

  /** Writes it where it will be found, and has it refused. */
  async function refusedFile(text: string, words: readonly string[] = []): Promise<string> {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'dqrc.yaml'), text);
    return refused([...words, 'put', 'hello'], { cwd });
  }

  const fiveMistakes = [
    'nodes: [127.0.0.1:11300, 127.0.0.1:99999]',
    'redis: http://127.0.0.1',
    'tuve: default',
    'replicas: many',
    'work: { timeout: 5 }',
  ].join('\n');

  it('with five mistakes: all five are told, each with its path', async () => {
    const stderr = await refusedFile(fiveMistakes);
    for (const path of ['nodes[1]', 'redis', 'tuve', 'replicas', 'work.timeout']) {
      expect(lines(stderr).filter((line) => line.includes(`${path}: `))).toHaveLength(1);
    }
    expect(stderr).toMatch(/tuve.*tube/);
    expect(stderr).toMatch(/did you mean 5s\?/);
    expect(stderr).toContain('dqrc.yaml');
  });

  it('the same under --json', async () => {
    const errors = jsonLines(await refusedFile(fiveMistakes, ['--json'])).map(
      ({ error }) => error as Readonly<Record<string, unknown>>,
    );
    expect(errors.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['nodes[1]', 'redis', 'tuve', 'replicas', 'work.timeout']),
    );
    expect(errors.map(({ kind }) => kind)).toEqual(Array(5).fill('config'));
  });

  it.each<[string, string, RegExp]>([
    ['no YAML', 'nodes: [\n', /dqrc\.yaml:\d+:\d+/],
    ['empty', '', /empty|nodes/],
    ['without nodes', 'tube: default\n', /nodes/],
    ['with no node', 'nodes: []\n', /nodes/],
    ['with a slip', 'nodes: embeded\n', /"embeded".*did you mean embedded\?/s],
    [
      'two equal endpoints',
      configOf(['127.0.0.1:1', 'q:1', '127.0.0.1:1'], 'r:1'),
      /127\.0\.0\.1:1/,
    ],
    ['two that are equal by default', configOf(['q', 'q:11300'], 'r:1'), /q:11300/],
    ['two nodes without redis', 'nodes: [a, b]\n', /redis/],
    [
      'fewer nodes than minReplicas',
      `${configOf(['a', 'b'], 'r:1')}minReplicas: 3\n`,
      /minReplicas/,
    ],
    ['a ttl under an hour', `${configOf(['a', 'b'], 'r:1')}ledger: { ttl: 1m }\n`, /ledger\.ttl/],
  ])('%s', async (_, text, says) => {
    expectOneClearLine(await refusedFile(text), says);
  });

  it('found nowhere, and CI is set', async () => {
    const stderr = await refused(['put', 'hello'], { cwd: temporaryFolder(), env: { CI: 'true' } });
    expectOneClearLine(stderr, /DQ_NODES/);
  });

  it.each([
    ['DQ_NODES', { DQ_NODES: 'a:0' }],
    ['DQ_NODES', { DQ_NODES: '' }],
    ['DQ_NODES', { DQ_NODES: 'a,a' }],
    ['DQ_REDIS', { DQ_REDIS: 'nonsense' }],
    ['DQ_TUBE', { DQ_TUBE: '-x' }],
  ])('%s that is wrong: %j', async (name, env) => {
    expectOneClearLine(await refused(['put', 'hello'], { env }), new RegExp(name));
  });
});

describe('--json', () => {
  it.each<[string, readonly string[], string]>([
    ['an option', ['--json', 'put', '--no-such', 'hello'], 'usage'],
    ['a duration', ['put', '--json', '--delay', '5', 'hello'], 'usage'],
    ['a command', ['no-such', '--json'], 'usage'],
    ['a handler', ['--json', 'work', '--', './no-such'], 'usage'],
    ['a file', ['--json', '-c', 'missing.yaml', 'put', 'hello'], 'config'],
  ])('makes the error one object: %s', async (_, words, kind) => {
    const errors = jsonLines(await refused(words));
    expect(errors).toEqual([
      { error: expect.objectContaining({ kind, message: expect.any(String) as string }) as object },
    ]);
  });

  it('keeps the hint apart from the message', async () => {
    const [line] = jsonLines(await refused(['--json', 'put', '--delay', '5', 'hello']));
    expect(line?.['error']).toMatchObject({ hint: 'did you mean 5s?' });
  });
});
