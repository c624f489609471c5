// A job's line: whatever the line before it was, it tells the job's own instant.

import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jobLine } from '../../../src/output/job-line.ts';
import { plain } from '../../../src/output/paint.ts';

const nsPerMs = 1_000_000n;

it('tells due instants as Node does', () => {
  const start = Date.UTC(2026, 10, 22);
  const instants = fc.array(fc.integer({ min: -2_500, max: 2_500 }));
  fc.assert(
    fc.property(instants, fc.constantFrom(0, start, 8.64e15 - 2_500), (offsets, around) => {
      for (const offset of offsets) {
        const ms = Math.max(0, around + offset);
        const job = { state: 'ready', key: 'k', nodes: 1, wanted: 1, payload: Buffer.from('x') };
        const line = jobLine({ ...job, dueNs: BigInt(ms) * nsPerMs }, undefined, plain);
        expect(line.split(/ +/)[1]).toBe(new Date(ms).toISOString());
      }
    }),
  );
});
