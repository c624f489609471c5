// The rules of the configuration: what it comes to, and that all that is wrong is told at once.

import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig, type Config } from '../../../src/config/schema.ts';

const path = '/etc/dq/config.yaml';
const three = ['a:1', 'b:1', 'c:1'];
const redis = 'redis://127.0.0.1';

function parse(value: unknown, env: NodeJS.ProcessEnv = {}, tubes: readonly string[] = []) {
  const readText = (file: string): string => {
    if (file === 'missing.pem') throw new Error('no such file: missing.pem');
    return `content of ${file}`;
  };
  const file = value === undefined ? undefined : { path, value };
  return parseConfig({ file, env, tubes, readText });
}

function configOf(...words: Parameters<typeof parse>): Config {
  const parsed = parse(...words);
  if (parsed.issues !== undefined) throw new Error(JSON.stringify(parsed.issues));
  return parsed.config;
}

function issuesOf(...words: Parameters<typeof parse>): string[] {
  return (parse(...words).issues ?? []).map(
    ({ path, message, hint }) =>
      `${path ?? '-'}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
}

function matching(pattern: RegExp | string): unknown {
  return typeof pattern === 'string' ? pattern : expect.stringMatching(pattern);
}

describe('a configuration', () => {
  it('has the documented defaults', () => {
    expect(configOf({ nodes: three, redis })).toEqual({
      file: path,
      found: true,
      nodes: [
        { endpoint: 'a:1', host: 'a', port: 1 },
        { endpoint: 'b:1', host: 'b', port: 1 },
        { endpoint: 'c:1', host: 'c', port: 1 },
      ],
      redis,
      goQueue: false,
      tube: 'default',
      tubes: ['default'],
      tubeGiven: false,
      replicas: 3,
      replicasWanted: 3,
      minReplicas: 2,
      ledger: { ttl: 3 * 86_400_000 },
      work: { concurrency: 1, attempts: 5, timeout: undefined, grace: 25_000 },
      cron: undefined,
    });
  });

  it('takes every option', () => {
    const config = configOf({
      nodes: [
        { endpoint: 'A.example.net', tube: 'mine', tls: true },
        { endpoint: 'b:1', tls: { ca: 'ca.pem', cert: 'c.pem', key: 'k.pem', servername: 'q' } },
        { endpoint: 'c:1', tls: { rejectUnauthorized: false } },
        { endpoint: 'd:1', tls: false },
      ],
      redis: { sentinels: [{ host: 's', port: 26379 }], name: 'm' },
      goQueue: true,
      tube: 'jobs',
      replicas: 4,
      minReplicas: 3,
      ledger: { ttl: '1h' },
      work: { concurrency: 4, attempts: 1, timeout: '1h30m', grace: '0s' },
      cron: { anything: [1] },
    });
    expect(config).toMatchObject({
      nodes: [
        { endpoint: 'a.example.net:11300', host: 'a.example.net', tube: 'mine', tls: {} },
        {
          tls: {
            ca: 'content of ca.pem',
            cert: 'content of c.pem',
            key: 'content of k.pem',
            servername: 'q',
          },
        },
        { tls: { rejectUnauthorized: false } },
        { endpoint: 'd:1' },
      ],
      redis: { sentinels: [{ host: 's', port: 26379 }], name: 'm' },
      goQueue: true,
      tube: 'jobs',
      tubeGiven: false,
      replicas: 4,
      minReplicas: 3,
      ledger: { ttl: 3_600_000 },
      work: { concurrency: 4, attempts: 1, timeout: 5_400_000, grace: 0 },
      cron: { anything: [1] },
    });
    expect(config.nodes[3]).not.toHaveProperty('tls');
  });

  it('may name the files of the TLS of Redis, or hold what they hold, as ioredis takes it', () => {
    const pem = '-----BEGIN CERTIFICATE-----';
    const tls = { ca: 'ca.pem', cert: pem, key: Buffer.from('k'), servername: 'r' };
    const config = configOf({ nodes: ['a:1'], redis: { host: 'r', tls } });
    expect(config.redis).toEqual({ host: 'r', tls: { ...tls, ca: 'content of ca.pem' } });
    expect(configOf({ nodes: ['a:1'], redis: { port: 1, tls: {} } }).redis).toEqual({
      port: 1,
      tls: {},
    });
  });

  it('may have mappings whose options are all commented out', () => {
    const bare = { nodes: [{ endpoint: 'a:1', tls: null }], work: null, ledger: null, cron: null };
    const config = configOf(bare);
    expect(config).toMatchObject({ nodes: [{ tls: {} }], work: { attempts: 5 } });
    expect(config.cron).toBeUndefined();
  });
});

describe('what is wrong', () => {
  it('is told all at once, with its path, in the order of the file', () => {
    const value = {
      nodes: ['a:1', 'b:99999', { endpoint: 'c:1', tupe: 'x' }],
      redis,
      replicas: 'many',
      work: { timeout: 5, concurency: 2 },
    };
    expect(issuesOf(value)).toEqual([
      expect.stringMatching(/^nodes\[1\]: not an endpoint: "b:99999"/),
      'nodes[2].tupe: unknown option (did you mean tube?)',
      'replicas: must be a whole number of at least 1, not "many"',
      expect.stringMatching(/^work\.timeout: .*"5".*\(did you mean 5s\?\)$/),
      'work.concurency: unknown option (did you mean concurrency?)',
    ]);
    for (const issue of parse(value).issues ?? []) expect(issue.file).toBe(path);
  });

  it.each([
    ['node', 'did you mean nodes?'],
    ['min_replicas', 'did you mean minReplicas?'],
    ['concurrency', 'did you mean work.concurrency?'],
    ['tttl', 'did you mean ledger.ttl?'],
    ['priority', /^known are nodes, redis, /],
    ['__proto__', /^known are nodes, /],
  ])('of the unknown option %s: the nearest known one', (key, hint) => {
    const value: unknown = JSON.parse(`{"nodes": ["a:1"], "${key}": 1}`);
    expect(parse(value).issues).toEqual([
      { file: path, path: key, message: 'unknown option', hint: matching(hint) },
    ]);
  });

  it('is a file that is empty, no mapping, or without nodes: never a fall-back', () => {
    expect(parse(null).issues).toEqual([
      { file: path, message: 'the file is empty', hint: matching(/dq init/) },
    ]);
    expect(parse(['a:1']).issues).toEqual([
      { file: path, message: 'must be a mapping, not a list' },
    ]);
    expect(issuesOf('nodes')).toEqual(['-: must be a mapping, not "nodes"']);
    expect(issuesOf({})).toEqual(['nodes: is missing (a list of endpoints, or nodes: embedded)']);
    expect(issuesOf({ tube: '-' })).toEqual([
      expect.stringMatching(/^tube: not a tube name/),
      expect.stringMatching(/^nodes: is missing/),
    ]);
  });

  it('is an option without a value: its default may not be what was meant', () => {
    const bare = { nodes: null, redis: null, tube: null, replicas: null, work: { timeout: null } };
    expect(issuesOf(bare)).toEqual([
      'nodes: must be a list of endpoints, or embedded, not nothing',
      expect.stringMatching(/^redis: must be redis:/),
      'tube: not a tube name: nothing (leave the option out, or put null in quotes)',
      'replicas: must be a whole number of at least 1, not nothing',
      'work.timeout: must be a duration such as 30s, not nothing',
    ]);
    expect(issuesOf({ nodes: [{ endpoint: 'a:1', tube: null }] })).toEqual([
      expect.stringMatching(/^nodes\[0\]\.tube: not a tube name: nothing/),
    ]);
  });

  it.each([
    [{ nodes: [] }, 'nodes: names no node'],
    [{ nodes: 5, minReplicas: 2 }, 'nodes: must be a list of endpoints, or embedded, not 5'],
    [{ nodes: [{}] }, 'nodes[0]: has no endpoint'],
    [{ nodes: ['a', 'A:11300'], redis }, /^nodes\[1\]: a:11300 is named twice/],
    [{ nodes: ['embedded'] }, /^nodes\[0\]: not an endpoint: "embedded" .*nodes: embedded/],
    [{ nodes: [{ endpoint: 'a', tube: 7 }] }, /^nodes\[0\]\.tube: .*quotes/],
    [{ nodes: [{ endpoint: 'a', tls: 'yes' }] }, 'nodes[0].tls: must be a mapping, not "yes"'],
    [
      { nodes: [{ endpoint: 'a', tls: { ca: '-----BEGIN CERTIFICATE-----\nMIIB' } }] },
      'nodes[0].tls.ca: must be the name of a file, not what is in it',
    ],
    [{ nodes: [{ endpoint: 'a', tls: { cert: 'c' } }] }, /^nodes\[0\]\.tls: needs both/],
    [
      { nodes: [{ endpoint: 'a', tls: { ca: 'missing.pem' } }] },
      'nodes[0].tls.ca: no such file: missing.pem',
    ],
    [{ nodes: ['a'], redis: 6379 }, /^redis: must be redis:\/\//],
    [{ nodes: ['a'], redis: { hosts: 'r' } }, /^redis: names no host /],
    [{ nodes: ['a', 'b'] }, /^redis: is missing: .* 2 nodes/],
    [{ nodes: ['a'], goQueue: true }, /^goQueue: needs redis/],
    [{ nodes: ['a'], goQueue: 'yes' }, 'goQueue: must be true or false, not "yes"'],
    [{ nodes: ['a'], tube: 'a b' }, /^tube: not a tube name: "a b"/],
    [{ nodes: ['a'], replicas: 0 }, /^replicas: must be a whole number/],
    [{ nodes: three, redis, minReplicas: 1.5 }, /^minReplicas: must be a whole number/],
    [{ nodes: three, redis, minReplicas: 4 }, 'minReplicas: 4 is more than replicas, 3'],
    [{ nodes: three, redis, replicas: 1, minReplicas: 2 }, /2 is more than replicas, 1$/],
    [
      { nodes: ['a', 'b'], redis, minReplicas: 3 },
      'minReplicas: 3 is more than the number of nodes, 2',
    ],
    [{ nodes: 'embedded', minReplicas: 2 }, /the number of nodes, 1$/],
    [{ nodes: ['a'], ledger: { ttl: '59m' } }, 'ledger.ttl: must be at least 1h, not 59m'],
    [{ nodes: ['a'], ledger: '3d' }, 'ledger: must be a mapping, not "3d"'],
    [{ nodes: ['a'], work: { timeout: '0s' } }, 'work.timeout: must be at least 1ms, not 0s'],
    [{ nodes: ['a'], work: { grace: ['5s'] } }, /^work\.grace: must be a duration .* not a list/],
    [{ nodes: ['a'], work: { grace: 'soon' } }, /^work\.grace: not a duration: "soon"/],
  ])('%j', (value, expected) => {
    expect(issuesOf(value)).toEqual([matching(expected)]);
  });

  it('is not told twice of a bad node', () => {
    expect(issuesOf({ nodes: ['a:0', 'b:0', {}, {}], redis })).toEqual([
      matching(/^nodes\[0\]: not an endpoint/),
      matching(/^nodes\[1\]: not an endpoint/),
      'nodes[2]: has no endpoint',
      'nodes[3]: has no endpoint',
    ]);
  });

  it('of a password whose characters end it: how they are written', () => {
    const of = (redis: string): unknown => parse({ nodes: ['a:1'], redis }).issues?.[0]?.hint;
    for (const character of '/?#%') {
      expect(of(`redis://user:hun${character}ter@h`)).toMatch(/\/ is written %2F/);
    }
    expect(of('redis://h/zero')).toBeUndefined();
  });

  it('never shows a password', () => {
    const secret = 'redis://user:hunter2@h:1/x?password=hunter2';
    const everywhere = { nodes: [secret], redis: secret, tube: secret, work: { grace: 1 } };
    const issues = issuesOf({ ...everywhere, ledger: secret, replicas: secret, goQueue: secret });
    expect(issues).toHaveLength(7);
    expect(issues.join()).not.toContain('hunter2');
  });
});

