// `dq put` reading its payloads from stdin: byte for byte, by lines, by NUL.

import { Buffer } from 'node:buffer';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, lines, open, shellDq } from '../support/cli.ts';
import { clusterOf, configOf } from '../support/cluster.ts';
import type { Place, Put } from '../support/place.ts';
import { places } from '../support/places.ts';
import { obliging, startFakeNode, type Script } from '../support/fake-node.ts';
import { temporaryFolder } from '../support/servers.ts';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';

const embedded = { DQ_NODES: 'embedded' };
const lengthOfDue = '1767225600000000000/'.length;

let cluster: Place;

/** The payloads of these receipts, byte for byte. */
async function payloadsOf(receipts: readonly string[]): Promise<Buffer[]> {
  const first = await Promise.all(receipts.map((receipt) => cluster.envelopes(receipt)));
  return first.map(([envelope]) => envelope?.subarray(lengthOfDue) ?? Buffer.from('(none)'));
}

async function put(words: readonly string[], stdin: string | Buffer) {
  const ran = await cluster.dq(['put', ...words], { stdin });
  const payloads = await payloadsOf(lines(ran.stdout));
  return { ...ran, payloads: payloads.map(String) };
}

describe.each(places)('on %s', (_, openPlace) => {
  beforeAll(async () => {
    cluster = await openPlace();
  });

  describe('-', () => {
    it('is every byte of stdin', async () => {
      const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const { code, stdout } = await cluster.dq(['put', '-'], { stdin: all });
      expect(code).toBe(0);
      const [payload] = await payloadsOf(lines(stdout));
      expect(payload?.equals(all)).toBe(true);
    });

    it.each(['', '\n', 'a\r\n', '\n\n'])('keeps %j as it is', async (stdin) => {
      expect((await put(['-'], stdin)).payloads).toEqual([stdin]);
    });
  });

  describe('--lines', () => {
    it.each([
      ['LF', 'a\nb\n', ['a', 'b']],
      ['CR LF', 'a\r\nb\r\n', ['a', 'b']],
      ['no last LF', 'a\nb', ['a', 'b']],
      ['a CR within', 'a\rb\n\rc\n', ['a\rb', '\rc']],
      ['blanks', '  a \n\t\n', ['  a ', '\t']],
      ['nothing', '', []],
    ])('makes a job of each: %s', async (_, stdin, expected) => {
      const { code, payloads } = await put(['--lines'], stdin);
      expect(code).toBe(0);
      expect(payloads).toEqual(expected);
    });

    it('skips empty lines and says how many', async () => {
      const { code, payloads, stderr } = await put(['--lines'], 'a\n\n\r\nb\n\n');
      expect(code).toBe(0);
      expect(payloads).toEqual(['a', 'b']);
      expect(stderr).toMatch(/\b3 empty lines/);
    });

    it('keeps bytes that are no text', async () => {
      const line = Buffer.from([0xff, 0x00, 0xfe, 0x0d, 0x01]);
      const stdin = Buffer.concat([line, Buffer.from('\n')]);
      const { stdout } = await cluster.dq(['put', '--lines'], { stdin });
      const [payload] = await payloadsOf(lines(stdout));
      expect(payload?.equals(line)).toBe(true);
    });

    it('prints a receipt for each, in their order', async () => {
      const words = Array.from({ length: 1_000 }, (_, at) => `record ${at}`);
      const { payloads } = await put(['--lines'], words.join('\n'));
      expect(payloads).toEqual(words);
    });

    it('prints a line of JSON for each', async () => {
      const { stdout } = await cluster.dq(['--json', 'put', '--lines'], { stdin: 'a\nb\n' });
      const puts = jsonLines(stdout) as unknown as Put[];
      expect((await payloadsOf(puts.map(({ receipt }) => receipt))).map(String)).toEqual([
        'a',
        'b',
      ]);
    });

    it('doesn’t wait for the end of stdin', async () => {
      const putting = cluster.startDq(['put', '--lines'], { stdin: open });
      putting.write('first\n');
      const receipt = await putting.line(/./, 'stdout');
      expect((await payloadsOf([receipt])).map(String)).toEqual(['first']);
      putting.closeStdin();
      expect((await putting.ended).code).toBe(0);
    });
  });

  describe('--null', () => {
    it.each([
      ['exact records', 'a\nb\0c\r\n\0', ['a\nb', 'c\r\n']],
      ['empty ones too', 'a\0\0b\0', ['a', '', 'b']],
      ['no last NUL', 'a\0b', ['a', 'b']],
      ['nothing', '', []],
    ])('makes a job of each: %s', async (_, stdin, expected) => {
      const { code, payloads } = await put(['--null'], stdin);
      expect(code).toBe(0);
      expect(payloads).toEqual(expected);
    });
  });
});

