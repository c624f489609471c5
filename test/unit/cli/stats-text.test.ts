// The picture of `dq stats`, as wide and as high as the terminal is.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Looks, NodeLook, TubeLook } from '../../../src/cli/lookout.ts';
import { statsJson } from '../../../src/cli/stats-json.ts';
import { reportOf, type StatsReport } from '../../../src/cli/stats-report.ts';
import { shortDuration, statsLines } from '../../../src/cli/stats-text.ts';
import { plain } from '../../../src/output/paint.ts';

const now = Date.parse('2027-01-01T00:00:00Z');
const empty: TubeLook = {
  ...{ ready: 0, reserved: 0, delayed: 0, buried: 0, waiting: 0 },
  totals: { put: 0, deleted: 0 },
  rates: undefined,
  nextDue: undefined,
};

function up(node: string, tubes: Readonly<Record<string, Partial<TubeLook>>>): NodeLook {
  const facts = {
    kind: 'beanstalkd',
    version: '1.12',
    uptime: 270_000,
    binlog: true,
    draining: false,
  } as const;
  const looks = Object.entries(tubes).map(([name, tube]) => [name, { ...empty, ...tube }] as const);
  return { node, up: true, facts, tubes: new Map(looks) };
}

const mail = { ready: 12, reserved: 4, delayed: 1_203, waiting: 2, nextDue: now - 1_234 };
const nodes: NodeLook[] = [
  up('10.0.0.1:11300', { mail, 'mail.cron': { delayed: 24 } }),
  up('10.0.0.2:11300', { mail: { ...mail, buried: 1 }, default: {} }),
  { node: '10.0.0.3:11300', up: false, error: 'connection refused' },
];

function report(looks: Partial<Looks> = {}, tubes = ['mail']): StatsReport {
  return reportOf({ nodes, ledger: { up: true }, ...looks }, { now, replicas: 3, tubes });
}

const whole = { width: Infinity, lines: Infinity, paint: plain };

describe('one look', () => {
  it('has the nodes side by side, and each tube in a line', () => {
    expect(statsLines(report(), whole).join('\n')).toBe(`\
node (replicas)   state  ready  reserved  delayed  buried  waiting  version  uptime  binlog
1 10.0.0.1:11300  up        12         4     1227       0        2  1.12     3d3h    yes
2 10.0.0.2:11300  up        12         4     1203       1        2  1.12     3d3h    yes
3 10.0.0.3:11300  down   connection refused
ledger            up

tube (≈ jobs)  ready  reserved  delayed  buried  waiting   lag  on 1  on 2  on 3
mail              12         4     1203       1        2  1.2s  1219  1220     –
mail.cron          0         0       24       0        0     –    24     0     –`);
  });

  it('has no ≈ where each job has one replica, and no numbers for a single node', () => {
    const looks = { nodes: nodes.slice(0, 1), ledger: { up: true } as const };
    const one = reportOf(looks, { now, replicas: 1, tubes: [] });
    const text = statsLines(one, whole).join('\n');
    expect(text).toMatch(/^10\.0\.0\.1:11300 {3}up/m);
    expect(text).toMatch(/^tube \(jobs\)/m);
    expect(text).not.toContain('on 1');
  });

  it('knows nothing of the jobs when no node answered', () => {
    const none = report({ nodes: nodes.slice(2) });
    expect(statsLines(none, whole).at(-1)).toMatch(/^mail( +–){6}$/);
    expect(statsJson(none)).toMatchObject([{ tube: 'mail', jobs: null, waiting: null }]);
  });

  it('says why the ledger is down, and what a stranger wrote is no escape', () => {
    const text = statsLines(report({ ledger: { up: false, error: 'redis \u001b[2J' } }), whole);
    expect(text).toContain('ledger            down   redis \\e[2J');
  });

  it('tells a tube that no node knows, and the built-in one only when there is something in it', () => {
    expect(report({}, ['null']).tubes.map(({ tube }) => tube)).toEqual([
      'mail',
      'mail.cron',
      'null',
    ]);
    const busy = report({ nodes: [up('a:1', { default: { waiting: 1 } })] });
    expect(busy.tubes.map(({ tube }) => tube)).toEqual(['default', 'mail']);
  });
});

describe('a watch', () => {
  const rates = { put: 3.25, deleted: 120.4 };
  const watched = report({
    nodes: [up('a:1', { mail: { ...mail, rates } }), up('b:1', { mail: { ...mail, rates } })],
  });
  const trends = new Map([['mail', [0, 600, 1_219]]]);

  it('has rates and a trend', () => {
    const lines = statsLines(watched, { ...whole, trends });
    expect(lines[0]).toMatch(/ put\/s {2}del\/s {2}version/);
    expect(lines.at(-1)).toBe(
      'mail              12         4     1203       0        2  1.2s    3.3    120  1219  1219   ▄█',
    );
  });

  it('says how many tubes there is no room for', () => {
    const tubes = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [`tube-${at + 10}`, {}]),
    );
    const many = report({ nodes: [up('a:1', tubes)] }, []);
    const lines = statsLines(many, { ...whole, lines: 14 });
    expect(lines).toHaveLength(14);
    expect(lines.slice(-2)).toEqual([expect.stringMatching(/^tube-17/), '… 12 more tubes']);
    expect(statsLines(many, { ...whole, lines: 25 }).at(-1)).toMatch(/^tube-29/);
    expect(statsLines(many, { ...whole, lines: 24 }).at(-1)).toBe('… 2 more tubes');
  });

  it.each([
    [1, '… 3 more nodes, 2 more tubes'],
    [2, '… 3 more nodes, 2 more tubes'],
    [3, '… 2 more nodes, 2 more tubes'],
    [4, '… 1 more node, 2 more tubes'],
    [5, '… 2 more tubes'],
    [8, '… 2 more tubes'],
  ])('says in %i lines what else there is', (lines, last) => {
    const shown = statsLines(report(), { ...whole, lines });
    expect([shown.length, shown.at(-1)]).toEqual([lines, last]);
  });

  it('fits into any terminal', () => {
    const size = fc.record({
      width: fc.integer({ min: 1, max: 130 }),
      lines: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(size, fc.boolean(), ({ width, lines }, hasTrends) => {
        const picture = { width, lines, paint: plain, trends: hasTrends ? trends : undefined };
        const shown = statsLines(report(), picture);
        expect(shown.length).toBeLessThanOrEqual(lines);
        for (const line of shown) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });
});

it.each([
  [-5, '0s'],
  [340, '300ms'],
  [9_999, '9.9s'],
  [59_999, '59s'],
  [3_599_999, '59m59s'],
  [3_661_000, '1h1m'],
  [90_061_000, '1d1h'],
])('%i ms is %s', (ms, text) => {
  expect(shortDuration(ms)).toBe(text);
});
