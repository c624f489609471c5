// Bulk: accepted in order, and nothing kept from the first refused record on.

import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { putInOrder } from '../../../src/produce/bulk.ts';
import type { Accepted } from '../../../src/produce/producer.ts';

/** In batches of 0, 1, 2, 3 … */
async function* numbers(count: number): AsyncGenerator<number[]> {
  for (let from = 0, size = 0; from < count; from += size, size += 1) {
    const length = Math.min(size, count - from);
    yield await Promise.resolve(Array.from({ length }, (_, at) => from + at));
  }
}

function job(number: number): Accepted {
  const none = { addresses: [], replicas: [], failed: [] };
  return { receipt: String(number), envelope: Buffer.alloc(0), dueNs: 0n, ...none };
}

async function run(count: number, refused: number, inFlight: number, refusedToo = -1) {
  const accepted: string[] = [];
  const undone: string[] = [];
  const late: string[] = [];
  let most = 0;
  let under = 0;
  const end = await putInOrder(numbers(count), {
    put: async (number) => {
      under += 1;
      most = Math.max(most, under);
      // The later ones are answered first.
      for (let turns = count - number; turns > 0; turns--) await Promise.resolve();
      under -= 1;
      if (number === refused) throw new Error('no');
      if (number === refusedToo) throw new Error('neither');
      if (number > refused) late.push(String(number));
      return job(number);
    },
    undo: ({ receipt }) => {
      undone.push(receipt);
      return Promise.resolve(receipt !== '7');
    },
    onAccepted: (jobs) => void accepted.push(...jobs.map(({ receipt }) => receipt)),
    inFlight,
  });
  return { end, accepted, undone, late, most };
}

test('all are accepted, in order, with no more in flight than allowed', async () => {
  const { end, accepted, undone, most } = await run(50, -1, 7);
  expect(end).toEqual({ accepted: 50, refusal: undefined, mayRun: [], moreRefusals: [] });
  expect(accepted).toEqual(Array.from({ length: 50 }, (_, at) => String(at)));
  expect(undone).toEqual([]);
  expect(most).toBeLessThanOrEqual(7);
});

test.each([1, 3, 100])(
  'those after the refused one are undone, with %i in flight',
  async (inFlight) => {
    const { end, accepted, undone, late } = await run(20, 5, inFlight);
    expect(end).toMatchObject({ accepted: 5, refusal: new Error('no') });
    expect(end.mayRun.map(({ receipt }) => receipt)).toEqual(inFlight > 3 ? ['7'] : []);
    expect(accepted).toEqual(['0', '1', '2', '3', '4']);
    expect(undone.sort()).toEqual(late.sort());
    expect(late.length).toBeLessThan(inFlight);
  },
);

test('why others after the refused one were refused is told', async () => {
  const { end, late } = await run(20, 5, 100, 9);
  expect(end).toMatchObject({ refusal: new Error('no'), moreRefusals: [new Error('neither')] });
  expect(late).not.toContain('9');
});
