// What a stranger put is data: no shell reads it, no line of a log ends in it, no terminal obeys it.

import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { binary, dq, jsonLines, lines } from '../support/cli.ts';
import { clusterOf, type Cluster } from '../support/cluster.ts';
import { temporaryFolder } from '../support/servers.ts';

/** What must not be found afterwards. */
const proof = 'pwned';
const touch = `touch ${proof}`;

const payloads = [
  `$(${touch})`,
  `\`${touch}\``,
  `; ${touch}; #`,
  `'; ${touch}; '`,
  `"; ${touch}; "`,
  `\n${touch}\n`,
  `\r\n${touch}\r\n`,
  `| ${touch}`,
  `&& ${touch}`,
  `() { :; }; ${touch}`,
  '--help',
  '-n',
  '\\',
  '%s%n%x',
  '*',
  '~',
  '\u0000',
  `a\u0000$(${touch})`,
  '\u001b[2J\u001b]0;title\u0007\u009b31m',
  '\u202egnp.exe',
  '{"level":"error"}\n{"event":"done"}',
  '2026-01-01T00:00:00.000Z done key=x\n2026-01-01T00:00:00.000Z done key=y',
  'RESERVED 1 5\r\nhello\r\nDELETED\r\nput 0 0 0 4\r\nevil\r\n',
  '1767225600000000000/nested',
  '\ud83d\ude42 $IFS ${HOME}',
].map((text) => Buffer.from(text));
const all = [...payloads, Buffer.from([0xff, 0xfe, 0x00, 0x9b, 0x0a]), Buffer.alloc(0)];

/** Everything that would move a cursor, end a line or turn a text around. */
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

async function putAll(cluster: Cluster): Promise<void> {
  const holdsNul = (payload: Buffer): boolean => payload.includes(0);
  const records = all.filter((payload) => payload.length > 0 && !holdsNul(payload));
  const bulk = Buffer.concat(records.flatMap((record) => [record, Buffer.alloc(1)]));
  const singles = all.filter((payload) => payload.length === 0 || holdsNul(payload));
  const puts = await Promise.all([
    cluster.dq(['put', '--null'], { stdin: bulk }),
    ...singles.map((payload) => cluster.dq(['put', '-'], { stdin: payload })),
  ]);
  expect(puts.map(({ code }) => code)).toEqual(puts.map(() => 0));
  expect(puts.flatMap(({ stdout }) => lines(stdout))).toHaveLength(all.length);
}

describe.concurrent('payloads', () => {
  it.each([
    ['one word for the shell', ['cat > out/$DQ_KEY; printf %s "$DQ_PAYLOAD" > out/$DQ_KEY.env']],
    [
      'words',
      ['sh', '-c', 'cat > "out/$0$DQ_KEY"; printf %s "$DQ_PAYLOAD" > "out/$DQ_KEY.env"', ''],
    ],
    ['a file', ['./handler.sh']],
  ])('reach a handler of %s as they are, and are never executed', async (_, handler) => {
    const cluster = await clusterOf(2);
    execFileSync('mkdir', [join(cluster.folder, 'out')]);
    const script = 'cat > out/$DQ_KEY; printf %s "$DQ_PAYLOAD" > out/$DQ_KEY.env';
    cluster.write('handler.sh', `#!/bin/sh\n${script}\n`, 0o755);
    await putAll(cluster);
    const { code, stderr } = await cluster.dq([
      'work',
      '-v',
      '-j',
      '4',
      '--drain',
      '--',
      ...handler,
    ]);
    expect(code).toBe(0);

    const folder = join(cluster.folder, 'out');
    const files = readdirSync(folder).filter((name) => !name.endsWith('.env'));
    const got = files.map((name) => readFileSync(join(folder, name)).toString('hex'));
    expect(got.sort()).toEqual(all.map((payload) => payload.toString('hex')).sort());
    for (const name of files) {
      const payload = readFileSync(join(folder, name));
      const isText = !payload.includes(0) && !payload.includes(0xff);
      expect(readFileSync(join(folder, `${name}.env`))).toEqual(isText ? payload : Buffer.alloc(0));
    }
    expect(existsSync(join(cluster.folder, proof))).toBe(false);
    expect(stderr).not.toMatch(control);
    expect(lines(stderr).filter((line) => / done /.test(line))).toHaveLength(all.length);
  });

  it('that a handler prints are one event a line', async () => {
    const cluster = await clusterOf(2);
    await putAll(cluster);
    const handler = 'cat; cat "$0" >&2';
    const words = ['work', '--json', '-v', '--drain', '--', 'sh', '-c', handler, '/dev/null'];
    const { code, stdout, stderr } = await cluster.dq(words);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).not.toMatch(control);
    const events = jsonLines(stderr);
    expect(events.filter(({ event }) => event === 'done')).toHaveLength(all.length);
    const printed = events
      .filter(({ event }) => event === 'output')
      .map(({ text }) => String(text));
    expect(printed).toContain('{"event":"done"}');
    expect(printed).toContain('\u001b[2J\u001b]0;title\u0007\u009b31m');
  });
});

