// From replicas to jobs: at least so many, each counted once.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateJobs, estimateRates, ratesBetween, sum } from '../../../src/queue/tally.ts';
import type { StateCounts } from '../../../src/queue/tally.ts';

const none: StateCounts = { ready: 0, reserved: 0, delayed: 0, buried: 0 };
const states = ['ready', 'reserved', 'delayed', 'buried'] as const;

describe('the jobs of a tube', () => {
  it('on every node are as many as replicas on one', () => {
    const counts = { ready: 12, reserved: 0, delayed: 1203, buried: 1 };
    expect(estimateJobs([counts, counts, counts], 3)).toEqual(counts);
  });

  it('on some of the nodes are as many as replicas by copies', () => {
    const nodes = [4, 3, 3, 2].map((delayed) => ({ ...none, delayed }));
    expect(estimateJobs(nodes, 3)).toEqual({ ...none, delayed: 4 });
    expect(estimateJobs(nodes, 2)).toEqual({ ...none, delayed: 6 });
    expect(estimateJobs(nodes, 1)).toEqual({ ...none, delayed: 12 });
  });

  it('are those of the fullest node when another has forgotten some', () => {
    const nodes = [{ ...none, ready: 7 }, none, { ...none, ready: 2 }];
    expect(estimateJobs(nodes, 3)).toEqual({ ...none, ready: 7 });
  });

  it('count once, in the most telling state: the spares of a running job are no jobs', () => {
    const nodes = [
      { ...none, reserved: 1 },
      { ...none, delayed: 1 },
      { ...none, ready: 1 },
    ];
    expect(estimateJobs(nodes, 3)).toEqual({ ...none, reserved: 1 });
  });

  it('are none without nodes', () => {
    expect(estimateJobs([], 1)).toEqual(none);
  });

  it('are never more than there are, and exactly those when every replica is there', () => {
    const job = fc.record({
      state: fc.constantFrom(...states),
      nodes: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 1, maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(job, { maxLength: 40 }), (jobs) => {
        const nodes = [0, 1, 2, 3].map((node) =>
          countsOf(jobs.filter((each) => each.nodes.includes(node))),
        );
        const estimate = estimateJobs(nodes, 3);
        expect(sum(estimate)).toBeLessThanOrEqual(jobs.length);
        expect(sum(estimate)).toBeGreaterThanOrEqual(Math.max(...nodes.map(sum)));
        const whole = jobs.filter((each) => each.nodes.length === 3);
        const full = [0, 1, 2, 3].map((node) =>
          countsOf(whole.filter((each) => each.nodes.includes(node))),
        );
        expect(estimateJobs(full, 3)).toEqual(countsOf(whole));
      }),
    );
  });
});

function countsOf(jobs: readonly { readonly state: keyof StateCounts }[]): StateCounts {
  const count = (state: keyof StateCounts): number =>
    jobs.filter((job) => job.state === state).length;
  return {
    ready: count('ready'),
    reserved: count('reserved'),
    delayed: count('delayed'),
    buried: count('buried'),
  };
}

describe('rates', () => {
  it('are the difference by the time', () => {
    const rates = ratesBetween({ put: 10, deleted: 4 }, { put: 30, deleted: 5 }, 2);
    expect(rates).toEqual({ put: 10, deleted: 0.5 });
  });

  it('begin anew with totals that went back: the tube had vanished, or the node was restarted', () => {
    const rates = ratesBetween({ put: 100, deleted: 90 }, { put: 6, deleted: 2 }, 2);
    expect(rates).toEqual({ put: 3, deleted: 1 });
    expect(ratesBetween({ put: 5, deleted: 5 }, { put: 6, deleted: 0 }, 1).put).toBe(6);
  });

  it('of jobs come from those of replicas as their numbers do', () => {
    const rates = estimateRates(
      [4, 3, 5].map((put) => ({ put, deleted: 2 * put })),
      2,
    );
    expect(rates).toEqual({ put: 6, deleted: 12 });
  });
});
