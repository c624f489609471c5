// Bulk: accepted in order, and nothing kept from the first refused record on.

import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { DqError } from '../../../src/core/errors.ts';
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
  const none = { replicas: [], failed: [] };
  return { receipt: String(number), envelope: Buffer.alloc(0), dueNs: 0n, ...none };
}

interface Plan {
  readonly count: number;
  readonly inFlight: number;
  readonly refused?: readonly number[];
  /** Of whose batch none is put. */
  readonly failing?: number;
}

const atOnce = 3;

async function run({ count, inFlight, refused = [], failing = -1 }: Plan) {
  const accepted: string[] = [];
  const places: number[] = [];
  const put: string[] = [];
  const undone: string[] = [];
  let most = 0;
  let under = 0;
  let largest = 0;
  const end = await putInOrder(numbers(count), {
    put: async (records) => {
      under += 1;
      most = Math.max(most, under);
      largest = Math.max(largest, records.length);
      // The later ones are answered first.
      for (let turns = 2 * (count - records[0]!); turns > 0; turns--) await Promise.resolve();
      under -= 1;
      if (records.includes(failing)) throw new Error('none');
      return records.map((number) => {
        if (refused.includes(number)) return new DqError('unavailable', `not ${number}`);
        put.push(String(number));
        return job(number);
      });
    },
    undo: ({ receipt }) => {
      undone.push(receipt);
      return Promise.resolve(receipt !== '7');
    },
    onAccepted: (jobs, records) => {
      accepted.push(...jobs.map(({ receipt }) => receipt));
      places.push(...records.slice(0, jobs.length));
    },
    atOnce,
    inFlight,
  });
  expect(places.map(String)).toEqual(accepted);
  expect(most).toBeLessThanOrEqual(inFlight);
  expect(largest).toBeLessThanOrEqual(atOnce);
  return { end, accepted, undone, kept: put.filter((receipt) => !undone.includes(receipt)) };
}

test('all are accepted, in order, with no more in flight than allowed', async () => {
  const { end, accepted, undone } = await run({ count: 50, inFlight: 7 });
  const none = { refused: undefined, refusal: undefined, mayRun: [], moreRefusals: [] };
  expect(end).toEqual({ accepted: 50, ...none });
  expect(accepted).toEqual(Array.from({ length: 50 }, (_, at) => String(at)));
  expect(undone).toEqual([]);
});

test.each([1, 3, 100])(
  'those after the refused one are undone, with %i batches in flight',
  async (inFlight) => {
    const { end, accepted, undone, kept } = await run({ count: 20, inFlight, refused: [5] });
    expect(end).toMatchObject({ accepted: 5, refused: 5, refusal: { message: 'not 5' } });
    expect(accepted).toEqual(['0', '1', '2', '3', '4']);
    expect(kept).toEqual(accepted);
    expect(end.mayRun.map(({ receipt }) => receipt)).toEqual(undone.includes('7') ? ['7'] : []);
    expect(undone.length).toBeLessThan(inFlight * atOnce);
  },
);

test('why others after the refused one were refused is told', async () => {
  const { end } = await run({ count: 20, inFlight: 100, refused: [5, 9] });
  const refusals = { refusal: { message: 'not 5' }, moreRefusals: [{ message: 'not 9' }] };
  expect(end).toMatchObject({ refused: 5, ...refusals });
});

test('a batch of which none is put is refused from its first record on', async () => {
  const { end, accepted, kept } = await run({ count: 20, inFlight: 100, failing: 7 });
  expect(end).toMatchObject({ accepted: 6, refused: 6, refusal: { message: 'none' } });
  expect(kept).toEqual(accepted);
});

test('what came before the records can not be read on is accepted, then that is told', async () => {
  const accepted: string[] = [];
  const torn = (async function* () {
    yield [0, 1];
    yield await Promise.resolve([2]);
    throw new DqError('unavailable', 'torn');
  })();
  const putting = putInOrder(torn, {
    put: async (records) => {
      await new Promise(setImmediate);
      return records.map(job);
    },
    undo: () => Promise.resolve(true),
    onAccepted: (jobs) => {
      accepted.push(...jobs.map(({ receipt }) => receipt));
    },
    ...{ atOnce, inFlight: 4 },
  });
  await expect(putting).rejects.toThrow('torn');
  expect(accepted).toEqual(['0', '1', '2']);
});

test('a refusal is told whether more records come or not', async () => {
  const waiting = (async function* () {
    yield [0, 1];
    await new Promise(() => undefined);
  })();
  const end = await putInOrder(waiting, {
    put: ([, ...others]) => Promise.resolve([new DqError('unavailable', 'no'), ...others.map(job)]),
    undo: () => Promise.resolve(true),
    onAccepted: () => undefined,
    ...{ atOnce, inFlight: 4 },
  });
  expect(end).toMatchObject({ accepted: 0, refused: 0, refusal: { message: 'no' } });
});
