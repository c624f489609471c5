// dq stats: the nodes, the ledger, and how many jobs each tube has; once, or again and again.

import type { Config } from '../config/schema.ts';
import { systemClock } from '../core/clock.ts';
import { DqError } from '../core/errors.ts';
import type { Context } from './context.ts';
import { Lookout } from './lookout.ts';
import { durationOf } from './numbers.ts';
import { openCluster } from './open-cluster.ts';
import { statsJson } from './stats-json.ts';
import { reportOf, type StatsReport } from './stats-report.ts';
import { statsLines } from './stats-text.ts';
import { watchStats, type Sight } from './stats-watch.ts';

export interface StatsOptions {
  /** True when no duration was given. */
  readonly watch?: string | true;
  readonly tube?: readonly string[];
}

const defaultInterval = 1_000;
/** Each look costs every node some commands. */
const shortestInterval = 100;

export async function stats(options: StatsOptions, context: Context): Promise<void> {
  const interval = intervalOf(options.watch);
  const config = await context.config();
  const [tube] = options.tube ?? [];
  const cluster = openCluster(config, context);
  try {
    const sight = sightOf(await Lookout.open(cluster, tube), config);
    if (interval === undefined) await printOnce(await sight(Infinity), context);
    else await watchStats(sight, interval, context);
  } finally {
    await cluster.close();
  }
}

/** In ms; undefined: once. */
function intervalOf(watch: StatsOptions['watch']): number | undefined {
  if (watch === undefined) return undefined;
  const interval = watch === true ? defaultInterval : durationOf('--watch', watch);
  if (interval >= shortestInterval) return interval;
  throw new DqError('usage', `--watch must be at least ${shortestInterval}ms`);
}

function sightOf(lookout: Lookout, { replicas, tube }: Config): Sight {
  return async (within, stop) => {
    const looks = await lookout.look(within, stop);
    return reportOf(looks, { now: systemClock.now(), replicas, tubes: [tube] });
  };
}

async function printOnce(report: StatsReport, { printer }: Context): Promise<void> {
  if (printer.json) {
    for (const line of statsJson(report)) await printer.line(line);
  } else {
    const paint = await printer.paint();
    const lines = statsLines(report, { width: Infinity, lines: Infinity, paint });
    await printer.data(lines.join('\n'));
  }
  if (report.nodes.some(({ up }) => up)) return;
  throw new DqError('unavailable', 'no node answered', { hint: 'see dq doctor' });
}
