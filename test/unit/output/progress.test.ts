// The bar of a survey: drawn while there is something to wait for, and never at its end.

import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { progressOn } from '../../../src/output/progress.ts';

it('shows how far it is, and nothing of what is over at once', async () => {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, columns: 80 });
  const bar = await progressOn(stream as unknown as NodeJS.WriteStream, 'reading');
  bar.show(1, 0);
  expect(stream.read()).toBeNull();
  bar.show(0.5, 7);
  expect(stream.read()).toContain('50 %, 7 found');
  bar.show(1, 9);
  expect(stream.read()).not.toContain('100 %');
  bar.hide();
  expect(stream.read()).toBeNull();
});
