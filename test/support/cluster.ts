// Some beanstalkd nodes, a Redis and a folder with the configuration that names them, for the CLI tests.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll } from 'vitest';
import { dq, lines, startDq, type Around, type Ran, type RunningDq } from './cli.ts';
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
  const folder = temporaryFolder();
  const named = (await endpoints?.(nodes)) ?? nodes.map(({ endpoint }) => endpoint);
  const file = join(folder, '.dqrc.yaml');
  writeFileSync(file, configOf(named, redis.endpoint) + config);
  return new Cluster(nodes, redis, folder, file);
}

export function configOf(endpoints: readonly string[], redis: string): string {
  return `nodes: [${endpoints.join(', ')}]\nredis: redis://${redis}\n`;
}

export class Cluster {
  readonly nodes: readonly Server[];
  readonly redis: Server;
  readonly folder: string;
  /** The configuration file. */
  readonly file: string;
  #tubes = 0;

  constructor(nodes: readonly Server[], redis: Server, folder: string, file: string) {
    this.nodes = nodes;
    this.redis = redis;
    this.folder = folder;
    this.file = file;
  }

  dq(words: readonly string[], around: Around = {}): Promise<Ran> {
    return dq(words, { cwd: this.folder, ...around });
  }

  startDq(words: readonly string[], around: Around = {}): RunningDq {
    return startDq(words, { cwd: this.folder, ...around });
  }

  /** Puts a job; fails when that does. */
  async put(...words: readonly string[]): Promise<Put> {
    return this.putAs('put', ...words);
  }

  async putAs(...words: readonly string[]): Promise<Put> {
    const { code, stdout, stderr } = await this.dq(['--json', ...words]);
    if (code !== 0) throw new Error(`dq ${words.join(' ')} exited with ${String(code)}: ${stderr}`);
    return JSON.parse(stdout) as Put;
  }

  /** A tube that no other test uses. */
  tube(): string {
    this.#tubes += 1;
    return `tube-${this.#tubes}`;
  }

  async raw(node: Server | undefined): Promise<RawNode> {
    if (node === undefined) throw new Error('no such node');
    const raw = await connectRaw(node.port);
    opened.push(raw);
    return raw;
  }

  /** Of each node. */
  counts(tube: string): Promise<Counts[]> {
    return Promise.all(this.nodes.map((node) => ask(node, (raw) => raw.counts(tube))));
  }

  /** How many jobs the nodes ever took. */
  totalJobs(): Promise<number[]> {
    return Promise.all(this.nodes.map((node) => ask(node, (raw) => raw.totalJobs())));
  }

  /** The envelope of each replica of a receipt; undefined where it is no more. */
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

  write(name: string, text: string, mode = 0o644): void {
    writeFileSync(join(this.folder, name), text, { mode });
  }

  remove(name: string): void {
    rmSync(join(this.folder, name));
  }

  /** The lines of a file in the folder; none when there is no such file yet. */
  read(name: string): string[] {
    try {
      return lines(readFileSync(join(this.folder, name), 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}

/** What `put --json` prints. */
export interface Put {
  readonly receipt: string;
  readonly key: string;
  readonly due: string;
  readonly tube: string;
  readonly replicas: readonly {
    readonly node: string;
    readonly tube: string;
    readonly id: string;
  }[];
  readonly failed: readonly { readonly node: string; readonly error: string }[];
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
