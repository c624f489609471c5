// The options that select jobs: what they mean, and what is refused.

import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import type { JobState, SurveyedReplica } from '../../../src/survey/job.ts';
import {
  hasContent,
  hasState,
  readSelection,
  remarkOnMatch,
} from '../../../src/survey/selection.ts';
import type { SelectionOptions } from '../../../src/survey/selection.ts';

const frame = { now: Date.UTC(2026, 0, 1), zone: 'UTC' };
const read = (options: SelectionOptions) => readSelection(options, frame);

describe('--match', () => {
  it.each([
    ['part', 'a part of it', true],
    ['Part', 'a part of it', false],
    ['', 'anything', true],
    ['.', 'no dot', false],
    ['ü', 'grün', true],
    ['/^a.*it$/', 'a part of it', true],
    ['/^PART/i', 'part', true],
    ['/^part/', 'a part', false],
    ['/a.b/', 'a\nb', false],
    ['/a.b/s', 'a\nb', true],
    ['/^b$/m', 'a\nb', true],
    ['/^.$/u', '💡', true],
    ['/usr/bin', 'in /usr/bin/x', true],
    ['/usr/bin', 'usr/bin', false],
    ['/', 'a/b', true],
    ['//', 'a//b', true],
    ['//', 'a/b', false],
  ])('%s on %j: %s', (match, payload, matches) => {
    const selection = read({ match });
    const job = { dueNs: 1n, payload: Buffer.from(payload) };
    expect(hasContent(selection, job)).toBe(matches);
    expect(hasContent(selection, job)).toBe(matches);
  });

  it('a global expression begins anew each time', () => {
    const selection = read({ match: '/a/gy' });
    const job = { dueNs: 1n, payload: Buffer.from('a') };
    expect([1, 2, 3].map(() => hasContent(selection, job))).toEqual([true, true, true]);
  });

  it('bytes that are no text are matched byte by byte', () => {
    const payload = Buffer.from([0xff, 0x00, 0x61]);
    expect(hasContent(read({ match: '/^\\xff\\0a$/' }), { dueNs: 1n, payload })).toBe(true);
  });

  it.each(['/(/', '/a/uv', '/a/ii'])('%s is no expression', (match) => {
    expect(() => read({ match })).toThrow(expect.objectContaining({ kind: 'usage' }));
  });
});

describe('a remark on --match, when nothing was found', () => {
  it.each(['/x/zz', '/usr/bin', '/x/I', '/^a/b/ix'])('is made on %s', (match) => {
    expect(remarkOnMatch(match)).toContain(`${match} was looked for as it is`);
  });

  it.each([undefined, '', '/', '/x', '/x/', '/x/i', 'x/zz', '/x/y z', '/usr/my'])(
    'is not made on %s',
    (match) => {
      expect(remarkOnMatch(match)).toBeUndefined();
    },
  );
});

describe('--due-before and --due-after', () => {
  const payload = Buffer.from('');
  const at = (dueNs: bigint | undefined) => ({ dueNs, payload });
  const instant = BigInt(Date.UTC(2026, 5, 1)) * 1_000_000n;

  it('leave the instant itself out', () => {
    const before = read({ dueBefore: '2026-06-01T00:00' });
    const after = read({ dueAfter: '2026-06-01T00:00Z' });
    const near = [instant - 1n, instant, instant + 1n];
    expect(near.map((each) => hasContent(before, at(each)))).toEqual([true, false, false]);
    expect(near.map((each) => hasContent(after, at(each)))).toEqual([false, false, true]);
  });

  it('leave out what is never due', () => {
    expect(hasContent(read({ dueBefore: '+1h' }), at(undefined))).toBe(false);
    expect(hasContent(read({ dueAfter: '@0' }), at(undefined))).toBe(false);
  });

  it.each([{ dueBefore: 'soon' }, { dueAfter: '25:00' }])('%o is refused by name', (options) => {
    expect(() => read(options)).toThrow(/^--due-(before|after): /);
  });
});

describe('--state', () => {
  it('takes one or several', () => {
    const selection = read({ state: 'ready,claimed' });
    expect(hasState(selection, 'ready', [])).toBe(true);
    expect(hasState(selection, 'claimed', [])).toBe(true);
    expect(hasState(selection, 'buried', [])).toBe(false);
  });

  it('buried means dead too, dead means dead', () => {
    expect(hasState(read({ state: 'buried' }), 'dead', [])).toBe(true);
    expect(hasState(read({ state: 'dead' }), 'buried', [])).toBe(false);
  });

  it('buried means what is left of a job that has ended', () => {
    const [buried, ready] = (['buried', 'ready'] as const).map((state) => [{ stats: { state } }]);
    const has = (state: JobState, replicas: unknown) =>
      hasState(read({ state: 'buried' }), state, replicas as SurveyedReplica[]);
    expect([has('revoked', buried), has('done', buried)]).toEqual([true, true]);
    expect([has('revoked', ready), has('retry', buried)]).toEqual([false, false]);
  });

  it('everything when left out', () => {
    expect(hasState(read({}), 'done', [])).toBe(true);
  });

  it.each([
    ['redy', 'did you mean ready?'],
    ['', /^states are ready, delayed/],
    ['toString', /^states are/],
  ])('%j is refused', (state, hint) => {
    expect(() => read({ state })).toThrow(
      expect.objectContaining({
        kind: 'usage',
        hint: typeof hint === 'string' ? hint : (expect.stringMatching(hint) as string),
      }),
    );
  });
});
