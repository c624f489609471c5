import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Turns } from '../../../src/run/turns.ts';

/** Acts that begin when their turn comes, and are ended by hand. */
function acts(turns: Turns) {
  const begun: number[] = [];
  const ends: ((end: Promise<void>) => void)[] = [];
  const come = (name: number): Promise<void> =>
    turns.take(() => {
      begun.push(name);
      return new Promise<void>((resolve) => {
        ends[name] = resolve;
      });
    });
  const end = async (name: number, how = Promise.resolve()): Promise<void> => {
    ends[name]?.(how);
    await turn();
  };
  return { begun, come, end };
}

it('so many act at a time, the others in the order of coming', async () => {
  const { begun, come, end } = acts(new Turns(2));
  const all = [0, 1, 2, 3].map(come);
  expect(begun).toEqual([0, 1]);
  await end(1);
  expect(begun).toEqual([0, 1, 2]);
  await end(0);
  expect(begun).toEqual([0, 1, 2, 3]);
  await end(2);
  await end(3);
  await Promise.all(all);
  void come(4);
  void come(5);
  void come(6);
  expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
});

it('who fails leaves the turn to the next, and learns of it', async () => {
  const { begun, come, end } = acts(new Turns(1));
  const [first, second] = [come(0), come(1)];
  const refusal = expect(first).rejects.toThrow('refused');
  await end(0, Promise.reject(new Error('refused')));
  await refusal;
  expect(begun).toEqual([0, 1]);
  await end(1);
  await second;
});

it('who comes just as a turn is passed on does not get between', async () => {
  const { begun, come, end } = acts(new Turns(1));
  const first = come(0).then(() => void come(2));
  void come(1);
  await end(0);
  await first;
  expect(begun).toEqual([0, 1]);
});
