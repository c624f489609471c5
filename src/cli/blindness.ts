// Whether a look at all jobs may have missed some: a job is accepted with `minReplicas` replicas, and may have no more.

import type { Context } from './context.ts';
import { exitCodes } from './exit-codes.ts';

/** Tells it, and has the command end with 75. */
export function tellBlindness(
  unseen: readonly string[],
  config: { readonly minReplicas: number },
  { printer, exit }: Context,
): void {
  const blind = blindness(unseen, config);
  if (blind === undefined) return;
  printer.warn(blind);
  exit(exitCodes.unavailable);
}

/** @param unseen the endpoints that couldn't be asked. */
export function blindness(
  unseen: readonly string[],
  { minReplicas }: { readonly minReplicas: number },
): string | undefined {
  if (unseen.length < minReplicas) return undefined;
  return `${unseen.join(', ')} can't be asked: jobs may be out of sight`;
}
