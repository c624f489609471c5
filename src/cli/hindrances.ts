// Why jobs may be left although a drain has ended: each reason is a line for the user.

import { longestOutage, type DrainEnd } from '../consume/drain.ts';
import { blindness } from './blindness.ts';

export function hindrancesOf(
  { unseen, ledgerDown, strange }: DrainEnd,
  config: { readonly minReplicas: number },
): string[] {
  const down = ledgerDown ? `the ledger was down for ${longestOutage / 1_000} s` : undefined;
  const why = [down, strange?.message].map((text) => text && `jobs may be left: ${text}`);
  return [...why, blindness(unseen, config)].filter((line) => line !== undefined);
}
