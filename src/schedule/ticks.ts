// The instants at which an entry is due, by cronie's rules, in the entry's own zone.

import { latestDueMs } from '../core/envelope.ts';
import { offsetAt } from '../core/zone.ts';
import { offsetChanges, type OffsetChange } from './offset-changes.ts';
import { followsClock, matchesDay, type Times } from './times.ts';

/** What of an entry decides on its ticks. */
export interface Scheduled {
  readonly times: Times | 'reboot';
  /** An IANA name, or `localZone`. */
  readonly zone: string;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const leapYearMs = 366 * dayMs;

/**
 * The ticks after `from` up to and including `to` (whole ms), strictly ascending; none for `@reboot`.
 *
 * An entry whose minute or hour begins with `*` follows the clock. Any other has each of its times once: one that
 * clocks put forward skip, right after the gap; one that clocks put back show twice, the first time.
 */
export function ticks({ times, zone }: Scheduled, from: number, to: number): number[] {
  const found: number[] = [];
  if (times === 'reboot') return found;
  for (const { change, start, last, offset } of spansOf(zone, from, Math.min(to, latestDueMs))) {
    let first = Math.max(start, from + 1);
    if (change !== undefined && !followsClock(times)) {
      if (start > from && skippedTimes(times, change).length > 0) {
        found.push(start);
        first = start + 1;
      }
      first = Math.max(first, endOfRepetition(change));
    }
    appendTimes(found, times, first + offset, last + offset, offset);
  }
  return found;
}

/** The Gregorian calendar repeats itself after 400 years: what has no tick by then never has one. */
const calendarCycle = 400 * leapYearMs;

/** All ticks after `after` and up to `last` (whole ms), one by one, as far as an envelope can hold them. */
export function* ticksAfter(
  entry: Scheduled,
  after: number,
  last = Infinity,
): Generator<number, void> {
  if (entry.times === 'reboot') return;
  const end = Math.min(after + calendarCycle, latestDueMs, last);
  let width = hourMs;
  let from = after;
  while (from < end) {
    const to = Math.min(from + width, end);
    const found = ticks(entry, from, to);
    yield* found;
    if (found.length === 0) width = Math.min(2 * width, leapYearMs);
    from = to;
  }
}

/** A time in which the offset of a zone stays the same. */
interface Span {
  /** What began it; of the first span it doesn't matter any more. */
  readonly change: OffsetChange | undefined;
  readonly start: number;
  readonly last: number;
  readonly offset: number;
}

/** For cronie, a clock that is changed by more has been set anew: no summer time begins or ends. */
const longestShift = 3 * hourMs;

/** The spans that `from` to `to` lies in, from early enough to know what is shown for the second time. */
function spansOf(zone: string, from: number, to: number): Span[] {
  const start = from - longestShift;
  const changes = offsetChanges(zone, start, to);
  const lastBefore = (next: OffsetChange | undefined): number => (next?.at ?? to + 1) - 1;
  const offset = changes[0]?.before ?? offsetAt(zone, start);
  return [
    { change: undefined, start, last: lastBefore(changes[0]), offset },
    ...changes.map((change, index) => ({
      change,
      start: change.at,
      last: lastBefore(changes[index + 1]),
      offset: change.after,
    })),
  ];
}

/** The times (as ms in UTC) that no clock shows because of this change, and that cronie makes up for. */
export function skippedTimes(times: Times, { at, before, after }: OffsetChange): number[] {
  const skipped: number[] = [];
  if (after - before < longestShift) {
    appendTimes(skipped, times, at + before, at + after - 1, 0);
  }
  return skipped;
}

/** The first instant from which on clocks show what they haven't shown yet. */
function endOfRepetition({ at, before, after }: OffsetChange): number {
  const shift = before - after;
  return shift > 0 && shift <= longestShift ? at + shift : at;
}

/** Appends the times in [low, high], each less `offset`; all are ms, wall clocks told as if in UTC. */
function appendTimes(
  found: number[],
  times: Times,
  low: number,
  high: number,
  offset: number,
): void {
  let day = Math.floor(low / dayMs) * dayMs;
  while (day <= high) {
    const date = new Date(day);
    const month = date.getUTCMonth() + 1;
    if (!times.months.has(month)) {
      day = Date.UTC(date.getUTCFullYear(), month);
      continue;
    }
    const dayOfMonth = date.getUTCDate();
    if (matchesDay(times, { dayOfMonth, month, dayOfWeek: date.getUTCDay() })) {
      appendTimesOfDay(found, times, day, low, high, offset);
    }
    day += dayMs;
  }
}

function appendTimesOfDay(
  found: number[],
  times: Times,
  day: number,
  low: number,
  high: number,
  offset: number,
): void {
  for (const hour of times.hours) {
    const hourStart = day + hour * hourMs;
    if (hourStart + hourMs <= low) continue;
    if (hourStart > high) return;
    for (const minute of times.minutes) {
      const minuteStart = hourStart + minute * 60_000;
      for (const second of times.seconds) {
        const time = minuteStart + second * 1_000;
        if (time >= low && time <= high) found.push(time - offset);
      }
    }
  }
}
