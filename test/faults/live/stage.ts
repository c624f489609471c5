// The stage of a row: a cluster, its workers and its load, proxies where it wants them, and what was done so far.

import { setTimeout as sleep } from 'node:timers/promises';
import { clusterOf, type Cluster } from '../../support/cluster.ts';
import { startProxy, type Proxy } from '../../support/proxy.ts';
import type { Server } from '../../support/servers.ts';
import { until } from '../../support/wait.ts';
import { Load } from './load.ts';
import { runsOf, writeHandler, type Run } from './record.ts';
import type { Row } from './row.ts';
import { SmallDisk } from './small-disk.ts';
import { WorkerProcess } from './worker-process.ts';

export class Stage {
  readonly cluster: Cluster;
  readonly load: Load;
  /** One for each node, when the row asks for them. */
  readonly proxies: readonly Proxy[];
  readonly redisProxy: Proxy | undefined;
  /** Of node 1. */
  readonly disk: SmallDisk | undefined;
  readonly workers: WorkerProcess[] = [];
  /** What was done, with its time. */
  readonly steps: string[] = [];
  ledgerLostAt: number | undefined;
  /** When the fault was over; undefined: it is as long as the row. */
  healedAt: number | undefined;
  readonly #row: Row;
  readonly #startedAt = Date.now();

  constructor(row: Row, { cluster, proxies, redisProxy, disk }: Parts) {
    this.#row = row;
    this.cluster = cluster;
    this.proxies = proxies;
    this.redisProxy = redisProxy;
    this.disk = disk;
    this.load = new Load(cluster, row.proxied === 'redis' ? this.#redisByProxy : {}, row);
  }

  /** The n-th node, from 1. */
  node(number: number): Server {
    const node = this.cluster.nodes[number - 1];
    if (node === undefined) throw new Error(`there is no node ${number}`);
    return node;
  }

  proxy(number: number): Proxy {
    const proxy = this.proxies[number - 1];
    if (proxy === undefined) throw new Error(`there is no proxy ${number}`);
    return proxy;
  }

  worker(number: number): WorkerProcess {
    const worker = this.workers[number - 1];
    if (worker === undefined) throw new Error(`there is no worker ${number}`);
    return worker;
  }

  startWorker(): WorkerProcess {
    const number = this.workers.length + 1;
    const { proxied, work = usualWork } = this.#row;
    const byProxy = proxied === 'redis' || (proxied === 'redis of worker 1' && number === 1);
    const env = byProxy ? this.#redisByProxy : {};
    const worker = new WorkerProcess(`worker ${number}`, this.cluster, work, env);
    this.workers.push(worker);
    return worker;
  }

  get #redisByProxy(): Record<string, string> {
    return { DQ_REDIS: `redis://${this.redisProxy?.endpoint ?? 'nowhere'}` };
  }

  step(text: string): void {
    this.steps.push(`+${((Date.now() - this.#startedAt) / 1_000).toFixed(2)} s ${text}`);
  }

  /** From now on nothing is wrong any more. */
  healed(text: string): void {
    this.step(text);
    this.healedAt = Date.now();
  }

  wait(ms: number): Promise<void> {
    return sleep(ms);
  }

  /** Waits while this worker can't speak to the ledger. */
  async away(worker: WorkerProcess, ms: number): Promise<void> {
    const from = Date.now();
    await sleep(ms);
    worker.absences.push({ from, to: Date.now() });
  }

  /** The runs of a worker that have begun and not succeeded, as soon as there are some. */
  async runsUnderWay(worker: WorkerProcess): Promise<Run[]> {
    return until(`${worker.name} runs something`, () => {
      const runs = runsOf(this.cluster).filter((run) => {
        return run.worker === worker.pid && run.succeededAt === undefined;
      });
      return runs.length > 0 && runs;
    });
  }

  async close(): Promise<void> {
    for (const worker of this.workers) if (worker.isAlive) await worker.kill();
    for (const proxy of this.proxies) proxy.close();
    this.redisProxy?.close();
    this.disk?.unmount();
    await Promise.all([...this.cluster.nodes, this.cluster.redis].map((each) => each.kill()));
  }
}

interface Parts {
  readonly cluster: Cluster;
  readonly proxies: readonly Proxy[];
  readonly redisProxy: Proxy | undefined;
  readonly disk: SmallDisk | undefined;
}

const usualHandler = 'sleep 0.1';
const usualWork = ['-j', '8'];

export async function setStage(row: Row): Promise<Stage> {
  const proxies: Proxy[] = [];
  const disk = row.disk === undefined ? undefined : new SmallDisk(row.disk.bytes);
  const onDisk = disk === undefined ? [] : ['-b', disk.folder, '-s', String(row.disk?.binlogBytes)];
  const cluster = await clusterOf(3, {
    ...{ kept: row.binlog ?? true, redisKept: row.redisKept ?? true },
    words: (at) => (at === 0 ? onDisk : []),
    endpoints: async (nodes) => {
      if (row.proxied !== 'nodes') return nodes.map(({ endpoint }) => endpoint);
      proxies.push(...(await Promise.all(nodes.map(({ port }) => startProxy(port)))));
      return proxies.map(({ endpoint }) => endpoint);
    },
  });
  const redisProxied = row.proxied === 'redis' || row.proxied === 'redis of worker 1';
  const redisProxy = redisProxied ? await startProxy(cluster.redis.port) : undefined;
  writeHandler(cluster, row.handler ?? usualHandler);
  return new Stage(row, { cluster, proxies, redisProxy, disk });
}
