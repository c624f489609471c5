// How long a worker remembers what is done, and that it doesn't remember for ever.

import { expect, it } from 'vitest';
import { Finished } from '../../../src/consume/finished.ts';
import type { Clock } from '../../../src/core/clock.ts';

function memory() {
  let now = 0;
  const clock: Clock = { now: () => now, sleep: () => Promise.resolve() };
  const pass = (ms: number): void => {
    now += ms;
  };
  return { finished: new Finished(clock), pass };
}

it('knows what was done, and nothing else', () => {
  const { finished } = memory();
  finished.add('tube:a');
  expect([finished.has('tube:a'), finished.has('tube:b')]).toEqual([true, false]);
});

it('remembers ten thousand jobs, and less than thirty thousand', () => {
  const { finished } = memory();
  const all = Array.from({ length: 30_000 }, (_, at) => `tube:${at}`);
  for (const name of all) finished.add(name);
  const known = all.filter((name) => finished.has(name));
  expect(known).toEqual(all.slice(-known.length));
  expect(known.length).toBeGreaterThanOrEqual(10_000);
  expect(known.length).toBeLessThanOrEqual(20_000);
});

it('remembers for a minute, and forgets what is older when there is more to remember', () => {
  const { finished, pass } = memory();
  finished.add('tube:a');
  pass(60_000);
  finished.add('tube:b');
  expect(finished.has('tube:a')).toBe(true);
  for (const name of ['tube:c', 'tube:d']) {
    pass(60_001);
    finished.add(name);
  }
  expect([finished.has('tube:a'), finished.has('tube:c')]).toEqual([false, true]);
});
