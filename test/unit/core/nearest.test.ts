// The nearest known word to an unknown one.

import { expect, test } from 'vitest';
import { nearest } from '../../../src/core/nearest.ts';

const known = ['concurrency', 'attempts', 'timeout', 'batch', 'ttl'];

test.each([
  ['concurency', 'concurrency'],
  ['attempt', 'attempts'],
  ['TimeOut', 'timeout'],
  ['bacth', undefined],
  ['bach', 'batch'],
  ['ttr', 'ttl'],
  ['timeotu', 'timeout'],
  ['', undefined],
  ['tt', undefined],
  ['something', undefined],
])('%s: %s', (word, meant) => {
  expect(nearest(word, known)).toBe(meant);
});

test('of two, the nearer', () => {
  expect(nearest('America/Lim', ['America/Lisa', 'America/Lima', 'America/Lime'])).toBe(
    'America/Lima',
  );
});
