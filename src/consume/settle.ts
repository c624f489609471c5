// Settles the replicas of a job, each until its node takes it or it is no longer ours.

import { backoffMs, betweenConnects } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { NodeError } from '../core/errors.ts';
import type { Reservation } from '../queue/node.ts';
import type { Report } from './events.ts';
import type { Keeper, Kept } from './keeper.ts';

/** What becomes of the replicas. */
export type Fate =
  | { readonly kind: 'delete' }
  | { readonly kind: 'bury' }
  /** Whole seconds. */
  | { readonly kind: 'release'; readonly delay: number };

export interface SettleParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly keeper: Keeper;
  readonly report: Report;
}

/**
 * @param signal the worker gave up: what isn't settled by then comes back when the connection closes.
 * @returns whether it was settled as asked; false when it was no longer ours.
 */
export function settle(
  replica: Kept,
  fate: Fate,
  parts: SettleParts,
  signal: AbortSignal,
): Promise<boolean> {
  const { keeper } = parts;
  if (signal.aborted) {
    keeper.letGo(replica);
    return Promise.resolve(false);
  }
  return apply(replica.reservation, fate).then(
    (settled) => {
      keeper.letGo(replica);
      return settled;
    },
    (error: unknown) => settleAgain(replica, fate, parts, signal, error),
  );
}

/** @param error what the first try ended with. */
export async function settleAgain(
  replica: Kept,
  fate: Fate,
  parts: SettleParts,
  signal: AbortSignal,
  error: unknown,
): Promise<boolean> {
  try {
    let refusal = refusalIn(error);
    if (refusal !== undefined) reportRefusal(replica.reservation, refusal, parts.report);
    for (let refusals = 1; refusal !== undefined; refusals++) {
      await parts.clock.sleep(backoffMs(betweenConnects, refusals, parts.random()), signal);
      if (signal.aborted) return false;
      try {
        return await apply(replica.reservation, fate);
      } catch (again) {
        refusal = refusalIn(again);
      }
    }
    return false;
  } finally {
    parts.keeper.letGo(replica);
  }
}

/** Undefined: the replica is no longer ours. */
function refusalIn(error: unknown): NodeError | undefined {
  if (!(error instanceof NodeError)) throw error;
  return error.fault === 'down' || error.fault === 'timeout' ? undefined : error;
}

/** A buried replica that may run again: nobody else knows of it, so that its node is tried until it answers. */
export async function kickUntilTaken(
  replica: Reservation,
  { clock, random, report }: Omit<SettleParts, 'keeper'>,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      await replica.node.kick(replica.id);
      return;
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      if (failures === 1) reportRefusal(replica, error, report);
    }
    await clock.sleep(backoffMs(betweenConnects, failures, random()), signal);
  }
}

function apply(replica: Reservation, fate: Fate): Promise<boolean> {
  switch (fate.kind) {
    case 'delete':
      return replica.delete();
    case 'bury':
      return replica.bury();
    case 'release':
      return replica.release(fate.delay);
  }
}

function reportRefusal({ node, id }: Reservation, error: NodeError, report: Report): void {
  const about = { node: node.endpoint, id: String(id), reason: error.message };
  report({ level: 'warn', event: 'refused', ...about });
}
