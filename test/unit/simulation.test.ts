// The smoke of the simulation: workers, nodes and the ledger on a fake clock, under whatever the seeds bring.

import { describe, expect, it, vi } from 'vitest';
import { runSeeds, traceSeed } from '../faults/sim/run.ts';
import type { Result } from '../faults/sim/simulation.ts';

vi.mock('../../src/beanstalk/connection.ts', () => import('../faults/sim/connection.ts'));

/** One seed to be shown step by step, instead of those of the smoke. */
const shown = process.env['DQ_SEED'];

/** In ms: it computes for all its time, and a machine may have little to spare. */
const longest = 300_000;

describe.each([
  ['cluster', 500],
  ['machine', 80],
] as const)('a %s', { timeout: longest }, (place, count) => {
  const seeds =
    shown === undefined ? Array.from({ length: count }, (_, at) => at + 1) : [Number(shown)];

  it('keeps every promise', async () => {
    const results: Result[] = [];
    await runSeeds(place, seeds, (result) => {
      results.push(result);
      return result.violations.length === 0;
    });
    const broken = results.find(({ violations }) => violations.length > 0);
    if (shown !== undefined || broken !== undefined) {
      const { lines } = await traceSeed(place, broken?.seed ?? Number(shown));
      process.stdout.write(`${lines.join('\n')}\n`);
    }
    expect(broken).toBeUndefined();
  });

  it('is the same each time', async () => {
    const [seed] = seeds;
    const traces = [await traceSeed(place, seed!), await traceSeed(place, seed!)];
    expect(traces[0]?.lines).toEqual(traces[1]?.lines);
  });
});
