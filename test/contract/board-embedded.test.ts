// The board in the queue file keeps the contract.

import { afterAll, expect, it } from 'vitest';
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

it('of a lone node is not that of another one, nor that of the embedded queue', async () => {
  const embedded = await openEmbedded({ folder });
  opened.push(embedded);
  await embedded.board('shared', 'a:1').record('nightly', 'ran');
  expect(await embedded.board('shared', 'a:1').records(['nightly'])).toEqual(['ran']);
  expect(await embedded.board('shared', 'b:1').records(['nightly'])).toEqual([undefined]);
  expect(await embedded.board('shared').records(['nightly'])).toEqual([undefined]);
});