describe.concurrent('tubes', () => {
  it('that look like commands are names', async () => {
    const cluster = await clusterOf(2);
    const path = join(cluster.folder, 'bin');
    execFileSync('mkdir', [path]);
    writeFileSync(join(path, proof), `#!/bin/sh\n${touch}\n`, { mode: 0o755 });
    const env = { PATH: `${path}:${process.env['PATH'] ?? ''}` };
    for (const tube of [`$(${proof})`, `;${proof};`, `a/$(${proof})/1`, '$$', '()', '/']) {
      const receipt = (await cluster.dq(['put', '-t', tube, 'hello'], { env })).stdout.trim();
      expect(receipt).toContain(`/${tube}/`);
      const told = 'echo "$DQ_ID" >> told';
      const words = ['work', '-t', tube, '-v', '--drain', '--', told];
      const { code, stderr } = await cluster.dq(words, { env });
      expect(code).toBe(0);
      expect(stderr).toContain(`tube=${tube} `);
      expect(receipt.split(',')).toContain(cluster.read('told').at(-1));
      expect((await cluster.dq(['delete', receipt], { env })).code).toBe(1);
    }
    expect(existsSync(join(cluster.folder, proof))).toBe(false);
  });
});

const wild = '\u001b[31mred\u009b2J\r\nsecond\u202e';

describe.concurrent('what is wrong is shown escaped', () => {
  it.each<[string, readonly string[], Record<string, string>?]>([
    ['a tube', ['put', '-t', wild, 'x']],
    ['a delay', ['put', '--delay', wild, 'x']],
    ['a priority', ['put', '--priority', wild, 'x']],
    ['a second payload', ['put', 'x', wild]],
    ['an instant', ['at', wild, 'x']],
    ['a zone', ['at', 'tomorrow', '--tz', wild, 'x']],
    ['a receipt', ['delete', wild]],
    ['a file', ['-c', wild, 'put', 'x']],
    ['an option', ['put', `--${wild}`]],
    ['a command', [wild]],
    ['a word before --', ['work', wild, '--', 'true']],
    ['a handler', ['work', '--', `./${wild}`, 'x']],
    ['a drain', ['work', `--drain=${wild}`, '--', 'true']],
    ['DQ_NODES', ['put', 'x'], { DQ_NODES: wild }],
    ['DQ_TUBE', ['put', 'x'], { DQ_TUBE: wild }],
    ['DQ_REDIS', ['put', 'x'], { DQ_REDIS: wild }],
    ['DQ_CONFIG', ['put', 'x'], { DQ_CONFIG: wild }],
  ])('%s', async (_, words, env = {}) => {
    const plain = await dq(words, { env: { DQ_NODES: '127.0.0.1:1', ...env } });
    expect(plain.code).toBe(2);
    expect(plain.stdout).toBe('');
    expect(plain.stderr).not.toMatch(control);
    expect(plain.stderr).not.toMatch(/^second/m);

    const json = await dq(['--json', ...words], { env: { DQ_NODES: '127.0.0.1:1', ...env } });
    expect(json.stderr).not.toMatch(control);
    expect(jsonLines(json.stderr)).toEqual([{ error: expect.anything() as unknown }]);
  });

  it('a configuration', async () => {
    const cwd = temporaryFolder();
    const text = JSON.stringify(wild);
    writeFileSync(
      join(cwd, '.dqrc.yaml'),
      [
        `nodes: [${text}]`,
        `${text}: 1`,
        `redis: ${text}`,
        `tube: ${text}`,
        `work: { timeout: ${text} }`,
      ].join('\n'),
    );
    const { code, stderr } = await dq(['put', 'x'], { cwd });
    expect(code).toBe(2);
    expect(stderr).not.toMatch(control);
    expect(stderr).not.toMatch(/^second/m);
  });

  it('on a terminal too, colours aside', () => {
    const cwd = temporaryFolder();
    const words = [process.execPath, binary, 'put', '-t', wild, 'x'].map((word) => `'${word}'`);
    const said = execFileSync('script', ['-qc', words.join(' '), '/dev/null'], {
      ...{ cwd, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' },
      env: { PATH: process.env['PATH'], HOME: cwd, TERM: 'xterm', DQ_NODES: '127.0.0.1:1' },
    });
    const withoutColours = said.replaceAll(/\u001b\[\d+m/g, '').replaceAll('\r\n', '\n');
    expect(withoutColours).toContain('\\u001b[31mred\\u009b2J\\r\\nsecond');
    expect(withoutColours).not.toMatch(control);
  });
});
