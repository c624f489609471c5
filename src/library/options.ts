// The options of the library face: those of the configuration file, checked in the same way.

import { readFileSync } from 'node:fs';
import { ConfigError } from '../config/issue.ts';
import { parseConfig, type Config } from '../config/schema.ts';
import { refuseTickTubes } from '../schedule/tick-job.ts';

/** The keys of the configuration file; durations are strings with a unit, such as `'3d'`. */
export interface ClusterOptions {
  /** Endpoints `host:port` (port 11300 by default), or `'embedded'`. */
  readonly nodes: 'embedded' | readonly (string | NodeOptions)[];
  /** `redis://…`, or options of ioredis. */
  readonly redis?: string | Readonly<Record<string, unknown>>;
  /** `'default'` by default. */
  readonly tube?: string;
  /** How many nodes get each job: 3 by default. */
  readonly replicas?: number;
  /** Fewer than that is an error: min(2, number of nodes) by default. */
  readonly minReplicas?: number;
  /** The ledger's keys are those that go-queue's consumers take. */
  readonly goQueue?: boolean;
  /** How long finished and pending jobs are remembered after they were due: `'3d'` by default. */
  readonly ledger?: { readonly ttl?: string };
}

export interface NodeOptions {
  readonly endpoint: string;
  /** Where the replicas lie on this node, when that isn't the tube of the jobs. */
  readonly tube?: string;
  /** True, or paths of `ca`, `cert` and `key`, `servername`, `rejectUnauthorized`. */
  readonly tls?: true | Readonly<Record<string, unknown>>;
}

interface WorkOptions {
  readonly concurrency?: number | undefined;
  readonly attempts?: number | undefined;
}

/** @throws ConfigError with everything that is wrong; DqError (usage): the tube holds the ticks of a schedule. */
export function configOf(options: ClusterOptions, work: WorkOptions = {}): Config {
  const { nodes, redis, tube, replicas, minReplicas, goQueue, ledger } = options;
  const value = { nodes, redis, tube, replicas, minReplicas, goQueue, ledger, work };
  const readText = (path: string): string => readFileSync(path, 'utf8');
  const file = { path: 'options', value };
  const parsed = parseConfig({ file, env: {}, tubes: [], readText });
  if (parsed.issues !== undefined) throw new ConfigError(parsed.issues);
  refuseTickTubes([parsed.config.tube]);
  return { ...parsed.config, file: undefined };
}
