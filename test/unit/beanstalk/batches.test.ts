// Replies to batches, mixed with those to single commands: wherever they are cut, and whether they are read from the
// bytes or by the decoder, each asker gets his own.

import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deleteBatch, putBatch, reserveBatch, touch } from '../../../src/beanstalk/job-commands.ts';
import type { Pipeline } from '../../../src/beanstalk/pipeline.ts';
import { byteByByte, cutAt, hear, inOneChunk, type Heard, type Split } from './conversation.ts';

/** Bytes that are answered, and what they mean; a text: a refusal. */
type Told = readonly [reply: string, meaning: unknown];

interface Asked {
  readonly ask: (pipeline: Pipeline) => Promise<unknown>;
  readonly told: readonly Told[];
}

const id = fc.constantFrom(0n, 1n, 10n, 907n, 999_999_999_999_999n, 2n ** 64n - 1n);
const likeReplies = ['RESERVED 1 1\r\na\r\n', 'TIMED_OUT\r\n', 'INSERTED 7\r\n'];
const body = fc
  .oneof(fc.uint8Array({ maxLength: 12 }), fc.constantFrom(...likeReplies))
  .map((bytes) => Buffer.from(bytes as Uint8Array));

const refusal = fc
  .constantFrom('OUT_OF_MEMORY', 'DRAINING', 'JOB_TOO_BIG', 'INTERNAL_ERROR')
  .map((word): Told => [`${word}\r\n`, expect.stringMatching(/^NodeError: /)]);
const placed = fc
  .tuple(fc.constantFrom('INSERTED', 'BURIED'), id)
  .map(([word, at]): Told => [`${word} ${at}\r\n`, { kind: word.toLowerCase(), id: at }]);
const answerToDelete = fc.constantFrom<Told>(['DELETED\r\n', true], ['NOT_FOUND\r\n', false]);
const reserved = fc.tuple(id, body).map(([at, bytes]): Told => {
  const reply = `RESERVED ${at} ${bytes.length}\r\n${bytes.toString('latin1')}\r\n`;
  return [reply, { id: at, body: bytes }];
});
const none = fc.constantFrom<Told>(
  ['TIMED_OUT\r\n', 'timed-out'],
  ['DEADLINE_SOON\r\n', 'deadline-soon'],
);

const envelope = Buffer.from('1767225600000000000/x');
const options = { priority: 0, delay: 0, ttr: 60 };

function batch(reply: fc.Arbitrary<Told>, ask: (told: readonly Told[]) => Asked['ask']) {
  return fc.array(reply, { minLength: 1, maxLength: 6 }).map((told) => ({ told, ask: ask(told) }));
}

const asked: fc.Arbitrary<Asked> = fc.oneof(
  batch(fc.oneof(placed, refusal), (told) => {
    const all = putBatch(told.map(() => ({ envelope, options })));
    return (pipeline) => pipeline.addBatch(all);
  }),
  batch(fc.oneof(answerToDelete, refusal), (told) => {
    const all = deleteBatch(told.map((_, at) => BigInt(at)));
    return (pipeline) => pipeline.addBatch(all);
  }),
  batch(fc.oneof(reserved, none, refusal), (told) => {
    return (pipeline) => pipeline.addBatch(reserveBatch(told.length));
  }),
  fc.constantFrom<Told>(['TOUCHED\r\n', true], ['NOT_FOUND\r\n', false]).map((told): Asked => ({
    told: [told],
    ask: (pipeline) => pipeline.add(touch(7n)).then((outcome) => [outcome]),
  })),
);

async function play(scene: readonly Asked[], bytes: Buffer, split?: Split): Promise<Heard> {
  const asks = scene.map(({ ask }) => async (pipeline: Pipeline) => {
    const answers = await ask(pipeline);
    return (answers as unknown[]).map((each) => (each instanceof Error ? String(each) : each));
  });
  return hear(asks, bytes, split);
}

function bytesOf(scene: readonly Asked[]): Buffer {
  return Buffer.from(scene.flatMap(({ told }) => told.map(([reply]) => reply)).join(''), 'latin1');
}

const mark = fc.double({ min: 0, max: 0.999, noNaN: true });
const scenes = fc.array(asked, { minLength: 1, maxLength: 5 });

it('whatever the chunks are, each asker gets what was told him', async () => {
  await fc.assert(
    fc.asyncProperty(scenes, fc.array(mark, { maxLength: 6 }), async (scene, cuts) => {
      const bytes = bytesOf(scene);
      const meant = scene.map(({ told }) => told.map(([, meaning]) => meaning));
      for (const split of [undefined, inOneChunk, byteByByte, cutAt(cuts)]) {
        expect((await play(scene, bytes, split)).outcomes).toEqual(meant);
      }
    }),
    { numRuns: 300 },
  );
});

it('cut once, at any byte, it is the same', async () => {
  await fc.assert(
    fc.asyncProperty(scenes, async (scene) => {
      const bytes = bytesOf(scene);
      const { outcomes } = await play(scene, bytes);
      for (let at = 0; at <= bytes.length; at++) {
        const split: Split = (all) => [all.subarray(0, at), all.subarray(at)];
        expect((await play(scene, bytes, split)).outcomes).toEqual(outcomes);
      }
    }),
    { numRuns: 30 },
  );
});

it('a byte that is another means what it means to the decoder', async () => {
  const harm = fc.tuple(mark, fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('-09 \r\n'))));
  await fc.assert(
    fc.asyncProperty(scenes, harm, fc.array(mark), async (scene, [at, byte], cuts) => {
      const bytes = bytesOf(scene);
      bytes[Math.floor(at * bytes.length)] = byte;
      const { outcomes } = await play(scene, bytes);
      expect((await play(scene, bytes, inOneChunk)).outcomes).toEqual(outcomes);
      expect((await play(scene, bytes, cutAt(cuts))).outcomes).toEqual(outcomes);
    }),
    { numRuns: 500 },
  );
});

it.each([
  'INSERTED -0',
  'INSERTED 00',
  'INSERTED ',
  'INSERTED',
  'INSERTED 1 ',
  'INSERTED  1',
  'INSERTED 1\r',
])('%j to a put is what the decoder says', async (line) => {
  const all = putBatch([{ envelope, options }]);
  const scene = [{ told: [], ask: (pipeline: Pipeline) => pipeline.addBatch(all) }];
  const bytes = Buffer.from(`${line}\r\n`);
  const { outcomes } = await play(scene, bytes, inOneChunk);
  expect(outcomes).toEqual((await play(scene, bytes)).outcomes);
});

it('the usual answers are read from the bytes', async () => {
  const puts = putBatch(Array.from({ length: 3 }, () => ({ envelope, options })));
  const scene = [{ told: [], ask: (pipeline: Pipeline) => pipeline.addBatch(puts) }];
  const bytes = Buffer.from('INSERTED 1\r\nINSERTED 2\r\nINSERTED 3\r\n');
  expect((await play(scene, bytes, inOneChunk)).skimmed).toBe(3);
});
