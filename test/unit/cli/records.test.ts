// Records of stdin, whatever the chunks they come in.

import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineForm, nullForm, records, type RecordForm } from '../../../src/cli/records.ts';

async function* chunksOf(text: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (let turn = 0; from < text.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield await Promise.resolve(text.subarray(from, from + size));
    from += size;
  }
}

async function read(
  text: string | Buffer,
  form: RecordForm,
  sizes: readonly number[] = [65_536],
): Promise<{ found: string[]; numbers: number[]; empty: number }> {
  let empty = 0;
  const found: string[] = [];
  const numbers: number[] = [];
  const chunks = chunksOf(Buffer.from(text as string), sizes);
  for await (const batch of records(chunks, form, () => (empty += 1))) {
    found.push(...batch.map(({ payload }) => payload.toString('latin1')));
    numbers.push(...batch.map(({ number }) => number));
  }
  return { found, numbers, empty };
}

test('LF ends a line, a CR before it is dropped, the last LF is optional, empty lines are counted', async () => {
  expect(await read('a\nb\r\n\n\r\nc\rd\ne', lineForm)).toEqual({
    found: ['a', 'b', 'c\rd', 'e'],
    numbers: [1, 2, 5, 6],
    empty: 2,
  });
  expect(await read('a\n', lineForm)).toEqual({ found: ['a'], numbers: [1], empty: 0 });
  expect(await read('', lineForm)).toEqual({ found: [], numbers: [], empty: 0 });
});

test('NUL-ended records are exact, empty ones are records', async () => {
  expect(await read('a\n\0\0b\r\0c', nullForm)).toEqual({
    found: ['a\n', '', 'b\r', 'c'],
    numbers: [1, 2, 3, 4],
    empty: 0,
  });
});

test('chunks make no difference', async () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((some) => some.map((byte) => byte % 16));
  await fc.assert(
    fc.asyncProperty(
      bytes,
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      async (text, sizes) => {
        for (const form of [lineForm, nullForm]) {
          expect(await read(Buffer.from(text), form, sizes)).toEqual(
            await read(Buffer.from(text), form),
          );
        }
      },
    ),
  );
});

test('a record without an end is not read for ever', async () => {
  const chunk = Buffer.alloc(64 * 1024 * 1024, 'x');
  const endless = (async function* () {
    yield await Promise.resolve(Buffer.from('a\nb'));
    for (;;) yield chunk;
  })();
  const found: string[] = [];
  const reading = (async () => {
    for await (const batch of records(endless, lineForm, () => undefined)) {
      found.push(...batch.map(({ payload }) => String(payload)));
    }
  })();
  await expect(reading).rejects.toThrow(/^line 2 is longer than any node takes/);
  expect(found).toEqual(['a']);
});
