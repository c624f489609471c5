import { expect, test } from 'vitest';
import { plain } from '../../../src/output/paint.ts';
import { textLine } from '../../../src/output/work-log.ts';

const now = Date.parse('2026-11-22T12:00:00Z');

test.each([
  [{ event: 'warning', reason: 'odd' }, 'warning: odd'],
  [{ event: 'ran', entry: 'a', ms: 3, reason: 'why' }, 'ran entry=a ms=3: why'],
  [{ event: 'stopping' }, 'stopping'],
])('%j', (event, wanted) => {
  const line = textLine({ level: 'info', ...event }, now, plain);
  expect(line).toBe(`2026-11-22T12:00:00.000Z ${wanted}`);
});
