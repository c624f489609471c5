// Tokens: each its own, and each tells its worker.

import { expect, it } from 'vitest';
import { Tokens, workerOf } from '../../../src/consume/tokens.ts';

it('each is another one, and names the worker that made it', () => {
  const tokens = new Tokens('host/a:1');
  const [one, two] = [tokens.next(), tokens.next()];
  expect(one).not.toBe(two);
  expect([one, two].map(workerOf)).toEqual(['host/a:1', 'host/a:1']);
});
