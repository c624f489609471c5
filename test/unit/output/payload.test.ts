// Payloads as they are shown: harmless to a terminal, and told apart by whoever reads closely.

import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { payloadJson, payloadStart, payloadText } from '../../../src/output/payload.ts';

const dangerous = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

describe('the start', () => {
  it.each([
    ['hello', 'hello'],
    ['', ''],
    ['0123456789', '0123456789'],
    ['0123456789a', '012345678…'],
    ['a\nb\t\u001b[31m', 'a\\nb\\t\\e[…'],
    ['äöüäöüäöüä', 'äöüäöüäöüä'],
    ['💡💡💡💡💡💡💡💡💡💡💡', '💡💡💡💡💡💡💡💡💡…'],
    [Buffer.from([0xff, 0x00, 0x61]), '\\xff\\x00a'],
    [Buffer.from([0x41, 0xc3]), 'A\\xc3'],
  ])('of %j is %s', (payload, shown) => {
    expect(payloadStart(Buffer.from(payload), 10)).toBe(shown);
  });

  it('is cut between characters, wherever its bytes are', () => {
    for (const pad of ['', 'a', 'ab', 'abc']) {
      const payload = Buffer.from(pad + '💡'.repeat(100));
      expect(payloadStart(payload, 10)).toBe(`${pad}${'💡'.repeat(9 - pad.length)}…`);
    }
  });

  it('is short and harmless, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const shown = payloadStart(Buffer.from(bytes), 10);
        expect(Array.from(shown).length).toBeLessThanOrEqual(10);
        expect(shown).not.toMatch(dangerous);
        expect(shown).not.toContain('\n');
      }),
    );
  });
});

describe('the whole', () => {
  it('keeps its lines and tabs', () => {
    expect(payloadText(Buffer.from('a\n\tb\r\n\u001b]0;x\u0007'))).toBe(
      'a\n\tb\\r\n\\e]0;x\\u0007',
    );
    expect(payloadText(Buffer.from([0x0a, 0xfe, 0x00, 0x09]))).toBe('\n\\xfe\\x00\t');
  });

  it('is harmless, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(payloadText(Buffer.from(bytes))).not.toMatch(dangerous);
      }),
    );
  });
});

it('in JSON it is text, or else base64', () => {
  expect(payloadJson(Buffer.from('grün\0'))).toEqual({ payload: 'grün\0' });
  expect(payloadJson(Buffer.from([0xff]))).toEqual({ payloadBase64: '/w==' });
});
