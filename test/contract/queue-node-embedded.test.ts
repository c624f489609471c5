// The embedded queue keeps the contract of a queue node.

import { afterAll, beforeAll } from 'vitest';
import { openEmbedded, type Embedded } from '../../src/embedded/embedded.ts';
import { temporaryFolder } from '../support/servers.ts';
import { queueNodeContract } from './queue-node.ts';

let embedded: Embedded;
let tubes = 0;

beforeAll(async () => {
  embedded = await openEmbedded({ folder: temporaryFolder() });
});

afterAll(() => {
  embedded.close();
});

queueNodeContract('embedded', () => {
  const tube = `tube-${++tubes}`;
  return Promise.resolve(() => embedded.node(tube));
});
