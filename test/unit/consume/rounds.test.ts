// Rounds: what is added is visited until it is deleted, whatever else comes and goes.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nowhere, Rounds, type Visited } from '../../../src/consume/rounds.ts';

/** What a round visits after these items came (by their number) and went (coming again). */
async function visitedAfter(moves: readonly number[]): Promise<Visited[]> {
  const items = Array.from({ length: 6 }, (): Visited => ({ place: nowhere }));
  const visited: Visited[] = [];
  const stop = new AbortController();
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const rounds = new Rounds<Visited>(clock, 1, (item) => {
    visited.push(item);
    stop.abort();
  });
  const there = new Set<Visited>();
  for (const move of moves) {
    const item = items[move]!;
    if (there.delete(item)) rounds.delete(item);
    else {
      there.add(item);
      rounds.add(item);
    }
    expect(items.filter((each) => rounds.has(each))).toEqual(
      items.filter((each) => there.has(each)),
    );
    rounds.delete({ place: nowhere });
  }
  if (there.size === 0) return [];
  await rounds.run(stop.signal);
  expect(new Set(visited)).toEqual(there);
  return visited;
}

it('visits each item that is there once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 5 }), { maxLength: 30 }), async (moves) => {
      const visited = await visitedAfter(moves);
      expect(visited.length).toBe(new Set(visited).size);
    }),
  );
});
