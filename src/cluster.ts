// The cluster of a configuration: its nodes, its ledger and a producer, each opened when it is first needed.

import type { Config } from './config/schema.ts';
import { systemClock } from './core/clock.ts';
import { DqError } from './core/errors.ts';
import type { Ledger } from './ledger/ledger.ts';
import { JobProducer } from './produce/producer.ts';
import { Replicator } from './produce/replicator.ts';
import type { QueueNode } from './queue/node.ts';
import { BeanstalkdNode } from './queue/beanstalkd.ts';

export class Cluster {
  readonly config: Config;
  readonly #nodes: BeanstalkdNode[] = [];
  #ledger: Promise<Ledger> | undefined;

  constructor(config: Config) {
    this.config = config;
  }

  /** Every node, with the tube where the replicas of this logical tube lie. */
  nodes(tube: string): QueueNode[] {
    return this.beanstalkdNodes(tube);
  }

  beanstalkdNodes(tube: string): BeanstalkdNode[] {
    const { nodes, tubeGiven } = this.config;
    if (nodes === 'embedded') throw new DqError('config', 'the embedded queue is not there yet');
    return nodes.map((node) => this.#open(node.endpoint, tubeGiven ? tube : (node.tube ?? tube)));
  }

  /** The node and the logical tube of a replica that a receipt names; undefined: no such node. */
  find(endpoint: string, tube: string): { node: QueueNode; tube: string } | undefined {
    const { nodes, tube: logical } = this.config;
    if (nodes === 'embedded') return undefined;
    const config = nodes.find((node) => node.endpoint === endpoint);
    if (config === undefined) return undefined;
    return { node: this.#open(endpoint, tube), tube: config.tube === tube ? logical : tube };
  }

  ledger(): Promise<Ledger> {
    this.#ledger ??= this.#openLedger();
    return this.#ledger;
  }

  producer(): JobProducer {
    const { tube, replicas, minReplicas } = this.config;
    const replicator = new Replicator({
      ...{ nodes: this.nodes(tube), replicas, minReplicas },
      ...{ clock: systemClock, random: Math.random() },
    });
    const ledger = (): Promise<Ledger> => this.ledger();
    return new JobProducer({ replicator, clock: systemClock, tube, ledger });
  }

  async close(): Promise<void> {
    for (const node of this.#nodes) node.close();
    (await this.#ledger)?.close();
  }

  #open(endpoint: string, tube: string): BeanstalkdNode {
    const open = this.#nodes.find((node) => node.endpoint === endpoint && node.tube === tube);
    if (open !== undefined) return open;
    const { nodes } = this.config;
    const tls =
      nodes === 'embedded' ? undefined : nodes.find((node) => node.endpoint === endpoint)?.tls;
    const node = new BeanstalkdNode({ endpoint, tube, ...(tls === undefined ? {} : { tls }) });
    this.#nodes.push(node);
    return node;
  }

  async #openLedger(): Promise<Ledger> {
    const { redis, goQueue, ledger } = this.config;
    if (redis === undefined) throw new DqError('config', 'the embedded ledger is not there yet');
    const { RedisLedger } = await import('./ledger/redis/redis-ledger.ts');
    const { defaultTerms } = await import('./ledger/ledger.ts');
    return new RedisLedger({ redis, goQueue, terms: { ...defaultTerms, ttl: ledger.ttl } });
  }
}