describe('replicas', () => {
  it.each([
    [{ nodes: three, redis }, 3, 2],
    [{ nodes: [...three, 'd:1'], redis }, 3, 2],
    [{ nodes: ['a', 'b'], redis }, 2, 2],
    [{ nodes: ['a'] }, 1, 1],
    [{ nodes: ['a'], replicas: 3 }, 1, 1],
    [{ nodes: 'embedded' }, 1, 1],
    [{ nodes: three, redis, replicas: 1 }, 1, 1],
    [{ nodes: three, redis, minReplicas: 3 }, 3, 3],
  ])('of %j: %i, at least %i', (value, replicas, minReplicas) => {
    expect(configOf(value)).toMatchObject({ replicas, minReplicas });
  });
});

describe('variables', () => {
  const file = {
    nodes: [...three, { endpoint: 'd:1', tls: true, tube: 'mine' }],
    redis,
    tube: 'filed',
    minReplicas: 3,
  };

  it('override the file, and options override them', () => {
    const env = { DQ_NODES: 'x, y:2', DQ_REDIS: 'redis://other', DQ_TUBE: 'theirs' };
    const endpoints = [{ endpoint: 'x:11300' }, { endpoint: 'y:2' }];
    const expected = { nodes: endpoints, redis: 'redis://other', tube: 'theirs', tubeGiven: true };
    expect(configOf(file, env)).toMatchObject(expected);
    expect(configOf(file, env, ['a', 'b', 'a'])).toMatchObject({
      tube: 'a',
      tubes: ['a', 'b'],
      tubeGiven: true,
    });
    expect(configOf(file)).toMatchObject({ tube: 'filed', tubes: ['filed'], tubeGiven: false });
  });

  it('may choose fewer nodes than the file has replicas', () => {
    expect(configOf(file, { DQ_NODES: 'a:1' })).toMatchObject({ replicas: 1, minReplicas: 1 });
    expect(configOf({ tube: 'x' }, { DQ_NODES: 'a:1' })).toMatchObject({ found: true, tube: 'x' });
  });

  it("leave a node of the file its own options: TLS isn't lost", () => {
    expect(configOf(file, { DQ_NODES: 'D:1' }).nodes).toEqual([
      { endpoint: 'd:1', host: 'd', port: 1, tls: {}, tube: 'mine' },
    ]);
  });

  it('can stand alone', () => {
    const config = configOf(undefined, { DQ_NODES: '127.0.0.1', CI: 'true' });
    expect(config).toMatchObject({ file: undefined, found: true, minReplicas: 1 });
  });

  it('that are wrong are named, the file is not', () => {
    const env = { DQ_NODES: 'a,:1,A', DQ_REDIS: 'localhost:6379', DQ_TUBE: '-t' };
    expect(parse(undefined, env, ['b c']).issues).toMatchObject([
      { path: 'DQ_NODES', message: 'not an endpoint: ":1"' },
      { path: 'DQ_NODES', message: 'a:11300 is named twice' },
      { path: 'DQ_REDIS' },
      { path: 'DQ_TUBE' },
      { path: '--tube', message: 'not a tube name: "b c"' },
    ]);
    for (const issue of parse(undefined, env).issues ?? [])
      expect(issue).not.toHaveProperty('file');
  });

  it.each(['DQ_NODES', 'DQ_REDIS', 'DQ_TUBE'])('%s set but empty is an error', (name) => {
    expect(parse(file, { [name]: '' }).issues).toMatchObject([{ path: name }]);
  });

  it('need a ledger for several nodes', () => {
    expect(issuesOf(undefined, { DQ_NODES: 'a,b' })).toEqual([expect.stringContaining('DQ_REDIS')]);
  });
});

