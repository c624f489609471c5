// The cluster of a configuration: its nodes, its ledger and a producer, each opened when it is first needed.

import { embeddedFolder } from './config/places.ts';
import type { Config } from './config/schema.ts';
import { systemClock } from './core/clock.ts';
import { DqError } from './core/errors.ts';
import { defaultTtr } from './core/job-defaults.ts';
import { orForget } from './core/or-forget.ts';
import { formatReceipt, parseReceipt } from './core/receipt.ts';
import type { Embedded } from './embedded/embedded.ts';
import type { Board } from './ledger/board.ts';
import { defaultTerms, type Ledger } from './ledger/ledger.ts';
import type { NamedJob } from './produce/identify.ts';
import { JobProducer } from './produce/producer.ts';
import { Replicator } from './produce/replicator.ts';
import type { BeanstalkdNode } from './queue/beanstalkd.ts';
import type { QueueNode } from './queue/node.ts';
import type { Gauge } from './queue/gauge.ts';
import type { ReplicaOf } from './queue/replica-of.ts';

/** The node that a receipt names, and the logical tube of the job there. */
interface Found {
  readonly node: QueueNode;
  readonly tube: string;
}

export class Cluster {
  readonly config: Config;
  readonly #env: NodeJS.ProcessEnv;
  readonly #beanstalkds = new Map<string, BeanstalkdNode>();
  readonly #embeddedNodes = new Map<string, QueueNode>();
  #gauges: readonly Gauge[] = [];
  #embedded: Promise<Embedded> | undefined;
  #ledger: Promise<Ledger> | undefined;
  readonly #boards = new Map<string, Promise<Board>>();

  constructor(config: Config, env: NodeJS.ProcessEnv) {
    this.config = config;
    this.#env = env;
  }

