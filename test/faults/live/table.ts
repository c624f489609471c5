// The fault table: one line for each row, in Markdown.

import type { Outcome } from './outcome.ts';
import { twiceText } from './outcome.ts';

export type Line = Outcome | { readonly row: string; readonly notRun: string };

const heads = [
  'fault',
  'accepted',
  'on 2 nodes',
  'refused',
  'succeeded',
  'twice',
  'lost',
  'early',
  'replicas left',
  'next success after',
  'caught up after',
];

export function tableOf(lines: readonly Line[]): string {
  const rows = [heads, heads.map(() => '---'), ...lines.map(cellsOf)];
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function cellsOf(line: Line): string[] {
  if ('notRun' in line) return [line.row, `not run: ${line.notRun}`, ...Array<string>(9).fill('')];
  const { row, accepted, short, refused, succeeded, twice, lost, early, left } = line;
  const counts = [accepted, short, refused, succeeded].map(String);
  const rest = [lost, early, left].map(String);
  const times = [line.recovery?.nextMs, line.recovery?.caughtUpMs].map(secondsText);
  return [row, ...counts, twiceText(twice), ...rest, ...times];
}

function secondsText(ms: number | undefined): string {
  return ms === undefined ? '–' : `${(ms / 1_000).toFixed(1)} s`;
}
