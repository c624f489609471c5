// A table for people: columns that line up, in lines that are no longer than they may be.

export interface Column {
  readonly head: string;
  /** Numbers end where the column ends. */
  readonly right?: boolean;
}

export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

export interface Row {
  readonly cells: readonly Cell[];
  /** What follows the cells, over all the columns that are left. */
  readonly rest?: Cell;
}

export interface TableOptions {
  /** Of a line, in characters. */
  readonly width: number;
  readonly paintHead: (text: string) => string;
}

const gap = '  ';

/** The first column is a name; a longer one is cut to as little as this before columns are left out. */
const shortestName = 24;

/** A column that doesn't fit is left out, with all after it: half a number would be a lie. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly Row[],
  { width, paintHead }: TableOptions,
): string[] {
  const head: Row = { cells: columns.map(({ head: text }) => ({ text, paint: paintHead })) };
  const all = [head, ...rows];
  const widths = fitted(
    columns.map((_, at) => Math.max(...all.map(({ cells }) => cells[at]?.text.length ?? 0))),
    width,
  );
  return all.map((row) => lineOf(row, columns, widths, width));
}

/** The widths of the columns that fit. */
function fitted(wanted: readonly number[], width: number): number[] {
  const [name = 0, ...others] = wanted;
  const over = wanted.reduce((total, each) => total + each + gap.length, -gap.length) - width;
  const widths = [
    Math.min(Math.max(name - Math.max(over, 0), Math.min(name, shortestName)), width),
  ];
  let used = widths[0] ?? 0;
  for (const other of others) {
    used += gap.length + other;
    if (used > width) break;
    widths.push(other);
  }
  return widths;
}

function lineOf(
  { cells, rest }: Row,
  columns: readonly Column[],
  widths: readonly number[],
  width: number,
): string {
  const shown = cells.slice(0, widths.length);
  const parts = shown.map((cell, at) => {
    const last = rest === undefined && at === shown.length - 1;
    return painted(cell, aligned(cell.text, widths[at] ?? 0, columns[at]?.right === true, last));
  });
  const used = widths.slice(0, shown.length).reduce((total, each) => total + each + gap.length, 0);
  if (rest === undefined || used >= width) return parts.join(gap);
  return [...parts, painted(rest, cut(rest.text, width - used))].join(gap);
}

function painted({ paint }: Cell, text: string): string {
  return paint === undefined ? text : paint(text);
}

/** No blanks at the end of a line. */
function aligned(text: string, width: number, right: boolean, last: boolean): string {
  const short = cut(text, width);
  if (right) return short.padStart(width);
  return last ? short : short.padEnd(width);
}

export function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  return width < 1 ? '' : `${text.slice(0, width - 1)}…`;
}
