// Columns line up, and no line is longer than it may be.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sparkline } from '../../../src/output/sparkline.ts';
import { tableLines, type Column, type Row } from '../../../src/output/table.ts';

const columns: Column[] = [
  { head: 'name' },
  { head: 'n', right: true },
  { head: 'many', right: true },
];
const row = (...texts: string[]): Row => ({ cells: texts.map((text) => ({ text })) });
const asItIs = (text: string): string => text;

function lines(rows: readonly Row[], width = Infinity): string[] {
  return tableLines(columns, rows, { width, paintHead: asItIs });
}

describe('a table', () => {
  it('is as wide as its widest cells; numbers end where their column ends', () => {
    expect(lines([row('a', '1', '2'), row('longer', '10000', '3')])).toEqual([
      'name        n  many',
      'a           1     2',
      'longer  10000     3',
    ]);
  });

  it('has a rest over all that is left, which widens no column', () => {
    const rest: Row = { cells: [{ text: 'a' }], rest: { text: 'connection refused' } };
    expect(lines([rest, row('b', '1', '2')])).toEqual([
      'name  n  many',
      'a     connection refused',
      'b     1     2',
    ]);
    expect(lines([rest], 13)[1]).toBe('a     connec…');
  });

  it('leaves columns out instead of cutting numbers', () => {
    expect(lines([row('a', '123456', '7')], 13)).toEqual(['name       n', 'a     123456']);
    expect(lines([row('a', '123456', '7')], 11)).toEqual(['name', 'a']);
  });

  it('cuts a long name before it leaves a column out', () => {
    const long = 'x'.repeat(40);
    const [, line] = lines([row(long, '1', '2')], 33);
    expect(line).toBe(`${'x'.repeat(23)}…  1     2`);
  });

  it('paints the cell with its padding, and counts no colours', () => {
    const rows: Row[] = [{ cells: [{ text: 'a', paint: (text) => `<${text}>` }, { text: '1' }] }];
    expect(lines(rows)[1]).toBe('<a   >  1');
  });

  it('fits, whatever the width', () => {
    const texts = fc.tuple(
      fc.string({ maxLength: 50 }),
      fc.string({ maxLength: 9 }),
      fc.string({ maxLength: 9 }),
    );
    fc.assert(
      fc.property(fc.array(texts), fc.integer({ min: 1, max: 90 }), (cells, width) => {
        for (const line of lines(
          cells.map((each) => row(...each)),
          width,
        )) {
          expect(line.length).toBeLessThanOrEqual(width);
        }
      }),
    );
  });
});

describe('a sparkline', () => {
  it('goes up to the largest, and shows the smallest that is more than nothing', () => {
    expect(sparkline([0, 1, 400, 800])).toBe(' ▁▄█');
    expect(sparkline([0, 0])).toBe('  ');
    expect(sparkline([])).toBe('');
  });
});
