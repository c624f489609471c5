// The latest answer of someone who may be slow.

import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { Latest } from '../../../src/cli/latest.ts';

/** Answers when it is told to. */
function slow(): { asked: () => number; answer: (text: string) => void; latest: Latest<string> } {
  const waiting: ((text: string) => void)[] = [];
  let count = 0;
  const latest = new Latest(
    () =>
      new Promise<string>((resolve) => {
        count += 1;
        waiting.push(resolve);
      }),
  );
  return { asked: () => count, answer: (text) => waiting.shift()?.(text), latest };
}

it('is waited for', async () => {
  const { answer, latest } = slow();
  const got = latest.get(Infinity);
  answer('one');
  expect(await got).toBe('one');
});

it('is the one before when the next is not there in time, and that one is asked for once', async () => {
  const { asked, answer, latest } = slow();
  expect(await latest.get(0)).toBeUndefined();
  answer('one');
  expect(await latest.get(Infinity)).toBe('one');
  expect(await latest.get(0)).toBe('one');
  expect(await latest.get(0)).toBe('one');
  expect(asked()).toBe(2);
  answer('two');
  expect(await latest.get(Infinity)).toBe('two');
});

it('is not waited for when it is stopped', async () => {
  const stop = new AbortController();
  const got = slow().latest.get(Infinity, stop.signal);
  stop.abort();
  expect(await got).toBeUndefined();
  expect(await slow().latest.get(Infinity, stop.signal)).toBeUndefined();
});

it('leaves nothing behind at the signal that may stop it', async () => {
  const { signal } = new AbortController();
  await new Latest(() => Promise.resolve('one')).get(Infinity, signal);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('may be an error, and is asked for again after one', async () => {
  let broken = true;
  const latest = new Latest(() =>
    broken ? Promise.reject(new Error('no')) : Promise.resolve('yes'),
  );
  await expect(latest.get(Infinity)).rejects.toThrow('no');
  broken = false;
  expect(await latest.get(Infinity)).toBe('yes');
});
