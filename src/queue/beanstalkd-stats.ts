// What a beanstalkd counts, in the words of a node.

import type { JobStats, TubeStats } from '../beanstalk/stats-commands.ts';
import type { ReplicaStats, TubeCounts } from './node.ts';

export function replicaStats(job: JobStats): ReplicaStats {
  const { tube, state, priority, age, ttr, timeLeft } = job;
  return { tube, state, priority, age, ttr, timeLeft };
}

/** A tube without jobs and connections vanishes: it counts nothing. */
export function tubeCounts(stats: TubeStats | undefined): TubeCounts {
  if (stats === undefined) return { ready: 0, reserved: 0, delayed: 0, buried: 0, waiting: 0 };
  const { ready, reserved, delayed, buried, waiting } = stats;
  return { ready, reserved, delayed, buried, waiting };
}
