// The embedded queue is gauged as every node is; it tells its file.

import { Buffer } from 'node:buffer';
import { statSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { openEmbedded, type Embedded } from '../../src/embedded/embedded.ts';
import { putOne } from '../support/put-one.ts';
import { temporaryFolder } from '../support/servers.ts';
import { until } from '../support/wait.ts';
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
  const { path } = embedded;
  await putOne(embedded.node('mail'), Buffer.from('1/x'), { delay: 0, priority: 0, ttr: 60 });
  const notYet = statSync(`${path}-wal`).size;
  expect(notYet).toBeGreaterThan(0);
  const { facts } = await embedded.gauge().read();
  const bytes = statSync(path).size + notYet;
  expect(facts).toEqual({ kind: 'file', path, bytes });
});

it('a ttr that ended meanwhile', async () => {
  const embedded = await fresh();
  const [gauge, node] = [embedded.gauge(), embedded.node('held')];
  await putOne(node, Buffer.from('1767225600000000000/x'), { delay: 0, priority: 0, ttr: 1 });
  await node.reserve(0);
  const nextDue = await until('it is ready', async () => {
    const held = (await gauge.read()).tubes.get('held');
    return held?.ready === 1 && held.nextDue;
  });
  expect(nextDue).toBe(1_767_225_600_000);
});
