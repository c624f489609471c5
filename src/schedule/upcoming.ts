// What runs next: the ticks of several entries in order, and what a change of clocks does to them.

import { formatWall, wallInUtc, type WallTime } from '../core/wall.ts';
import { instantsOf, wallTime } from '../core/zone.ts';
import { offsetChanges } from './offset-changes.ts';
import { skippedTimes, ticksAfter, type Scheduled } from './ticks.ts';
import { followsClock } from './times.ts';

/** Instants are in ms. */
export interface Upcoming<E> {
  readonly entry: E;
  readonly tick: number;
  readonly due: number;
  /** What a change of clocks does to it; undefined when it does nothing. */
  readonly note: string | undefined;
}

type Delayed = Scheduled & { readonly delay: number };

/** The first `count` that are due after `after` (ms). */
export function upcoming<E extends Delayed>(
  entries: readonly E[],
  after: number,
  count: number,
): Upcoming<E>[] {
  const first = entries.flatMap((entry) => firstOf(entry, after - entry.delay, count));
  const inOrder = first.sort((a, b) => a.due - b.due).slice(0, count);
  return inOrder.map((tick) => ({ ...tick, note: noteOn(tick.entry, tick.tick) }));
}

function firstOf<E extends Delayed>(
  entry: E,
  after: number,
  count: number,
): Omit<Upcoming<E>, 'note'>[] {
  const found = [];
  for (const tick of ticksAfter(entry, after)) {
    if (found.length === count) break;
    found.push({ entry, tick, due: tick + entry.delay });
  }
  return found;
}

function noteOn({ times, zone }: Scheduled, tick: number): string | undefined {
  if (times === 'reboot') return undefined;
  const [change] = offsetChanges(zone, tick - 1, tick);
  const [skipped] = change === undefined ? [] : skippedTimes(times, change);
  if (skipped !== undefined && !followsClock(times)) {
    return `clocks are put forward over ${clockOf(wallInUtc(skipped))}`;
  }
  const wall = wallTime(zone, tick);
  const shown = instantsOf(zone, wall);
  if (shown.length < 2) return undefined;
  const which = tick === shown[0] ? 'first' : 'second';
  return `clocks are put back and show ${clockOf(wall)} twice: the ${which}`;
}

/** `02:30`, without seconds unless there are any. */
function clockOf(wall: WallTime): string {
  return formatWall(wall).slice('2027-03-14 '.length).replace(/:00$/, '');
}
