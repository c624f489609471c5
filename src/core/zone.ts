// Time zones: what the clocks of a zone show at an instant, and at which instants they show it.

import { DqError } from './errors.ts';
import { nearest } from './nearest.ts';
import type { Wall, WallTime } from './wall.ts';
import { lastDayOf, utcOf, wallInUtc } from './wall.ts';

/**
 * The zone of this machine. Every `zone` below is this or an IANA name; every function that takes one throws
 * a DqError: usage for an unknown name, config when TZ holds what Node doesn't understand.
 * This one is told by Date, which is ready at once: the first use of Intl costs nearly as much as Node's start.
 */
export const localZone = 'local';

/** Where clocks are put forward: the wall times from `from` to before `to` don't exist. */
export interface Gap {
  /** The instant in ms at which clocks jump; they then show `to`. */
  readonly at: number;
  readonly from: WallTime;
  readonly to: WallTime;
}

export interface Span {
  readonly months: number;
  readonly days: number;
}

/**
 * Nothing on Earth was ever further from UTC. No zone changed twice within twice this time, so the offsets
 * this long before and after a wall time are the only ones it can have.
 */
const furthestOffset = 16 * 3_600_000;

/** What the zone is ahead of UTC at this instant, in ms (whole seconds). */
export function offsetAt(zone: string, instant: number): number {
  if (zone === 'UTC') return 0;
  if (zone === localZone) return localOffsetAt(instant);
  return offsetIn(formatterOf(zone).format(instant));
}

export function wallTime(zone: string, instant: number): WallTime {
  return wallInUtc(instant + offsetAt(zone, instant));
}

/** The instants in ms, ascending, at which clocks show this: none in a gap, two where they are put back over it. */
export function instantsOf(zone: string, wall: Wall): number[] {
  const asUtc = utcOf(wall);
  const offsets = new Set([
    offsetAt(zone, asUtc - furthestOffset),
    offsetAt(zone, asUtc + furthestOffset),
  ]);
  return [...offsets]
    .map((offset) => asUtc - offset)
    .filter((instant) => instant + offsetAt(zone, instant) === asUtc);
}

/** The gap that holds a wall time for which `instantsOf` found none. */
export function gapOver(zone: string, wall: Wall): Gap {
  let before = utcOf(wall) - furthestOffset;
  let at = utcOf(wall) + furthestOffset;
  const offset = offsetAt(zone, before);
  while (at - before > 1_000) {
    const middle = before + Math.floor((at - before) / 2_000) * 1_000;
    if (offsetAt(zone, middle) === offset) before = middle;
    else at = middle;
  }
  return { at, from: wallInUtc(at + offset), to: wallTime(zone, at) };
}

/**
 * The same time of day, months and days later (whole seconds in ms, in and out). A month after Jan 31 is the
 * last of February; what falls into a gap, or on a time that is shown twice, keeps the offset it had.
 */
export function spanLater(zone: string, instant: number, { months, days }: Span): number {
  const wall = wallTime(zone, instant);
  const month = wall.month + months;
  const day = Math.min(wall.day, lastDayOf(wall.year, month)) + days;
  const shifted = { ...wall, month, day };
  const kept = utcOf(shifted) - offsetAt(zone, instant);
  const instants = instantsOf(zone, shifted);
  return instants.includes(kept) ? kept : (instants[0] ?? kept);
}

/** The IANA name of a zone; undefined when the machine doesn't tell its own. */
export function zoneName(zone: string): string | undefined {
  if (zone !== localZone) return zone;
  const name = new Intl.DateTimeFormat().resolvedOptions().timeZone as string | undefined;
  return name === 'Etc/Unknown' ? undefined : name;
}

function localOffsetAt(instant: number): number {
  requireUnderstoodTz();
  const date = new Date(instant);
  const shown = utcOf({
    year: date.getFullYear(),
    month: date.getMonth() + 1,
    day: date.getDate(),
    hour: date.getHours(),
    minute: date.getMinutes(),
    second: date.getSeconds(),
  });
  return shown - Math.floor(instant / 1_000) * 1_000;
}

let understoodTz: string | undefined;

/** Date silently takes UTC for a TZ that it doesn't understand, `CET-1CEST` and `:/etc/localtime` among them. */
function requireUnderstoodTz(): void {
  const tz = process.env['TZ'];
  if (tz === understoodTz || tz === undefined || tz === '') return;
  if (newFormatter(tz.replace(/^:/, '')) === undefined) {
    throw new DqError('config', `the time zone of this machine is unclear: TZ=${tz}`, {
      hint: 'set TZ to the name of a zone, such as Europe/Berlin',
    });
  }
  understoodTz = tz;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone);
  if (formatter === undefined) {
    formatter = newFormatter(zone);
    if (formatter === undefined) throw unknownZone(zone);
    formatters.set(zone, formatter);
  }
  return formatter;
}

function newFormatter(zone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

/** What such a formatter writes ends with the offset: `GMT`, `GMT+05:45`, `GMT-00:44:30`. */
function offsetIn(formatted: string): number {
  const parts = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(formatted);
  if (parts === null) throw new Error(`no offset in ${JSON.stringify(formatted)}`);
  const [, sign, hours = 0, minutes = 0, seconds = 0] = parts;
  const size = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000;
  return sign === '-' ? -size : size;
}

function unknownZone(name: string): DqError {
  const zones = Intl.supportedValuesOf('timeZone');
  const city = `/${name.toLowerCase().replaceAll(' ', '_')}`;
  const meant = zones.find((zone) => zone.toLowerCase().endsWith(city)) ?? nearest(name, zones);
  return new DqError('usage', `unknown time zone: ${JSON.stringify(name)}`, {
    hint:
      meant === undefined
        ? 'a zone has an IANA name, such as Europe/Berlin or UTC'
        : `did you mean ${meant}?`,
  });
}
