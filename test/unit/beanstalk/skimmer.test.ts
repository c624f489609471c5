// Replies to many commands at once, read straight from the bytes: they mean what they mean to the decoder.

import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Commands } from '../../../src/beanstalk/command.ts';
import { peekAll } from '../../../src/beanstalk/job-commands.ts';
import type { Pipeline } from '../../../src/beanstalk/pipeline.ts';
import { statsJobs } from '../../../src/beanstalk/stats-commands.ts';
import { cutAt, hear, inOneChunk, type Split } from './conversation.ts';

interface Read {
  readonly outcome: unknown;
  /** How many replies were skimmed. */
  readonly skimmed: number;
}

/** What the replies mean, or the message of what is wrong with them. */
async function read(commands: Commands<unknown>, bytes: Buffer, split?: Split): Promise<Read> {
  const asks = [(pipeline: Pipeline) => pipeline.addAll(commands)];
  const { outcomes, skimmed } = await hear(asks, bytes, split);
  return { outcome: outcomes[0], skimmed };
}

const ids = [1n, 90n, 999_999_999_999_999n];

function ok(body: string): string {
  return `OK ${Buffer.byteLength(body)}\r\n${body}\r\n`;
}

interface Told {
  readonly tube?: string;
  readonly state?: string;
  readonly priority?: string;
  readonly timeLeft?: string;
}

function stats(id: bigint, told: Told = {}): string {
  const { tube = 'jobs', state = 'ready', priority = '1024', timeLeft = '0' } = told;
  const before = `---\nid: ${id}\ntube: ${tube}\nstate: ${state}\npri: ${priority}\nage: 7\n`;
  return `${before}delay: 0\nttr: 60\ntime-left: ${timeLeft}\nfile: 0\nreserves: 0\n`;
}

const found = (id: bigint, body: string): string => `FOUND ${id} ${body.length}\r\n${body}\r\n`;

it.each([
  ['as 1.12 tells it', (id: bigint) => stats(id)],
  ['as 1.13 tells it', (id: bigint) => stats(id, { tube: '"jobs"' })],
  ['reserved, beyond its ttr', (id: bigint) => stats(id, { state: 'reserved', timeLeft: '-1' })],
])('a job of the tube is skimmed: %s', async (_, body) => {
  const bytes = Buffer.from(ids.map((id) => ok(body(id))).join(''));
  const { outcome, skimmed } = await read(statsJobs('jobs', ids), bytes, inOneChunk);
  expect(skimmed).toBe(ids.length);
  expect(outcome).toEqual((await read(statsJobs('jobs', ids), bytes)).outcome);
  expect(outcome).toMatchObject(ids.map(() => ({ tube: 'jobs', priority: 1024, age: 7, ttr: 60 })));
});

it('a job that differs from the last one in its last number alone is told apart', async () => {
  const times = ['0', '0', '7'];
  const replies = ids.map((id, at) => ok(stats(id, { timeLeft: times[at]! })));
  const { outcome, skimmed } = await read(
    statsJobs('jobs', ids),
    Buffer.from(replies.join('')),
    inOneChunk,
  );
  expect(skimmed).toBe(ids.length);
  expect(outcome).toMatchObject([{ timeLeft: 0 }, { timeLeft: 0 }, { timeLeft: 7 }]);
});

it('a body is skimmed, each byte as a character, and is a copy', async () => {
  const bytes = Buffer.from(ids.map((id) => found(id, 'h\0ll\u00f6')).join(''), 'latin1');
  const { outcome, skimmed } = await read(peekAll(ids), bytes, inOneChunk);
  bytes.fill('x');
  expect(skimmed).toBe(ids.length);
  expect(outcome).toEqual(ids.map(() => 'h\0ll\u00f6'));
});

it('an id beyond the exact numbers is left to the decoder', async () => {
  const large = [9_007_199_254_740_993n, 18_446_744_073_709_551_615n];
  const bodies = Buffer.from(large.map((id) => found(id, 'hello')).join(''));
  const told = Buffer.from(large.map((id) => ok(stats(id))).join(''));
  expect(await read(peekAll(large), bodies, inOneChunk)).toEqual({
    outcome: ['hello', 'hello'],
    skimmed: 0,
  });
  const { outcome, skimmed } = await read(statsJobs('jobs', large), told, inOneChunk);
  expect(skimmed).toBe(0);
  expect(outcome).toMatchObject([{ tube: 'jobs' }, { tube: 'jobs' }]);
});

