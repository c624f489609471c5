// The receipt: what is printed is read back, and what is no receipt is refused.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatReceipt, isTubeName, parseReceipt } from '../../../src/core/receipt.ts';
import goQueue from '../../vectors/go-queue.json' with { type: 'json' };
import { attempt, refusal } from './refusal.ts';

const tube = fc.stringMatching(/^[A-Za-z0-9+/;.$_()][A-Za-z0-9\-+/;.$_()]{0,199}$/);
const replica = fc.record({
  endpoint: fc.oneof(
    fc.constantFrom('embedded', '127.0.0.1:11300', '[::1]:11300', 'queue-1.example.net:11300'),
    fc.stringMatching(/^[^\s,/]{1,20}$/),
  ),
  tube,
  id: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});

test('what is printed is read back', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(replica, { minLength: 1, maxLength: 5, selector: asText }),
      (all) => {
        expect(parseReceipt(formatReceipt(all))).toEqual(all);
      },
    ),
  );
  function asText(each: { endpoint: string; tube: string; id: bigint }): string {
    return formatReceipt([each]);
  }
});

test('whatever is written is printed as it was written, or refused', () => {
  const piece = fc.constantFrom(
    'a:1',
    '/',
    '/',
    't',
    '-',
    ',',
    '0',
    '18446744073709551615',
    '9',
    ' ',
  );
  const almost = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.oneof(almost, fc.string({ unit: 'binary' })), (text) => {
      const { value, refused } = attempt(() => parseReceipt(text));
      if (refused === undefined) expect(formatReceipt(value)).toBe(text);
    }),
    { numRuns: 2_000 },
  );
});

test('a tube may hold slashes', () => {
  expect(parseReceipt('127.0.0.1:11300/mail/out/7')).toEqual([
    { endpoint: '127.0.0.1:11300', tube: 'mail/out', id: 7n },
  ]);
  expect(parseReceipt('a:1///2')).toEqual([{ endpoint: 'a:1', tube: '/', id: 2n }]);
});

test.each(goQueue.vectors)('go-queue printed $receipt', ({ receipt }) => {
  const replicas = parseReceipt(receipt);
  expect(replicas.map((each) => each.tube)).toEqual(['lab', 'lab', 'lab']);
  expect(formatReceipt(replicas)).toBe(receipt);
});

describe('no receipt', () => {
  test.each([
    ['', '', 'the endpoint is missing'],
    ['hello', 'hello', 'the endpoint is missing'],
    ['/t/1', '/t/1', 'the endpoint is missing'],
    ['a b:1/t/1', 'a b:1/t/1', 'the endpoint is missing'],
    ['a:1/1', 'a:1/1', 'the tube is missing or no tube'],
    ['a:1//1', 'a:1//1', 'the tube is missing or no tube'],
    ['a:1/-t/1', 'a:1/-t/1', 'the tube is missing or no tube'],
    ['a:1/t t/1', 'a:1/t t/1', 'the tube is missing or no tube'],
    ['a:1/t/', 'a:1/t/', 'the id is no number of 64 bits'],
    ['a:1/t/x', 'a:1/t/x', 'the id is no number of 64 bits'],
    ['a:1/t/-1', 'a:1/t/-1', 'the id is no number of 64 bits'],
    ['a:1/t/01', 'a:1/t/01', 'the id is no number of 64 bits'],
    ['a:1/t/18446744073709551616', expect.anything(), 'the id is no number of 64 bits'],
    ['a:1/t/1,', '', 'the endpoint is missing'],
    ['a:1/t/1,b:1/t/1,a:1/t/1', 'a:1/t/1', 'it is named twice'],
  ])('%j', (text, part: unknown, why) => {
    const { message, hint } = refusal(() => parseReceipt(text));
    const [, named = '', reason] = /^not a receipt: (".*"): ([^:]*)$/.exec(message) ?? [];
    expect([JSON.parse(named), reason]).toEqual([part, why]);
    expect(hint).toContain('endpoint/tube/id');
  });
});

describe('tube names', () => {
  test.each(['default', 'a', 'a-b', '0', '/', 'A+/;.$_()-z', 'x'.repeat(200)])(
    '%s is one',
    (name) => {
      expect(isTubeName(name)).toBe(true);
    },
  );

  test.each(['', '-a', 'a b', 'a\n', 'ä', 'a,b', 'a:b', 'x'.repeat(201)])('%j is none', (name) => {
    expect(isTubeName(name)).toBe(false);
  });
});
