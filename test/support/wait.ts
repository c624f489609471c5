// Waits for what no event tells: a condition is looked at again and again until it holds.

import { setTimeout as sleep } from 'node:timers/promises';

const betweenLooks = 20;
/** Far more than anything here takes on a busy machine, in ms; less than the time of a test. */
const longest = 55_000;

/** For a test of two minutes: it waits for a lease that runs out, or does much. */
export const patient: Patience = { longest: 110_000 };

export interface Patience {
  /** In ms. */
  readonly longest?: number;
  readonly every?: number;
}

/** Resolves to the first answer that is neither undefined nor false. */
export async function until<Answer>(
  what: string,
  look: () => Answer | Promise<Answer>,
  patience: Patience = {},
): Promise<Exclude<Answer, false | undefined>> {
  const last = performance.now() + (patience.longest ?? longest);
  while (performance.now() < last) {
    const answer = await look();
    if (answer !== undefined && answer !== false) {
      return answer as Exclude<Answer, false | undefined>;
    }
    await sleep(patience.every ?? betweenLooks);
  }
  throw new Error(`waited in vain: ${what}`);
}
