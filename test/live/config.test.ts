// The configuration from files on disk: which one is read, and what is said about a bad one.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/issue.ts';
import { loadConfig } from '../../src/config/load.ts';
import { temporaryFolder } from '../support/servers.ts';

let home: string;
let cwd: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  home = temporaryFolder();
  cwd = join(home, 'project', 'deep');
  mkdirSync(cwd, { recursive: true });
  env = { HOME: home };
});

function write(name: string, text: string): string {
  const path = join(home, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** A file that is told from others by its tube. */
function writeTube(name: string, tube: string): string {
  return write(name, `nodes: [127.0.0.1]\ntube: ${tube}\n`);
}

async function failure(options: Partial<Parameters<typeof loadConfig>[0]> = {}) {
  const error: unknown = await loadConfig({ env, cwd, ...options }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConfigError)) throw new Error('a ConfigError was expected');
  return error;
}

describe('the file that is read', () => {
  it('is the named one, then the nearest, then those of the user', async () => {
    const option = writeTube('option.yaml', 'option');
    const variable = writeTube('variable.yaml', 'variable');
    const places = [
      '.config/dq/config.yaml',
      'dqrc.yaml',
      '.dqrc.yaml',
      'project/dqrc.yaml',
      'project/deep/dqrc.yaml',
      'project/deep/.dqrc.yaml',
    ];
    for (const place of places) {
      const file = writeTube(place, place);
      expect(await loadConfig({ env, cwd })).toMatchObject({ file, tube: place });
    }
    env['DQ_CONFIG'] = variable;
    expect(await loadConfig({ env, cwd })).toMatchObject({ file: variable, tube: 'variable' });
    const named = await loadConfig({ env, cwd, file: '../../option.yaml' });
    expect(named).toMatchObject({ file: option, tube: 'option' });
  });

  it('must be there when it was named', async () => {
    writeTube('.dqrc.yaml', 'fallback');
    const option = await failure({ file: 'gone.yaml' });
    expect(option.message).toBe(`--config: no such file: ${join(cwd, 'gone.yaml')}`);
    env['DQ_CONFIG'] = '/gone.yaml';
    expect((await failure()).message).toBe('DQ_CONFIG: no such file: /gone.yaml');
    env['DQ_CONFIG'] = '';
    expect((await failure()).message).toBe('DQ_CONFIG: names no file');
  });

  it('may hold no nodes only when DQ_NODES has them', async () => {
    const file = write('.dqrc.yaml', 'tube: mine');
    expect(await failure()).toMatchObject({
      kind: 'config',
      message: `${file}: nodes: is missing`,
      path: 'nodes',
      hint: 'a list of endpoints, or nodes: embedded',
    });
    env['DQ_NODES'] = '127.0.0.1';
    expect(await loadConfig({ env, cwd })).toMatchObject({ file, tube: 'mine' });
  });

  it('is no fall-back for one that cannot be read', async () => {
    writeTube('.dqrc.yaml', 'fallback');
    const folder = join(cwd, '.dqrc.yaml');
    mkdirSync(folder);
    expect((await failure()).message).toBe(`a directory, not a file: ${folder}`);
  });

  it('names the files of a TLS node relative to itself', async () => {
    write('.config/dq/ca.pem', 'a certificate');
    const tls = 'nodes: [{ endpoint: queue, tls: { ca: ca.pem } }]';
    write('.config/dq/config.yaml', tls);
    const { nodes } = await loadConfig({ env, cwd });
    expect(nodes).toMatchObject([{ tls: { ca: 'a certificate' } }]);
    const file = write('.dqrc.yaml', tls);
    expect((await failure()).message).toMatch(`${file}: nodes[0].tls.ca: ENOENT`);
  });
});

describe('a bad file', () => {
  it.each([
    ['nodes:\n  - a\n tube: b\n', ':3:2: not YAML: bad indentation'],
    ['tube: a\ntube: b\n', ':2:1: not YAML: duplicated mapping key'],
    ['nodes: !!js/function x\n', ': not YAML: unknown tag'],
    ['nodes: [a]\n---\nnodes: [b]\n', ': not YAML: expected a single document'],
    ['', ': the file is empty'],
    ['# nodes: [a]\n', ': the file is empty'],
    ['- 127.0.0.1\n', ': must be a mapping, not a list'],
  ])('%j is told in one line', async (text, expected) => {
    const file = write('.dqrc.yaml', text);
    const { message } = await failure();
    expect(message).toContain(file);
    expect(message).toContain(expected);
    expect(message).not.toContain('\n');
  });

  it('has a line for each of its issues, and keeps them', async () => {
    const file = write('.dqrc.yaml', 'nodes: [a]\nredis: "redis://:hunter2@h:x"\ntubes: b\n');
    const error = await failure({ tubes: ['c d'] });
    expect(error.message.split('\n')).toEqual([
      expect.stringMatching(`^${file}: redis: must be redis://`),
      `${file}: tubes: unknown option (did you mean tube?)`,
      expect.stringMatching('^--tube: not a tube name: "c d" \\('),
    ]);
    expect(error.issues.map((issue) => issue.path)).toEqual(['redis', 'tubes', '--tube']);
    expect(error.path).toBeUndefined();
    expect(JSON.stringify(error.issues)).not.toContain('hunter2');
  });
});

it('runs no code, neither beside the file nor in the working folder', async () => {
  const trace = join(home, 'ran');
  const code = `require('node:fs').writeFileSync(${JSON.stringify(trace)}, '')`;
  for (const name of ['config.js', 'config.cjs']) write(`project/deep/.config/${name}`, code);
  for (const name of ['.dqrc.js', 'dq.config.js']) write(`project/deep/${name}`, code);
  write('project/deep/package.json', '{ not even JSON');
  writeTube('project/deep/.dqrc.yaml', 'data');
  const before = process.cwd();
  process.chdir(cwd);
  try {
    expect(await loadConfig({ env, cwd: '.' })).toMatchObject({ tube: 'data' });
  } finally {
    process.chdir(before);
  }
  expect(existsSync(trace)).toBe(false);
});

it('takes the example, which shows the defaults', async () => {
  const file = fileURLToPath(new URL('../../dqrc.example.yaml', import.meta.url));
  const example = await loadConfig({ env, cwd, file });
  const bare = write('bare.yaml', 'nodes: [a, b, c]\nredis: redis://127.0.0.1:6379');
  expect({ ...example, file: bare, nodes: [] }).toEqual({
    ...(await loadConfig({ env, cwd, file: bare })),
    nodes: [],
  });
  expect(example.nodes).toHaveLength(3);
});
