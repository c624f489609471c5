// What is probably not meant by entries, as far as it shows in their ticks: warnings of `dq cron check`.

import { formatWall, wallInUtc, type WallTime } from '../core/wall.ts';
import { wallTime } from '../core/zone.ts';
import type { Entry } from './entry.ts';
import type { Issue, WarningCode } from './issue.ts';
import { offsetChanges } from './offset-changes.ts';
import { skippedTimes, ticks, ticksAfter } from './ticks.ts';
import { followsClock } from './times.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** @param now whole ms: a year from then on is looked at, for crowds a month. */
export function checkEntries(entries: readonly Entry[], now: number): Issue[] {
  const issues: Issue[] = [];
  for (const entry of entries) {
    const issue = checkNever(entry, now) ?? checkSkippedTime(entry, now);
    if (issue !== undefined) issues.push(issue);
  }
  const crowd = checkCrowd(entries, now);
  return crowd === undefined ? issues : [...issues, crowd];
}

function checkNever(entry: Entry, now: number): Issue | undefined {
  if (entry.times === 'reboot' || ticksAfter(entry, now).next().done === false) return undefined;
  return warning(entry, 'never', `${entry.schedule} never matches`);
}

/** Not for an entry of any hour: nobody expects it to make up for an hour that there isn't. */
function checkSkippedTime(entry: Entry, now: number): Issue | undefined {
  const { times, zone } = entry;
  if (times === 'reboot' || times.stars.hour) return undefined;
  for (const change of offsetChanges(zone, now, now + 366 * dayMs)) {
    const [skipped] = skippedTimes(times, change);
    if (skipped === undefined) continue;
    const instead = followsClock(times)
      ? 'it is left out'
      : `it runs at ${minuteOf(wallInUtc(change.at + change.after)).slice(-5)} instead`;
    const message = `${minuteOf(wallInUtc(skipped))} does not exist, as clocks are put forward: ${instead}`;
    return warning(entry, 'skipped-time', message);
  }
  return undefined;
}

/** So many at one minute are worth spreading. */
const crowdSize = 10;
const crowdDays = 31;

/** The first of the minutes with the most entries. */
function checkCrowd(entries: readonly Entry[], now: number): Issue | undefined {
  const start = Math.floor(now / minuteMs) + 1;
  const counts = new Uint32Array(crowdDays * 24 * 60);
  for (const entry of entries) {
    for (const minute of minutesOf(entry, start, counts.length)) {
      counts[minute - start] = (counts[minute - start] ?? 0) + 1;
    }
  }
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  if (most < crowdSize) return undefined;
  const minute = start + counts.indexOf(most);
  const first = entries.find((entry) => minutesOf(entry, minute, 1).length > 0);
  if (first === undefined) return undefined;
  const when = minuteOf(wallTime(first.zone, minute * minuteMs));
  const message = `${most} entries are due in one minute, ${when}: ~ in a field or a jitter spreads them`;
  return warning(first, 'crowded', message);
}

/** The minutes, counted from the epoch, at which it is due: `count` of them from `start` on are looked at. */
function minutesOf({ times, zone, delay }: Entry, start: number, count: number): number[] {
  if (times === 'reboot') return [];
  const oncePerMinute = { zone, times: { ...times, seconds: times.seconds.slice(0, 1) } };
  const from = start * minuteMs - delay - 1;
  return ticks(oncePerMinute, from, from + count * minuteMs).map((tick) =>
    Math.floor((tick + delay) / minuteMs),
  );
}

function warning({ place }: Entry, code: WarningCode, message: string): Issue {
  return { ...place, severity: 'warning', code, message };
}

/** `2027-03-14 02:30`. */
function minuteOf(wall: WallTime): string {
  return formatWall(wall).slice(0, '2027-03-14 02:30'.length);
}
