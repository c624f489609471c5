// A beanstalkd keeps the contract of a queue node.

import { beforeAll } from 'vitest';
import { BeanstalkdNode } from '../../src/queue/beanstalkd.ts';
import { startBeanstalkd } from '../support/servers.ts';
import type { Server } from '../support/servers.ts';
import { queueNodeContract } from './queue-node.ts';

let server: Server;
let tubes = 0;

beforeAll(async () => {
  server = await startBeanstalkd();
});

queueNodeContract('beanstalkd', () => {
  const tube = `tube-${++tubes}`;
  return Promise.resolve(() => new BeanstalkdNode({ endpoint: server.endpoint, tube }));
});
