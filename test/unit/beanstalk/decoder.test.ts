// The push decoder: framing by count, and the replies it must refuse.

import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplyDecoder } from '../../../src/beanstalk/decoder.ts';
import type { Reply } from '../../../src/beanstalk/reply.ts';
import { byteByByte, cutAt, inOneChunk } from './conversation.ts';
import type { Split } from './conversation.ts';

function decode(bytes: string | Buffer, split: Split): Reply[] {
  const replies: Reply[] = [];
  const decoder = new ReplyDecoder((reply) => replies.push(reply));
  for (const chunk of split(Buffer.from(bytes as Buffer))) decoder.push(chunk);
  return replies;
}

describe.each([
  ['in one chunk', inOneChunk],
  ['byte by byte', byteByByte],
])('%s', (_, split) => {
  it('a line is a word and the rest', () => {
    expect(decode('INSERTED 12\r\nDELETED\r\nA b c\r\n\r\n', split)).toEqual([
      { word: 'INSERTED', rest: '12', body: undefined },
      { word: 'DELETED', rest: '', body: undefined },
      { word: 'A', rest: 'b c', body: undefined },
      { word: '', rest: '', body: undefined },
    ]);
  });

  it('an empty body still has its CRLF', () => {
    expect(decode('RESERVED 5 0\r\n\r\nDELETED\r\n', split)).toEqual([
      { word: 'RESERVED', rest: '5', body: Buffer.alloc(0) },
      { word: 'DELETED', rest: '', body: undefined },
    ]);
  });

  it('a body may hold what looks like replies', () => {
    const body = Buffer.from('\r\nDELETED\r\n\r\n');
    const bytes = Buffer.concat([Buffer.from(`OK ${body.length}\r\n`), body, Buffer.from('\r\n')]);
    expect(decode(bytes, split)).toEqual([{ word: 'OK', rest: '', body }]);
  });

  it.each([
    ['a line without CR', 'DELETED\n', "doesn't end in CRLF"],
    ['a line that never ends', 'x'.repeat(1_025), 'longer than 1024 bytes'],
    ['a length without end', 'OK 1000000000000\r\n', "can't have the length"],
    ['a length over the limit', `FOUND 1 ${2 ** 30 + 1}\r\n`, "can't have the length"],
    ['a length over that of statistics', `OK ${2 ** 25 + 1}\r\n`, "can't have the length"],
    ['a negative length', 'OK -1\r\n', "can't have the length"],
    ['no number as the length', 'RESERVED 1 0x10\r\n', "can't have the length"],
    ['no length', 'FOUND\r\n', "can't have the length"],
    ['no length at all', 'OK\r\n', "can't have the length"],
    ['a body that is longer than it said', 'OK 2\r\nabc\r\n', "isn't followed by CRLF"],
    ['a body that is shorter than it said', 'OK 4\r\nab\r\nDELETED\r\n', "isn't followed by CRLF"],
    ['a body that ends in LF', 'OK 2\r\nab\n\n', "isn't followed by CRLF"],
    ['a body that ends in CR', 'OK 2\r\nab\r\r', "isn't followed by CRLF"],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => decode(bytes, split)).toThrow(message);
  });

  it('a line of the full length passes', () => {
    const line = 'x'.repeat(1_022);
    expect(decode(`${line}\r\n`, split)).toEqual([{ word: line, rest: '', body: undefined }]);
  });
});

it('what came before the breach is told', () => {
  const replies: Reply[] = [];
  const decoder = new ReplyDecoder((reply) => replies.push(reply));
  expect(() => {
    decoder.push(Buffer.from('DELETED\r\nOK x\r\n'));
  }).toThrow();
  expect(replies.map(({ word }) => word)).toEqual(['DELETED']);
});

it('a large announced body takes no memory before it comes', () => {
  const decoder = new ReplyDecoder(() => undefined);
  const before = process.memoryUsage().arrayBuffers;
  decoder.push(Buffer.from(`FOUND 1 ${2 ** 30}\r\nabc`));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
});

it('a body is a copy: the chunk may be used again', () => {
  const chunk = Buffer.from('FOUND 1 3\r\nabc\r\n');
  const replies: Reply[] = [];
  new ReplyDecoder((reply) => replies.push(reply)).push(chunk);
  chunk.fill('x');
  expect(replies[0]?.body?.toString()).toBe('abc');
});

it('any bodies survive any splits', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }),
      (bodies, marks) => {
        const bytes = bodies.flatMap((body, id) => [
          Buffer.from(`RESERVED ${id} ${body.length}\r\n`),
          Buffer.from(body),
          Buffer.from('\r\n'),
        ]);
        expect(decode(Buffer.concat(bytes), cutAt(marks))).toEqual(
          bodies.map((body, id) => ({ word: 'RESERVED', rest: `${id}`, body: Buffer.from(body) })),
        );
      },
    ),
  );
});

it('a body of 300 KiB in the chunks of a socket', () => {
  const body = Buffer.alloc(300 * 1_024, 'abcdefg');
  const bytes = Buffer.concat([Buffer.from(`OK ${body.length}\r\n`), body, Buffer.from('\r\n')]);
  const [reply] = decode(bytes, cutAt([0.2, 0.4, 0.6, 0.8]));
  expect(reply?.body?.equals(body)).toBe(true);
});
