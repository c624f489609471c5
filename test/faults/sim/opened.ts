// What a process of the simulation works with: the nodes and the ledger, as dq opens them.

import type { Ledger } from '../../../src/ledger/ledger.ts';
import { BeanstalkdNode } from '../../../src/queue/beanstalkd.ts';
import type { QueueNode } from '../../../src/queue/node.ts';
import { LedgerClient } from './ledger.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

export interface Opened {
  readonly nodes: readonly QueueNode[];
  readonly ledger: Ledger;
  readonly close: () => void;
}

export const tube = 'jobs';

export function open(world: World, process: Process): Opened {
  if (world.file !== undefined) return world.file.open(process, tube);
  const { clock } = process;
  const nodes = world.nodes.map(({ name }) => new BeanstalkdNode({ endpoint: name, tube, clock }));
  const ledger = new LedgerClient(process, world.redis);
  const close = (): void => {
    for (const node of nodes) node.close();
    ledger.close();
  };
  return { nodes, ledger, close };
}