const [first, ...others] = ids;

it.each([
  ['no such job', 'NOT_FOUND\r\n'],
  ['another tube', ok(stats(first!, { tube: 'job' }))],
  ['a longer tube', ok(stats(first!, { tube: 'jobs2' }))],
  ['a tube in half a quotation', ok(stats(first!, { tube: '"jobs' }))],
  ['a put under way', ok(stats(first!, { state: 'invalid' }))],
  ['an unheard-of state', ok(stats(first!, { state: 'readier' }))],
  ['a priority that is none', ok(stats(first!, { priority: '-1' }))],
  ['a priority beyond all', ok(stats(first!, { priority: '4294967296' }))],
  ['no number', ok(stats(first!, { timeLeft: 'soon' }))],
  ['half a number', ok(stats(first!, { timeLeft: '1e3' }))],
  ['a number too long', ok(stats(first!, { timeLeft: '1234567890123456' }))],
  ['another job', ok(stats(11n))],
  ['an id with a nought before it', ok(stats(first!).replace('id: 1', 'id: 01'))],
  ['an id that is negative', ok(stats(-1n))],
  ['lines in another order', ok(stats(first!).replace('age: 7\ndelay: 0', 'delay: 0\nage: 7'))],
  ['fewer lines', ok(stats(first!).replace('ttr: 60\n', ''))],
  ['a body that ends early', ok('---\nid: 1\ntube: jobs\nstate: ready\npri: 0')],
  ['a length that is too short', ok(stats(first!)).replace(/OK \d+/, 'OK 60')],
  ['a length that is none', ok(stats(first!)).replace(/OK \d+/, 'OK x')],
  ['a body without an end', `${ok(stats(first!)).slice(0, -2)}xx`],
  ['a refusal', 'OUT_OF_MEMORY\r\n'],
  ['a reply of another kind', found(first!, 'hello')],
])('%s: it means what the decoder says', async (_, reply) => {
  const rest = others.map((id) => ok(stats(id))).join('');
  const bytes = Buffer.from(`${reply}${rest}`);
  const { outcome } = await read(statsJobs('jobs', ids), bytes, inOneChunk);
  expect(outcome).toEqual((await read(statsJobs('jobs', ids), bytes)).outcome);
});

it.each([
  ['no such job', 'NOT_FOUND\r\n'],
  ['another job', found(11n, 'hello')],
  ['an id with a nought before it', 'FOUND 01 5\r\nhello\r\n'],
  ['a job whose id goes on', found(10n, 'hello')],
  ['a length that is too short', 'FOUND 1 4\r\nhello\r\n'],
  ['a length that is negative', 'FOUND 1 -5\r\nhello\r\n'],
  ['an empty body', 'FOUND 1 0\r\n\r\n'],
])('%s for a peek: it means what the decoder says', async (_, reply) => {
  const bytes = Buffer.from(`${reply}${others.map((id) => found(id, 'a\r\nb')).join('')}`);
  const { outcome } = await read(peekAll(ids), bytes, inOneChunk);
  expect(outcome).toEqual((await read(peekAll(ids), bytes)).outcome);
});

it('whatever the chunks are, and whatever some bytes of them', async () => {
  const states = fc.constantFrom('ready', 'delayed', 'reserved', 'buried', 'invalid');
  const tubes = fc.constantFrom('jobs', '"jobs"', 'other');
  const reply = fc.option(fc.record({ state: states, tube: tubes }), { nil: undefined });
  const marks = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
  const harm = fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), byte: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(fc.array(reply), marks, fc.array(harm, { maxLength: 1 }), async (...scene) => {
      const [replies, cuts, harms] = scene;
      const asked = replies.map((_, at) => BigInt(at) * 77n);
      const texts = replies.map((told, at) =>
        told === undefined ? 'NOT_FOUND\r\n' : ok(stats(asked[at]!, told)),
      );
      const bytes = Buffer.from(texts.join(''));
      for (const { at, byte } of harms) bytes[Math.floor(at * bytes.length)] = byte;
      const { outcome } = await read(statsJobs('jobs', asked), bytes, cutAt(cuts));
      expect(outcome).toEqual((await read(statsJobs('jobs', asked), bytes)).outcome);
    }),
    { numRuns: 300 },
  );
});
