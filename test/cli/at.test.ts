// `dq at`: the instants it takes, and the envelopes that a Go consumer would compute as well.

import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { lines, shellDq } from '../support/cli.ts';
import { clusterOf } from '../support/cluster.ts';
import type { Place } from '../support/place.ts';
import { places } from '../support/places.ts';

interface Vectors {
  readonly vectors: readonly {
    readonly at: string;
    readonly payload: string;
    readonly dueNs: string;
    readonly envelopeHex: string;
    readonly key: string;
  }[];
}

const { vectors } = JSON.parse(
  readFileSync(new URL('../vectors/go-queue.json', import.meta.url), 'utf8'),
) as Vectors;

let cluster: Place;

/** The due instant of the job that `dq at TIME` makes, and the instants before and after the call. */
async function dueOf(time: string, words: readonly string[] = []) {
  const before = Date.now();
  const { due } = await cluster.putAs('at', ...words, time, 'hello');
  return { before, due: Date.parse(due), after: Date.now() };
}

describe.each(places)('on %s', (_, openPlace) => {
  beforeAll(async () => {
    cluster = await openPlace();
  });

  describe('as go-queue', () => {
    it.each(vectors)('at $at $payload', async ({ at, payload, envelopeHex, key }) => {
      const put = await cluster.putAs('at', at, payload);
      expect(put.key).toBe(key);
      const envelopes = await cluster.envelopes(put.receipt);
      expect(envelopes.map((envelope) => envelope?.toString('hex'))).toEqual(
        cluster.each(envelopeHex),
      );
    });
  });

  describe('an instant', () => {
    it.each([
      ['with an offset', '2100-01-01T02:30:00+02:30', '2100-01-01T00:00:00.000Z'],
      ['without one: local time', '2100-01-01T12:00', '2100-01-01T12:00:00.000Z'],
      ['of seconds since the epoch', '@4102444800', '2100-01-01T00:00:00.000Z'],
    ])('%s', async (_, time, due) => {
      expect((await cluster.putAs('at', time, 'hello')).due).toBe(due);
    });

    it('in the zone of TZ, or of --tz', async () => {
      const time = '2100-07-01T12:00';
      const words = ['--json', 'at', time, 'hello'];
      const local = await cluster.dq(words, { env: { TZ: 'America/New_York' } });
      expect(local.stdout).toContain('"due":"2100-07-01T16:00:00.000Z"');
      const zoned = await cluster.putAs('at', '--tz', 'Asia/Tokyo', time, 'hello');
      expect(zoned.due).toBe('2100-07-01T03:00:00.000Z');
    });

    it('after now', async () => {
      const { before, due, after } = await dueOf('+90s');
      expect(due).toBeGreaterThanOrEqual(before + 90_000);
      expect(due).toBeLessThanOrEqual(after + 90_001);
    });

    it.each(['tomorrow 09:00', 'now + 3 days', '09:00'])('in words: %s', async (time) => {
      const { before, due } = await dueOf(time);
      expect(due).toBeGreaterThan(before);
      expect(due).toBeLessThan(before + 4 * 86_400_000);
    });

    it('less than a minute past is now', async () => {
      const time = new Date(Date.now() - 20_000).toISOString();
      const { receipt } = await cluster.putAs('at', time, 'hello');
      expect(receipt).toMatch(/\/\d+$/);
    });
  });

  describe('on a terminal', () => {
    it('the resolved instant is said', async () => {
      const script = `script -qec '"$NODE" "$BINARY" at --tz Asia/Tokyo 2100-07-01T12:00 x' /dev/null`;
      const { code, stdout } = await shellDq(script, cluster.around());
      expect(code).toBe(0);
      expect(stdout).toMatch(/2100-07-01/);
    });

    it('or with --verbose', async () => {
      const { stderr } = await cluster.dq([
        'at',
        '-v',
        '--tz',
        'Asia/Tokyo',
        '2100-07-01T12:00',
        'x',
      ]);
      expect(stderr).toContain('due 2100-07-01 12:00:00 +09:00 (Asia/Tokyo)');
    });
  });

  describe('a time of several words', () => {
    it.each([
      ['now + 5 minutes back up', "dq at 'now + 5 minutes' 'back up'"],
      ['tomorrow 10:30 x', "dq at 'tomorrow 10:30' 'x'"],
      ['tomorrow 10:30', "dq at 'tomorrow 10:30' 'payload'"],
      ['10:00 tomorrow', "of the time: dq at '10:00 tomorrow' …; the payload: .* -- '10:00' "],
      ['now +5m', "of the time: dq at 'now \\+5m' "],
    ])('is quoted: %s', async (words, hint) => {
      const { code, stdout, stderr } = await cluster.dq(['at', ...words.split(' ')], {
        stdin: 'body',
      });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(new RegExp(hint.replace(' + ', ' \\+ ')));
    });

    it.each([
      ['now', '+5m'],
      ['10:00', 'tomorrow'],
    ])('%s -- %s: the payload', async (time, payload) => {
      const { receipt } = await cluster.putAs('at', '--', time, payload);
      const [envelope] = await cluster.envelopes(receipt);
      expect(String(envelope).split('/')[1]).toBe(payload);
    });

    it('isn’t one for an empty payload, or one that is no time', async () => {
      for (const payload of ['', ' ', '\n', '5', 'UTC+1'])
        expect(await cluster.dq(['at', '10:00', payload])).toMatchObject({ code: 0 });
    });
  });

  describe('the identity of a job', () => {
    it('is the instant and the payload: put again it is the same job', async () => {
      const words = ['at', '2100-01-01T00:00:00Z', 'again'];
      const [one, two] = [await cluster.putAs(...words), await cluster.putAs(...words)];
      expect(one.key).toBe(two.key);
    });

    it('is its own with --distinct, or after now', async () => {
      const distinct = ['at', '--distinct', '2100-01-01T00:00:00Z', 'again'];
      const [one, two] = [await cluster.putAs(...distinct), await cluster.putAs(...distinct)];
      expect(one.key).not.toBe(two.key);
      expect(Date.parse(one.due)).toBeLessThanOrEqual(Date.parse('2100-01-01T00:00:00.001Z'));
      const relative = ['at', '+1h', 'again'];
      const [three, four] = [await cluster.putAs(...relative), await cluster.putAs(...relative)];
      expect(three.key).not.toBe(four.key);
    });
  });

  describe('many', () => {
    it('takes its records from stdin as put does', async () => {
      const words = ['at', '2100-01-01T00:00:00Z', '--lines'];
      const { code, stdout } = await cluster.dq(words, { stdin: 'a\nb\n' });
      expect(code).toBe(0);
      const envelopes = await Promise.all(lines(stdout).map((each) => cluster.envelopes(each)));
      expect(envelopes.map(([first]) => String(first))).toEqual([
        '4102444800000000000/a',
        '4102444800000000000/b',
      ]);
    });
  });
});

it('has the delay of a node rounded down', async () => {
  const cluster = await clusterOf(1);
  await cluster.putAs('at', '+1h900ms', 'hello');
  const raw = await cluster.raw(cluster.nodes[0]);
  const id = /^FOUND (\d+)/.exec((await raw.ask('peek-delayed')).line)?.[1];
  const delay = (await raw.stats(`stats-job ${String(id)}`))?.get('delay');
  expect(Number(delay)).toBeLessThanOrEqual(3_600);
  expect(Number(delay)).toBeGreaterThan(3_540);
});
