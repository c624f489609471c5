// The name of this host in schedules.

import { hostname } from 'node:os';
import type { Context } from './context.ts';

/** What entries name in `hosts`, and what this host's own ticks hang on. */
export function hostName({ env }: Pick<Context, 'env'>): string {
  const { DQ_HOST: named } = env;
  return named === undefined || named === '' ? hostname() : named;
}
