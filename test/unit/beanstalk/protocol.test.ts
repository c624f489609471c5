// Every exchange of the protocol, however the answers are cut into chunks.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteByByte, converse, cutAt, inOneChunk } from './conversation.ts';
import type { Exchange } from './conversation.ts';
import { jobExchanges, statsExchanges, tubeExchanges } from './exchanges.ts';

const everything = [...jobExchanges, ...tubeExchanges, ...statsExchanges];

describe.each(everything.map((exchange) => [title(exchange), exchange] as const))(
  '%s',
  (_, exchange) => {
    it('in one chunk', () => converse([exchange], inOneChunk));
    it('byte by byte', () => converse([exchange], byteByByte));
  },
);

describe('all of it pipelined', () => {
  it('in one chunk', () => converse(everything, inOneChunk));
  it('byte by byte', () => converse(everything, byteByByte));
  it('in any order and at any splits', () =>
    fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(everything, { minLength: 1 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }),
        (exchanges, marks) => converse(exchanges, cutAt(marks)),
      ),
    ));
});

it('a conversation with an unread byte fails', async () => {
  const [command, sent, answer, meaning] = jobExchanges[0]!;
  await expect(
    converse([[command, sent, `${String(answer)}x`, meaning]], inOneChunk),
  ).rejects.toThrow('unexpected reply "xTOUCHED"');
});

function title([, sent, answer]: Exchange): string {
  const lineOf = (bytes: Exchange[1]): string => bytes.toString('latin1').split('\r\n')[0] ?? '';
  return `${lineOf(sent)} → ${lineOf(answer)}`.slice(0, 80);
}
