// When the clocks of a zone are changed: found once, then remembered, as ticks ask for it all the time.

import { offsetAt } from '../core/zone.ts';

/** From the instant `at` on (ms), the zone is `after` ahead of UTC (ms), no longer `before`. */
export interface OffsetChange {
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

const day = 86_400_000;

/** Since 1970 no zone changed its clocks twice within less than 7 days; offsets are looked at this far apart. */
const sampling = 5 * day;
/** How much is looked at, and remembered, at a time. */
const stretch = 73 * sampling;

const knownByZone = new Map<string, Map<number, readonly OffsetChange[]>>();

/** The changes after `from` up to and including `to`, ascending. */
export function offsetChanges(zone: string, from: number, to: number): OffsetChange[] {
  if (zone === 'UTC') return [];
  const found: OffsetChange[] = [];
  for (let index = Math.floor(from / stretch); index * stretch <= to; index++) {
    for (const change of changesIn(zone, index)) {
      if (change.at > from && change.at <= to) found.push(change);
    }
  }
  return found;
}

function changesIn(zone: string, index: number): readonly OffsetChange[] {
  let known = knownByZone.get(zone);
  if (known === undefined) {
    known = new Map();
    knownByZone.set(zone, known);
  }
  let changes = known.get(index);
  if (changes === undefined) {
    changes = findChanges(zone, index * stretch);
    known.set(index, changes);
  }
  return changes;
}

function findChanges(zone: string, start: number): OffsetChange[] {
  const found: OffsetChange[] = [];
  let before = offsetAt(zone, start);
  for (let from = start; from < start + stretch; from += sampling) {
    const after = offsetAt(zone, from + sampling);
    if (after !== before) found.push({ at: changeWithin(zone, from, after), before, after });
    before = after;
  }
  return found;
}

/** The first second in the sample from `from` on at which the offset is `after`. */
function changeWithin(zone: string, from: number, after: number): number {
  let earlier = from;
  let at = from + sampling;
  while (at - earlier > 1_000) {
    const middle = earlier + Math.floor((at - earlier) / 2_000) * 1_000;
    if (offsetAt(zone, middle) === after) at = middle;
    else earlier = middle;
  }
  return at;
}
