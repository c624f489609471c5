// The embedded queue is gauged as every node is; it tells its file.

import { statSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { openEmbedded, type Embedded } from '../../src/embedded/embedded.ts';
import { temporaryFolder } from '../support/servers.ts';
import { gaugeContract } from './gauge.ts';

const opened: Embedded[] = [];
afterAll(() => {
  for (const each of opened) each.close();
});

async function fresh(): Promise<Embedded> {
  const embedded = await openEmbedded({ folder: temporaryFolder() });
  opened.push(embedded);
  return embedded;
}

gaugeContract('embedded', async () => {
  const embedded = await fresh();
  return { gauge: embedded.gauge(), node: (tube) => embedded.node(tube) };
});

it('its file, with what is not yet written into it', async () => {
  const embedded = await fresh();
  const { facts } = await embedded.gauge().read();
  const { path } = embedded;
  const bytes = statSync(path).size + statSync(`${path}-wal`).size;
  expect(facts).toEqual({ kind: 'file', path, bytes });
});
