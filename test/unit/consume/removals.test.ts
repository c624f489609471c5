// Removals: what is added in one tick is deleted with one call a node, and kept until it is gone.

import { expect, it } from 'vitest';
import { Keeper, type Kept } from '../../../src/consume/keeper.ts';
import { Removals } from '../../../src/consume/removals.ts';
import { nowhere } from '../../../src/consume/rounds.ts';
import { NodeError } from '../../../src/core/errors.ts';
import type { QueueNode, Refused, Reservation } from '../../../src/queue/node.ts';

const full = new NodeError('a:1', 'out-of-memory', 'out of memory');

/** Each call of `deleteAll` by the ids that it got; it refuses id 2, whose own `delete` tells what is still kept. */
function bench() {
  const calls: bigint[][] = [];
  const events: string[] = [];
  const works: Promise<unknown>[] = [];
  const kept: Kept[] = [];
  let stillKept: bigint[] = [];
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const keeper = new Keeper(clock, () => undefined);
  const giveUp = new AbortController();
  const parts = {
    clock,
    keeper,
    random: () => 0,
    report: ({ event }: { event: string }) => events.push(event),
  };
  const removals = new Removals(parts, giveUp.signal, (work) => works.push(work));
  const nodeOf = (endpoint: string): QueueNode =>
    ({
      endpoint,
      deleteAll: (reservations: readonly Reservation[]): Promise<Refused[]> => {
        calls.push(reservations.map(({ id }) => id));
        const refused = reservations.filter(({ id }) => id === 2n);
        return Promise.resolve(refused.map((reservation) => ({ reservation, error: full })));
      },
    }) as unknown as QueueNode;
  const add = (node: QueueNode, id: bigint): void => {
    const one = keeper.keep({
      ...{ node, id },
      delete: () => {
        stillKept = idsKept();
        return Promise.resolve(true);
      },
    } as unknown as Reservation);
    kept.push(one);
    removals.add(one);
  };
  const idsKept = (): bigint[] =>
    kept.filter(({ place }) => place !== nowhere).map(({ reservation }) => reservation.id);
  return { calls, events, works, giveUp, nodeOf, add, idsKept, stillKept: () => stillKept };
}

it('deletes those of a tick together, and what was refused by itself', async () => {
  const { calls, events, works, nodeOf, add, idsKept, stillKept } = bench();
  const [a, b] = [nodeOf('a:1'), nodeOf('b:1')];
  add(a, 1n);
  add(b, 3n);
  add(a, 2n);
  expect([works.length, idsKept()]).toEqual([1, [1n, 3n, 2n]]);
  await Promise.all(works);
  expect(calls).toEqual([[1n, 2n], [3n]]);
  expect([events, stillKept(), idsKept()]).toEqual([['refused'], [2n], []]);
  add(a, 4n);
  await Promise.all(works);
  expect([works.length, calls[2], idsKept()]).toEqual([2, [4n], []]);
});

it('asks for the deletes in the tick itself, so that they go out in one write with what else it asks', async () => {
  const { calls, works, nodeOf, add } = bench();
  add(nodeOf('a:1'), 1n);
  const asked = await new Promise((resolve) => {
    process.nextTick(() => {
      resolve([...calls]);
    });
  });
  expect(asked).toEqual([[1n]]);
  await Promise.all(works);
});

it('deletes nothing more when the worker has given up', async () => {
  const { calls, works, giveUp, nodeOf, add, idsKept } = bench();
  add(nodeOf('a:1'), 1n);
  giveUp.abort();
  await Promise.all(works);
  expect([calls, idsKept()]).toEqual([[], []]);
});
