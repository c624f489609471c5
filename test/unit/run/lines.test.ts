import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter, longestLine } from '../../../src/run/lines.ts';

function linesOf(chunks: readonly Buffer[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.write(chunk);
  splitter.end();
  return lines;
}

/** The bytes cut at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length];
  ends.sort((a, b) => a - b);
  return ends.map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end));
}

const text = fc
  .array(fc.constantFrom('\n', 'a', '\r', 'é', '漢', '😀', ' '))
  .map((s) => s.join(''));
const places = fc.array(fc.nat());

describe('LineSplitter', () => {
  it('delivers the lines, however the bytes arrive', () => {
    fc.assert(
      fc.property(text, places, (written, at) => {
        const expected = written.split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(linesOf(cut(Buffer.from(written), at))).toEqual(expected);
      }),
    );
  });

  it('delivers byte by byte the same', () => {
    const bytes = Buffer.from('one\n\nzwei é\n😀 three');
    expect(linesOf([...bytes].map((byte) => Buffer.from([byte])))).toEqual([
      'one',
      '',
      'zwei é',
      '😀 three',
    ]);
  });

  it('keeps nothing after the end', () => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    splitter.write(Buffer.from('rest'));
    splitter.end();
    splitter.end();
    expect(lines).toEqual(['rest']);
  });

  it('shows invalid UTF-8 as U+FFFD', () => {
    expect(linesOf([Buffer.from([0xff, 0x61, 0x0a, 0xc3])])).toEqual(['\ufffda', '\ufffd']);
  });

  it('cuts a long line into pieces as soon as it is too long', () => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    splitter.write(Buffer.alloc(longestLine * 2 + 1, 'x'));
    expect(lines.map((line) => line.length)).toEqual([longestLine, longestLine]);
    splitter.write(Buffer.from('\nnext\n'));
    expect(lines.slice(2)).toEqual(['x', 'next']);
  });

  it('delivers a line of just the longest length once', () => {
    const line = 'x'.repeat(longestLine);
    expect(linesOf([Buffer.from(line), Buffer.from('\n')])).toEqual([line]);
  });

  it('never cuts through a character', () => {
    const line = `a${'😀'.repeat(longestLine)}`;
    const pieces = linesOf([Buffer.from(line)]);
    expect(pieces.join('')).toBe(line);
    expect(pieces.every((piece) => piece.length <= longestLine)).toBe(true);
    expect(pieces.every((piece) => Buffer.from(piece).toString() === piece)).toBe(true);
  });
});
