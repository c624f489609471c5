// Opens the cluster of a command, and says where the jobs are when nobody chose that.

import { Cluster } from '../cluster.ts';
import type { Config } from '../config/schema.ts';
import type { Context } from './context.ts';

export function openCluster(config: Config, { printer, env }: Context): Cluster {
  const cluster = new Cluster(config, env);
  if (config.nodes === 'embedded' && !config.found) {
    printer.notice(
      `no configuration: the queue is in ${cluster.folder}, this machine and user only`,
    );
  }
  return cluster;
}
