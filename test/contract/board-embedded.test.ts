// The board in the queue file keeps the contract.

import { afterAll, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { EmbeddedBoard } from '../../src/embedded/board.ts';
import type { Database } from '../../src/embedded/database.ts';
import { openEmbedded, type Embedded } from '../../src/embedded/embedded.ts';
import { temporaryFolder } from '../support/servers.ts';
import { boardContract } from './board.ts';

const folder = temporaryFolder();
const opened: Embedded[] = [];

afterAll(() => {
  for (const embedded of opened) embedded.close();
});

boardContract('embedded', async (tube) => {
  const embedded = await openEmbedded({ folder });
  opened.push(embedded);
  return embedded.board(tube);
});

it('an old beat is told no more, and is removed by the next one', async () => {
  let ahead = 0;
  const clock = { ...systemClock, now: () => Date.now() + ahead };
  const embedded = await openEmbedded({ folder: temporaryFolder(), clock });
  opened.push(embedded);
  const [board, other] = [embedded.board('one'), embedded.board('other')];
  await board.beat('old', '');
  ahead = 60_000;
  await board.beat('young', '');
  ahead = 91_000;
  const told = async (): Promise<string[]> => (await board.beats()).map(({ process }) => process);
  expect(await told()).toEqual(['young']);
  await other.beat('new', '');
  ahead = 0;
  expect(await told()).toEqual(['young']);
});

it('asks the file once, for however many entries: each statement locks it', async () => {
  const asked: string[] = [];
  const ask = (sql: string): [] => {
    asked.push(sql);
    return [];
  };
  const read = (look: (now: number) => unknown): unknown => Promise.resolve(look(0));
  const database = { read, get: ask, all: ask } as unknown as Database;
  const names = Array.from({ length: 1_000 }, (_, at) => `entry ${at}`);
  await new EmbeddedBoard(database, 'default').absences(names);
  expect(asked).toHaveLength(1);
  await new EmbeddedBoard(database, 'default').records(names);
  expect(asked).toHaveLength(2);
});

it('of a lone node is not that of another one, nor that of the embedded queue', async () => {
  const embedded = await openEmbedded({ folder });
  opened.push(embedded);
  await embedded.board('shared', 'a:1').record('nightly', 'ran');
  expect(await embedded.board('shared', 'a:1').records(['nightly'])).toEqual(['ran']);
  expect(await embedded.board('shared', 'b:1').records(['nightly'])).toEqual([undefined]);
  expect(await embedded.board('shared').records(['nightly'])).toEqual([undefined]);
});
