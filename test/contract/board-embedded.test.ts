// The board in the queue file keeps the contract.

import { afterAll } from 'vitest';
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
