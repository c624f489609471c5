// What a beanstalkd counts, in the words of a node.

import type { TubeStats } from '../beanstalk/stats-commands.ts';
import type { TubeCounts } from './node.ts';

/** A tube without jobs and connections vanishes: it counts nothing. */
export function tubeCounts(stats: TubeStats | undefined): TubeCounts {
  if (stats === undefined) return { ready: 0, reserved: 0, delayed: 0, buried: 0, waiting: 0 };
  const { ready, reserved, delayed, buried, waiting } = stats;
  return { ready, reserved, delayed, buried, waiting };
}
