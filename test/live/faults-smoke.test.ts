// Some rows of the fault table (`npm run test:faults`), with a tenth of the jobs.

import { describe, expect, it } from 'vitest';
import { play } from '../faults/live/row.ts';
import { networkRows } from '../faults/live/rows/network.ts';
import { nodeRows } from '../faults/live/rows/nodes.ts';
import { redisRows } from '../faults/live/rows/redis.ts';

const chosen = [
  'Redis killed for 5 s, restarted with its data',
  'Redis: every 7th reply cut by a reset in its middle, for 6 s',
  'a node: every connection half-closed, each second for 6 s',
  'kill -9 and restart of all three nodes at once',
  'SIGUSR1: a node drains, then two of three, until they are restarted',
];
const rows = [...nodeRows, ...redisRows, ...networkRows].filter(({ name }) =>
  chosen.includes(name),
);

/** In ms: a row may take 150 s to come to rest. */
const longestRow = 180_000;

describe.concurrent('nothing lost, nothing twice', () => {
  it.each(rows)('$name', { timeout: longestRow }, async (row) => {
    const { lost, twice, left } = await play(row, 0.1);
    expect({ lost, twice, left }).toEqual({ lost: 0, twice: {}, left: 0 });
  });

  it('every row that was chosen is there', () => {
    expect(rows).toHaveLength(chosen.length);
  });
});
