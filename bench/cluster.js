// Fresh beanstalkds and a Redis for one measurement, and what is in them.

import { setTimeout as sleep } from 'node:timers/promises';
import { BeanstalkdNode } from '../dist/queue/beanstalkd.js';
import { end, freePort } from '../scripts/processes.js';

/** What is left after the last job goes within seconds; in ms. */
const patience = 20_000;
const betweenLooks = 10;

export class Cluster {
  ports;
  /** The options of dq's library face. */
  options;
  /** What a dq process needs to know: nothing else of this process's environment, such as NODE_EXTRA_CA_CERTS. */
  env;
  #servers;
  #nodes;

  constructor(ports, redisPort, servers, folder) {
    const nodes = ports.map((port) => `127.0.0.1:${port}`);
    const redis = `redis://127.0.0.1:${redisPort}`;
    this.ports = ports.map(String);
    this.options = { nodes, redis };
    this.env = { PATH: process.env.PATH, HOME: folder, DQ_NODES: nodes.join(','), DQ_REDIS: redis };
    this.#servers = servers;
    this.#nodes = nodes.map((endpoint) => new BeanstalkdNode({ endpoint, tube: 'default' }));
  }

  static async start(processes, size) {
    const [redisPort, ...ports] = await freePorts(size + 1);
    const { folder } = processes;
    const words = ['--port', `${redisPort}`, '--bind', '127.0.0.1', '--dir', folder];
    const servers = await Promise.all([
      processes.startServer('redis-server', [...words, '--save', ''], redisPort),
      ...ports.map((port) =>
        processes.startServer('beanstalkd', ['-l', '127.0.0.1', '-p', `${port}`], port),
      ),
    ]);
    return new Cluster(ports, redisPort, servers, folder);
  }

  /** The process of each beanstalkd. */
  get pids() {
    const [, ...beanstalkds] = this.#servers;
    return beanstalkds.map(({ pid }) => pid);
  }

  /** Of each node. */
  counts() {
    return Promise.all(this.#nodes.map((node) => node.counts()));
  }

  /** @throws {Error} unless each node has so many ready jobs, and none in another state but `delayed` ones. */
  async expect(ready, delayed = 0) {
    for (const counts of await this.counts()) {
      const right = counts.ready === ready && counts.delayed === delayed;
      if (right && counts.reserved + counts.buried === 0) continue;
      throw new Error(`not ${ready} jobs in each node: ${JSON.stringify(counts)}`);
    }
  }

  /** Resolves when no node has a job any more, but `delayed` ones that were there before. */
  async emptied(delayed = 0) {
    const end = performance.now() + patience;
    for (;;) {
      const all = await this.counts();
      const left = all.map((node) => node.ready + node.reserved + node.delayed + node.buried);
      if (left.every((count) => count === delayed)) return;
      if (performance.now() > end) throw new Error(`jobs are left: ${JSON.stringify(all)}`);
      await sleep(betweenLooks);
    }
  }

  async close() {
    for (const node of this.#nodes) node.close();
    await Promise.all(this.#servers.map(end));
  }
}

/** All different: each is looked for while the ones before it are known. */
async function freePorts(count) {
  const ports = new Set();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}
