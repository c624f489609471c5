// The picture of `dq stats`: the nodes, the ledger and the tubes as lines. Pure.

import { formatDuration } from '../core/duration.ts';
import { escapeControl } from '../output/escape.ts';
import type { Paint } from '../output/paint.ts';
import { sparkline } from '../output/sparkline.ts';
import { cut, tableLines, type Cell, type Column, type Row } from '../output/table.ts';
import type { NodeFacts, Totals } from '../queue/gauge.ts';
import { sum, type StateCounts } from '../queue/tally.ts';
import type { NodeReport, OnNode, StatsReport, TubeReport } from './stats-report.ts';

export interface Picture {
  /** How many characters a line may have. */
  readonly width: number;
  readonly lines: number;
  readonly paint: Paint;
  /** How many jobs each tube had at the last looks; undefined: there is one look only, so no rates either. */
  readonly trends?: ReadonlyMap<string, readonly number[]> | undefined;
}

const unknown: Cell = { text: '–' };
const stateHeads = ['ready', 'reserved', 'delayed', 'buried'] as const;

export function statsLines(report: StatsReport, picture: Picture): string[] {
  const { lines, width } = picture;
  const all = [...nodeLines(report, picture), '', ...tubeLines(report, picture)];
  if (all.length <= lines) return all;
  const shown = all.slice(0, Math.max(lines - 1, 0));
  return [...shown, cut(leftOut(report, shown.length), width)].slice(0, lines);
}

/** @param shown so many lines, the first of which is the head of the nodes; the tubes are the last ones. */
function leftOut({ nodes, tubes }: StatsReport, shown: number): string {
  const aboveTubes = nodes.length + 4;
  const parts = [
    ['node', nodes.length - Math.max(shown - 1, 0)],
    ['tube', tubes.length - Math.max(shown - aboveTubes, 0)],
  ] as const;
  const left = parts.filter(([, count]) => count > 0);
  return `… ${left.map(([what, count]) => `${count} more ${what}${count === 1 ? '' : 's'}`).join(', ')}`;
}

function nodeLines({ nodes, ledger }: StatsReport, picture: Picture): string[] {
  const { width, paint } = picture;
  const inFile = nodes.some((look) => look.up && look.facts.kind === 'file');
  const about = inFile ? ['file', 'size'] : ['version', 'uptime', 'binlog'];
  const columns: Column[] = [
    { head: 'node (replicas)' },
    { head: 'state' },
    ...[...stateHeads, 'waiting', ...rateHeads(picture)].map((head) => ({ head, right: true })),
    ...about.map((head) => ({ head })),
  ];
  const rows = nodes.map((look, at) =>
    nodeRow(look, nodes.length > 1 ? `${at + 1} ` : '', picture),
  );
  const down = !ledger.up;
  const ledgerRow: Row = {
    cells: [
      { text: 'ledger' },
      down ? { text: 'down', paint: paint.bad } : { text: 'up', paint: paint.good },
    ],
    ...(down && { rest: { text: escapeControl(ledger.error) } }),
  };
  return tableLines(columns, [...rows, ledgerRow], { width, paintHead: paint.dim });
}

function nodeRow(look: NodeReport, number: string, picture: Picture): Row {
  const { paint } = picture;
  const name: Cell = { text: `${number}${look.node}`, paint: paint.strong };
  if (!look.up) {
    const cells = [name, { text: 'down', paint: paint.bad }];
    return { cells, rest: { text: escapeControl(look.error) } };
  }
  const { facts, replicas, waiting } = look;
  const drains = facts.kind === 'beanstalkd' && facts.draining;
  const state = drains
    ? { text: 'draining', paint: paint.warn }
    : { text: 'up', paint: paint.good };
  return {
    cells: [
      ...[name, state, ...countCells(replicas, paint), { text: String(waiting) }],
      ...[...rateCells(look, picture), ...factCells(facts, paint)],
    ],
  };
}

function factCells(facts: NodeFacts, paint: Paint): Cell[] {
  if (facts.kind === 'file') {
    return [{ text: escapeControl(facts.path) }, { text: shortSize(facts.bytes) }];
  }
  return [
    { text: escapeControl(facts.version) },
    { text: shortDuration(facts.uptime * 1_000) },
    facts.binlog ? { text: 'yes' } : { text: 'no', paint: paint.warn },
  ];
}

function tubeLines(report: StatsReport, picture: Picture): string[] {
  const { tubes, nodes, exact } = report;
  const { width, paint, trends } = picture;
  const side = nodes.length === 1 ? [] : nodes.map((_, at) => `on ${at + 1}`);
  const numbers = (heads: readonly string[]): Column[] =>
    heads.map((head) => ({ head, right: true }));
  const columns = [
    { head: exact ? 'tube (jobs)' : 'tube (≈ jobs)' },
    ...numbers([...stateHeads, 'waiting', 'lag', ...rateHeads(picture), ...side]),
    ...(trends === undefined ? [] : [{ head: 'trend' }]),
  ];
  const rows = tubes.map((tube) => ({ cells: tubeCells(tube, report, picture) }));
  return tableLines(columns, rows, { width, paintHead: paint.dim });
}

function tubeCells(tube: TubeReport, { now, nodes }: StatsReport, picture: Picture): Cell[] {
  const { paint, trends } = picture;
  const side = nodes.length === 1 ? [] : tube.nodes.map(depth);
  const trend = trends && [{ text: sparkline(trends.get(tube.tube) ?? []), paint: paint.dim }];
  return [
    { text: escapeControl(tube.tube), paint: paint.strong },
    ...countCells(tube.jobs, paint),
    tube.waiting === undefined ? unknown : { text: String(tube.waiting) },
    tube.nextDue === undefined ? unknown : { text: shortDuration(now - tube.nextDue) },
    ...rateCells(tube, picture),
    ...side,
    ...(trend ?? []),
  ];
}

function depth(onNode: OnNode | undefined): Cell {
  return onNode === undefined ? unknown : { text: String(sum(onNode.replicas)) };
}

function countCells(counts: StateCounts | undefined, paint: Paint): Cell[] {
  return stateHeads.map((state) => {
    if (counts === undefined) return unknown;
    const text = String(counts[state]);
    return state === 'buried' && counts[state] > 0 ? { text, paint: paint.warn } : { text };
  });
}

function rateHeads({ trends }: Picture): string[] {
  return trends === undefined ? [] : ['put/s', 'del/s'];
}

function rateCells({ rates }: { readonly rates: Totals | undefined }, { trends }: Picture): Cell[] {
  if (trends === undefined) return [];
  if (rates === undefined) return [unknown, unknown];
  return [rates.put, rates.deleted].map((rate) => ({ text: shortRate(rate) }));
}

const exactBelow = 100;

function shortRate(rate: number): string {
  return rate < exactBelow ? rate.toFixed(1) : rate.toFixed(0);
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** To two units at most. */
export function shortDuration(ms: number): string {
  const size = Math.max(0, ms);
  const step = [100, second, minute, hour][
    [10 * second, hour, 24 * hour].filter((most) => size >= most).length
  ];
  return formatDuration(size - (size % (step ?? hour)));
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

function shortSize(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const size = bytes / 1_000 ** power;
  return `${power === 0 ? size : size.toFixed(1)} ${units[power] ?? ''}`;
}