  /** Where the embedded queue, or the embedded ledger of a single node, has its file. */
  get folder(): string {
    return embeddedFolder(this.#env, process.getuid?.());
  }

  /** Every node, with the tube where the replicas of this logical tube lie. */
  async nodes(tube: string): Promise<QueueNode[]> {
    const { nodes } = this.config;
    return nodes === 'embedded' ? [await this.#embeddedNode(tube)] : this.beanstalkdNodes(tube);
  }

  /** None with the embedded queue. */
  beanstalkdNodes(tube: string): Promise<BeanstalkdNode[]> {
    const { nodes, tubeGiven, tube: configured } = this.config;
    const named = nodes === 'embedded' ? [] : nodes;
    const hasOwn = !tubeGiven && tube === configured;
    return Promise.all(
      named.map((node) => this.#beanstalkd(node.endpoint, hasOwn ? (node.tube ?? tube) : tube)),
    );
  }

  /** One for each node, in the order of the configuration. */
  async gauges(): Promise<readonly Gauge[]> {
    const { nodes } = this.config;
    if (this.#gauges.length > 0) return this.#gauges;
    if (nodes === 'embedded') {
      this.#gauges = [(await this.embedded()).gauge()];
    } else {
      const { BeanstalkdGauge } = await import('./queue/beanstalkd-gauge.ts');
      this.#gauges = nodes.map(({ endpoint, tls }) => new BeanstalkdGauge({ endpoint, tls }));
    }
    return this.#gauges;
  }

  /** Undefined: the configuration has no such node. */
  async find(endpoint: string, tube: string): Promise<Found | undefined> {
    const { nodes, tube: logical } = this.config;
    if (nodes === 'embedded') {
      if (endpoint !== 'embedded') return undefined;
      return { node: await this.#embeddedNode(tube), tube };
    }
    const node = nodes.find((configured) => configured.endpoint === endpoint);
    if (node === undefined) return undefined;
    const found = await this.#beanstalkd(endpoint, tube);
    return { node: found, tube: node.tube === tube ? logical : tube };
  }

  ledger(): Promise<Ledger> {
    this.#ledger ??= orForget(this.#openLedger(), () => (this.#ledger = undefined));
    return this.#ledger;
  }

  async producer(tube = this.config.tube): Promise<JobProducer> {
    const { replicas, minReplicas } = this.config;
    const nodes = await this.nodes(tube);
    const clock = systemClock;
    const replicator = new Replicator({
      nodes,
      replicas,
      minReplicas,
      clock,
      random: Math.random(),
    });
    const ttr = this.config.nodes === 'embedded' ? defaultTtr.embedded : defaultTtr.beanstalkd;
    return new JobProducer({ replicator, clock, tube, ttr, ledger: () => this.ledger() });
  }

  /** The board of the schedule whose ticks lie in that tube. */
  board(tube: string): Promise<Board> {
    const board = this.#boards.get(tube) ?? this.#openBoard(tube);
    this.#boards.set(tube, board);
    return board;
  }

  /** The embedded queue, opened. */
  embedded(): Promise<Embedded> {
    this.#embedded ??= orForget(this.#openEmbedded(), () => (this.#embedded = undefined));
    return this.#embedded;
  }

  async close(): Promise<void> {
    for (const node of this.#beanstalkds.values()) node.close();
    for (const gauge of this.#gauges) gauge.close();
    await this.closeFile();
  }

  /** Before the process ends: its connections end with it, the queue file wants to be closed. */
  async closeFile(): Promise<void> {
    for (const node of this.#embeddedNodes.values()) node.close();
    (await opened(this.#ledger))?.close();
    for (const board of this.#boards.values()) (await opened(board))?.close();
    (await opened(this.#embedded))?.close();
  }

  async #beanstalkd(endpoint: string, tube: string): Promise<BeanstalkdNode> {
    const { BeanstalkdNode } = await import('./queue/beanstalkd.ts');
    const name = `${endpoint}/${tube}`;
    const open = this.#beanstalkds.get(name);
    if (open !== undefined) return open;
    const { nodes } = this.config;
    const named = nodes === 'embedded' ? undefined : nodes.find((one) => one.endpoint === endpoint);
    const node = new BeanstalkdNode({ endpoint, tube, tls: named?.tls });
    this.#beanstalkds.set(name, node);
    return node;
  }

  async #embeddedNode(tube: string): Promise<QueueNode> {
    const embedded = await this.embedded();
    const node = this.#embeddedNodes.get(tube) ?? embedded.node(tube);
    this.#embeddedNodes.set(tube, node);
    return node;
  }

  async #openEmbedded(): Promise<Embedded> {
    const { openEmbedded } = await import('./embedded/embedded.ts');
    return openEmbedded({ folder: this.folder });
  }

  /** Without Redis there is one node at most; undefined: it is the embedded queue. */
  get #loneNode(): string | undefined {
    const { nodes } = this.config;
    return nodes === 'embedded' ? undefined : nodes[0]?.endpoint;
  }

  async #openBoard(tube: string): Promise<Board> {
    const { redis } = this.config;
    if (redis === undefined) return (await this.embedded()).board(tube, this.#loneNode);
    const { RedisBoard } = await import('./ledger/redis/redis-board.ts');
    return new RedisBoard({ redis }, tube);
  }

  async #openLedger(): Promise<Ledger> {
    const { redis, goQueue, ledger, nodes } = this.config;
    if (redis === undefined) {
      const embedded = await this.embedded();
      if (nodes === 'embedded') return embedded.ledger({ ...defaultTerms, ttl: Infinity });
      return embedded.ledger({ ...defaultTerms, ttl: ledger.ttl }, this.#loneNode);
    }
    const { RedisLedger } = await import('./ledger/redis/redis-ledger.ts');
    return new RedisLedger({ redis, goQueue, terms: { ...defaultTerms, ttl: ledger.ttl } });
  }
}

/** Undefined when it couldn't be opened: whoever wanted it was told. */
async function opened<Part>(opening: Promise<Part> | undefined): Promise<Part | undefined> {
  try {
    return await opening;
  } catch {
    return undefined;
  }
}

/** The job of a receipt. */
export interface FoundJob extends NamedJob {
  readonly receipt: string;
  /** Its replicas on nodes that the configuration doesn't name, or no longer: `endpoint/tube/id`. */
  readonly elsewhere: readonly string[];
}

/** @throws DqError (usage) for what is no receipt, or not one of this cluster: none of its nodes is. */
export async function findJob(receipt: string, cluster: Cluster): Promise<FoundJob> {
  const tubes = new Set<string>();
  const replicas: ReplicaOf[] = [];
  const elsewhere: string[] = [];
  const addresses = parseReceipt(receipt);
  for (const address of addresses) {
    const found = await cluster.find(address.endpoint, address.tube);
    if (found === undefined) {
      elsewhere.push(formatReceipt([address]));
    } else {
      tubes.add(found.tube);
      replicas.push({ node: found.node, id: address.id });
    }
  }
  const [tube, another] = tubes;
  if (tube === undefined) {
    const endpoints = addresses.map(({ endpoint }) => endpoint).join(', ');
    throw new DqError('usage', `no such node in the configuration: ${endpoints}`, {
      hint: `the receipt ${receipt} comes from another cluster`,
    });
  }
  if (another !== undefined) {
    throw new DqError('usage', `the receipt ${receipt} names more than one tube`);
  }
  return { receipt, replicas, named: addresses.length, tube, elsewhere };
}