describe('a record that is refused', () => {
  it('ends it: those before are kept, none from there on, and stderr says where to resume', async () => {
    const small = await clusterOf(2, { words: ['-z', '1000'] });
    cluster = small;
    const tube = small.tube();
    const stdin = ['one', '', '\r', 'two', 'x'.repeat(2_000), 'four', 'five', ''].join('\n');
    const { code, stdout, stderr } = await cluster.dq(['-t', tube, 'put', '--lines'], { stdin });
    expect(code).toBe(2);
    expect((await payloadsOf(lines(stdout))).map(String)).toEqual(['one', 'two']);
    expect(stderr).toMatch(/^dq: line 5: /m);
    expect(stderr).toMatch(/nothing from line 5 on is kept: resume there; it is larger .* -z/);
    expect((await cluster.counts(tube)).map(({ ready }) => ready)).toEqual([2, 2]);
    const records = { stdin: stdin.replaceAll('\n', '\0') };
    const parts = await cluster.dq(['-t', tube, 'put', '--null'], records);
    expect(parts.stderr).toMatch(/^dq: record 5: /m);
  });

  it('takes back the later ones that a node has already taken', async () => {
    const { redis } = await clusterOf(0);
    const refusing = await startFakeNode(
      obliging(({ body }) => (body?.includes('bad') ? 'OUT_OF_MEMORY\r\n' : undefined)),
    );
    const file = join(temporaryFolder(), 'dq.yaml');
    writeFileSync(file, configOf([refusing.endpoint], redis.endpoint));
    const stdin = ['one', 'two', 'bad', 'four', 'five', ''].join('\n');
    const { code, stdout, stderr } = await cluster.dq(['-c', file, 'put', '--lines'], { stdin });
    expect(code).toBe(75);
    expect(lines(stdout)).toHaveLength(2);
    expect(stderr).toMatch(/\b(line|record) 3\b/);
    const inserted = refusing.heard.filter(({ body }) => body && !body.includes('bad'));
    const deleted = refusing.heard.filter(({ name }) => name === 'delete');
    expect(inserted.length - deleted.length).toBe(2);
  });

  it('in the middle of many: those before are kept on every node, none after', async () => {
    const own = await clusterOf(0);
    const isBad: Script = ({ body }) =>
      body?.includes('bad') === true ? 'OUT_OF_MEMORY\r\n' : undefined;
    const nodes = [await startFakeNode(obliging()), await startFakeNode(obliging(isBad))];
    const file = join(temporaryFolder(), 'dq.yaml');
    writeFileSync(
      file,
      configOf(
        nodes.map(({ endpoint }) => endpoint),
        own.redis.endpoint,
      ),
    );
    const records = Array.from({ length: 3_000 }, (_, at) => (at === 1_999 ? 'bad' : `${at}\n`));
    const stdin = records.join('\n');
    const { code, stdout, stderr } = await own.dq(['-c', file, 'put', '--lines'], { stdin });
    expect(code).toBe(75);
    expect(lines(stdout)).toHaveLength(1_999);
    expect(stderr).toMatch(/^dq: line 3999: .*out of memory/m);
    expect(stderr).toContain('1999 accepted, nothing from line 3999 on is kept');
    const kept = nodes.map(({ heard }, at) => {
      const inserted = heard.filter(({ body }) => body && (at === 0 || !body.includes('bad')));
      return inserted.length - heard.filter(({ name }) => name === 'delete').length;
    });
    expect(kept).toEqual([1_999, 1_999]);
  });
});

it.each(['put -', 'put --lines', 'cron check -'])(
  'a directory is no stdin for dq %s',
  async (words) => {
    const { code, stdout, stderr } = await shellDq(`dq ${words} < /`, { env: embedded });
    expect({ code, stdout, stderr }).toEqual({
      ...{ code: 2, stdout: '', stderr: 'dq: stdin is a directory\n' },
    });
  },
);
