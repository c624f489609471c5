// What a stranger wrote can't end a line, move the cursor or turn the text around.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeControl } from '../../../src/output/escape.ts';
import { jsonLine, textLine } from '../../../src/output/work-log.ts';
import { plain } from '../../../src/output/paint.ts';

test('control characters are shown, everything else is left alone', () => {
  expect(escapeControl('a\tb\r\n\u001b[31m\u0000\u009b2J\u202e')).toBe(
    'a\\tb\\r\\n\\e[31m\\u0000\\u009b2J\\u202e',
  );
  expect(escapeControl('$(touch x) "q" \\ 世界 🙂')).toBe('$(touch x) "q" \\ 世界 🙂');
});

test('an event is one line, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const event = { level: 'info', event: 'output', text, reason: text } as const;
      expect(jsonLine(event, 0)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
      expect(JSON.parse(jsonLine(event, 0))).toMatchObject({ text, reason: text });
      expect(textLine(event, 0, plain)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    }),
  );
});