describe('without file and DQ_NODES', () => {
  it('it is the embedded queue, which needs no Redis', () => {
    const config = configOf(undefined, { DQ_REDIS: redis, CI: 'false' });
    expect(config).toMatchObject({ nodes: 'embedded', found: false, replicas: 1, minReplicas: 1 });
    expect(config.redis).toBeUndefined();
    expect(configOf({ nodes: 'embedded', redis }).redis).toBeUndefined();
  });

  it('it is an error where CI is set, unless the embedded queue is asked for', () => {
    expect(issuesOf(undefined, { CI: 'true' })).toEqual([
      expect.stringMatching(/^nodes: .*CI is set.*DQ_NODES.*embedded/),
    ]);
    const config = configOf(undefined, { CI: 'true', DQ_NODES: 'embedded' });
    expect(config).toMatchObject({ nodes: 'embedded', found: true });
  });
});

describe('whatever is in the file', () => {
  const word = fc.constantFrom('a', 'b:1', '[::1]', 'embedded', redis, '5s', '3d', '', '%', '-');
  const leaf = fc.oneof(word, fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.date());
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, leaf, fc.constant(null), tie('list'), tie('mapping')),
    list: fc.array(tie('value'), { maxLength: 4 }),
    mapping: fc.dictionary(
      fc.oneof(fc.constantFrom('endpoint', 'tube', 'tls', 'ca', 'cert', 'ttl'), fc.string()),
      tie('value'),
      { maxKeys: 4 },
    ),
  }));
  const mostly = (good: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 15, arbitrary: good }, { weight: 1, arbitrary: value });
  const host = fc.oneof(fc.domain(), fc.ipV4(), fc.constantFrom('a', 'A:11300', '[::1]', 'b:2'));
  const node = fc.oneof(host, fc.record({ endpoint: host, tube: mostly(fc.constant('t')) }));
  const small = fc.integer({ min: 1, max: 3 });
  const time = fc.constantFrom('1h', '1d');
  const options = fc.record(
    {
      nodes: mostly(fc.array(mostly(node), { minLength: 1, maxLength: 5 })),
      redis: mostly(fc.constant(redis)),
      goQueue: mostly(fc.boolean()),
      tube: mostly(fc.constant('t')),
      replicas: mostly(small),
      minReplicas: mostly(small),
      ledger: mostly(fc.record({ ttl: mostly(time) })),
      work: mostly(fc.record({ concurrency: mostly(small), timeout: mostly(time) })),
      cron: value,
    },
    { requiredKeys: ['nodes', 'redis'] },
  );
  const env = fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    fc.record({ DQ_NODES: fc.oneof(host, fc.string()) }),
    fc.record({ DQ_NODES: fc.string(), DQ_REDIS: fc.string(), DQ_TUBE: fc.string() }),
  );

  it('it is a configuration that holds its promises, or issues', () => {
    const seen = { configurations: 0, issues: 0 };
    const anything = fc.oneof({ weight: 9, arbitrary: options }, value);
    fc.assert(
      fc.property(anything, env, (file, variables) => {
        const parsed = parse(file, variables);
        if (parsed.issues !== undefined) {
          seen.issues++;
          return;
        }
        seen.configurations++;
        const { nodes, replicas, minReplicas, ledger, work, tube } = parsed.config;
        const endpoints = nodes === 'embedded' ? ['embedded'] : nodes.map((n) => n.endpoint);
        expect(new Set(endpoints).size).toBe(endpoints.length);
        expect(endpoints).not.toContain('');
        expect(minReplicas).toBeGreaterThanOrEqual(1);
        expect(replicas).toBeGreaterThanOrEqual(minReplicas);
        expect(endpoints.length).toBeGreaterThanOrEqual(replicas);
        expect(ledger.ttl).toBeGreaterThanOrEqual(3_600_000);
        expect(work.concurrency).toBeGreaterThanOrEqual(1);
        expect(tube).not.toBe('');
      }),
      { numRuns: 2_000 },
    );
    expect(seen.configurations).toBeGreaterThan(200);
    expect(seen.issues).toBeGreaterThan(200);
  });
});
