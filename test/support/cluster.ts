// Some beanstalkd nodes, a Redis and a folder with the configuration that names them, for the CLI tests.

import { Redis } from 'ioredis';
import { afterAll } from 'vitest';
import { Place } from './place.ts';
import { connectRaw, type Counts, type RawNode } from './raw-node.ts';
import { startBeanstalkd, startRedis, temporaryFolder, type Server } from './servers.ts';

export interface ClusterOptions {
  /** What survives a restart of its server. */
  readonly kept?: boolean;
  /** The same for Redis alone. */
  readonly redisKept?: boolean;
  /** More of beanstalkd's options, for each node, or for the one with this index. */
  readonly words?: readonly string[] | ((node: number) => readonly string[]);
  /** More lines of the configuration file. */
  readonly config?: string;
  /** Endpoints that stand in the configuration instead of the nodes' own (proxies of them). */
  readonly endpoints?: (nodes: readonly Server[]) => readonly string[] | Promise<readonly string[]>;
}

/** By default. */
const mostReplicas = 3;

const opened: { close: () => void }[] = [];

afterAll(() => {
  for (const each of opened) each.close();
});

export async function clusterOf(count: number, options: ClusterOptions = {}): Promise<Cluster> {
  const { kept = false, words = [], config = '', endpoints } = options;
  const startNode = (_: unknown, at: number): Promise<Server> =>
    startBeanstalkd(typeof words === 'function' ? words(at) : words, { binlog: kept });
  const [redis, ...nodes] = await Promise.all([
    startRedis([], { keep: options.redisKept ?? kept }),
    ...Array.from({ length: count }, startNode),
  ]);
  const named = (await endpoints?.(nodes)) ?? nodes.map(({ endpoint }) => endpoint);
  return new Cluster(nodes, redis, configOf(named, redis.endpoint) + config);
}

export function configOf(endpoints: readonly string[], redis: string): string {
  return `nodes: [${endpoints.join(', ')}]\nredis: redis://${redis}\n`;
}

export class Cluster extends Place {
  readonly nodes: readonly Server[];
  readonly redis: Server;

  constructor(nodes: readonly Server[], redis: Server, config: string) {
    super(temporaryFolder(), config, Math.min(nodes.length, mostReplicas));
    this.nodes = nodes;
    this.redis = redis;
  }

  async raw(node: Server | undefined): Promise<RawNode> {
    if (node === undefined) throw new Error('no such node');
    const raw = await connectRaw(node.port);
    opened.push(raw);
    return raw;
  }

  counts(tube: string): Promise<Counts[]> {
    return Promise.all(this.nodes.map((node) => ask(node, (raw) => raw.counts(tube))));
  }

  /** How many jobs the nodes ever took. */
  totalJobs(): Promise<number[]> {
    return Promise.all(this.nodes.map((node) => ask(node, (raw) => raw.totalJobs())));
  }

  envelopes(receipt: string): Promise<(Buffer | undefined)[]> {
    return Promise.all(
      receipt
        .trim()
        .split(',')
        .map(async (replica) => {
          const [endpoint] = replica.split('/', 1);
          const node = this.nodes.find((each) => each.endpoint === endpoint);
          if (node === undefined) throw new Error(`no such node: ${replica}`);
          const id = replica.slice(replica.lastIndexOf('/') + 1);
          return ask(node, async (raw) => (await raw.ask(`peek ${id}`)).body);
        }),
    );
  }

  openRedis(): Redis {
    const client = new Redis(this.redis.port, '127.0.0.1');
    opened.push({
      close: () => {
        client.disconnect();
      },
    });
    return client;
  }
}

async function ask<Answer>(
  node: Server,
  question: (raw: RawNode) => Promise<Answer>,
): Promise<Answer> {
  const raw = await connectRaw(node.port);
  try {
    return await question(raw);
  } finally {
    raw.close();
  }
}
