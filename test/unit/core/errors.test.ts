// Errors: what they carry, and what is told of anything that was thrown.

import { expect, test } from 'vitest';
import { DqError, LedgerDown, messageOf, NodeError } from '../../../src/core/errors.ts';

test('an error carries its facts and its cause', () => {
  const cause = new Error('deeper');
  const error = new DqError('config', 'no nodes', { hint: 'name one', path: 'nodes', cause });
  expect(error).toMatchObject({ kind: 'config', hint: 'name one', path: 'nodes', node: undefined });
  expect(error.cause).toBe(cause);
});

test("a node's and the ledger's trouble may pass", () => {
  const error = new NodeError('a:1', 'timeout', 'no reply', { unconfirmed: true });
  expect(error).toMatchObject({ kind: 'unavailable', node: 'a:1', unconfirmed: true });
  expect(new NodeError('a:1', 'down', 'refused').unconfirmed).toBe(false);
  expect(new LedgerDown('no reply')).toMatchObject({ kind: 'unavailable', name: 'LedgerDown' });
});

test.each([
  [new Error('one\n  two\r\nthree'), 'one two three'],
  ['text', 'text'],
  [undefined, 'undefined'],
])('%j is told on one line', (thrown, told) => {
  expect(messageOf(thrown)).toBe(told);
});
