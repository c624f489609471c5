// Whether a tick still runs when it is first claimed: its entry's grace, and what is done with missed ones. Pure.

import type { Entry } from './entry.ts';
import { ticksAfter } from './ticks.ts';

/** A tick that starts within so many ms wasn't missed: its host was busy. */
const prompt = 10_000;

/** `late`: beyond its grace; `missed`: within, but the entry doesn't catch it up. */
export type Punctuality = 'run' | 'late' | 'missed';

/** @param now by the clock that all hosts share; instants in ms. */
export function judgeTick(entry: Entry, tick: number, now: number): Punctuality {
  const lateness = latenessOf(entry, tick, now);
  if (lateness > entry.grace) return 'late';
  if (lateness <= prompt) return 'run';
  switch (entry.missed) {
    case 'all':
      return 'run';
    case 'skip':
      return 'missed';
    case 'last': {
      const later = ticksAfter(entry, tick, now - entry.delay).next();
      return later.done === true ? 'run' : 'missed';
    }
  }
}

/** Later than a host that was there begins it. */
export function wasMissed(entry: Entry, tick: number, now: number): boolean {
  return latenessOf(entry, tick, now) > prompt;
}

function latenessOf({ delay }: Entry, tick: number, now: number): number {
  return now - (tick + delay);
}
