// What every board must do, wherever it keeps its marks and records.

import { describe, expect, test } from 'vitest';
import type { Board } from '../../src/ledger/board.ts';
import { until } from '../support/wait.ts';

/** @param open a board of that tube; two of the same tube are one board. */
export function boardContract(name: string, open: (tube: string) => Promise<Board>): void {
  describe(`a board: ${name}`, () => {
    test('it has a clock', async () => {
      const board = await open('clock');
      const before = await board.now();
      expect(Number.isInteger(before)).toBe(true);
      expect(Math.abs(Date.now() - before)).toBeLessThan(60_000);
      await until('time passes', async () => (await board.now()) > before);
    });

    test('a mark that never was moved is told from one that was', async () => {
      const board = await open('fresh');
      expect(await board.absences(['a', 'b'])).toEqual([undefined, undefined]);
      await board.advance(['b']);
      const [a, b] = await board.absences(['a', 'b']);
      expect(a).toBeUndefined();
      expect(b).toBeGreaterThanOrEqual(0);
    });

    test('to look moves no mark', async () => {
      const board = await open('looks');
      await board.advance(['a']);
      const first = await until('time passes', async () => {
        const [ago] = await board.absences(['a']);
        return ago !== undefined && ago > 0 ? ago : undefined;
      });
      const [later] = await board.absences(['a']);
      expect(later).toBeGreaterThanOrEqual(first);
      await board.advance(['a']);
      await board.advance([]);
    });

    test('another one of the same tube sees it, one of another tube doesn’t', async () => {
      const [one, same, other] = [await open('x'), await open('x'), await open('y')];
      await one.advance(['a']);
      await one.record('a', 'first');
      expect((await same.absences(['a']))[0]).toBeDefined();
      expect(await same.records(['a'])).toEqual(['first']);
      expect(await other.absences(['a'])).toEqual([undefined]);
      expect(await other.records(['a'])).toEqual([undefined]);
    });

    test('of each entry the last record is kept, beside its mark', async () => {
      const board = await open('records');
      expect(await board.records([])).toEqual([]);
      await board.record('a', '{"n":1}');
      expect(await board.absences(['a'])).toEqual([undefined]);
      await board.advance(['a', 'c@host']);
      await board.record('a', '{"n":2}');
      await board.record('c', 'é\n');
      expect(await board.records(['c', 'b', 'a'])).toEqual(['é\n', undefined, '{"n":2}']);
      expect((await board.absences(['a']))[0]).toBeDefined();
    });

    test('the youngest mark of all is told', async () => {
      const board = await open('youngest');
      expect(await board.lastAdvance()).toBeUndefined();
      await board.record('a', 'no mark');
      expect(await board.lastAdvance()).toBeUndefined();
      await board.advance(['a']);
      await until('time passes', async () => Number(await board.lastAdvance()) > 0);
      await board.advance(['b']);
      const [a] = await board.absences(['a']);
      expect(await board.lastAdvance()).toBeLessThan(a ?? 0);
    });

    test('of each process the last beat is told, until it ends', async () => {
      const [board, same, other] = [await open('beats'), await open('beats'), await open('none')];
      expect(await board.beats()).toEqual([]);
      await board.beat('p', '{"é":1}');
      await board.beat('p', '{"é": 2}\nx');
      await board.beat('q', 'of q');
      const told = (await same.beats()).sort((a, b) => (a.process < b.process ? -1 : 1));
      expect(told).toEqual([
        { process: 'p', text: '{"é": 2}\nx', agoMs: expect.any(Number) as number },
        { process: 'q', text: 'of q', agoMs: expect.any(Number) as number },
      ]);
      expect(told.every(({ agoMs }) => agoMs >= 0 && agoMs < 60_000)).toBe(true);
      expect(await other.beats()).toEqual([]);
      await same.endBeat('p');
      await same.endBeat('p');
      expect((await board.beats()).map(({ process }) => process)).toEqual(['q']);
    });

    test('as many entries as a schedule may have', async () => {
      const board = await open('many');
      const names = Array.from({ length: 1_201 }, (_, at) => `entry-${at}`);
      await board.advance(names.slice(0, 1_200));
      const ago = await board.absences(names);
      expect(ago).toHaveLength(1_201);
      expect(ago.filter((ms) => ms === undefined)).toHaveLength(1);
      expect(ago.at(-1)).toBeUndefined();
    });
  });
}
