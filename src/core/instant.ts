// Instants as people write them (`2027-01-01T09:00`, `17:30`, `+90s`, `-1h`, `tomorrow 09:00`) to nanoseconds, and back.

import { parseDuration } from './duration.ts';
import { latestDueMs } from './envelope.ts';
import { DqError } from './errors.ts';
import { hintFor } from './instant-hint.ts';
import type { Groups } from './iso.ts';
import * as iso from './iso.ts';
import type { Wall } from './wall.ts';
import { formatWall, utcOf } from './wall.ts';
import type { Gap, Span } from './zone.ts';
import { gapOver, instantsOf, offsetAt, spanLater, wallTime, zoneName } from './zone.ts';

export interface Frame {
  /** Whole milliseconds since the epoch. */
  readonly now: number;
  /** For what is written without an offset: an IANA name or `localZone`. */
  readonly zone: string;
}

export interface Instant {
  /** Nanoseconds since the epoch, exactly as written. */
  readonly ns: bigint;
  /** It was reckoned from now on: written again, it is another instant. */
  readonly relative: boolean;
}

const nsPerMs = 1_000_000n;
const nsPerSecond = 1_000_000_000n;

/** More than any instant needs; it bounds the work on nonsense. */
const longestText = 100;

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const dayNames = weekdays.flatMap((name) => [name, name.slice(0, 3)]).join('|');

const date = iso.datePattern;
const clock = iso.clockPattern;
const fraction = `(?:${iso.fractionPattern})?`;
const utc = `(?: ?${iso.utcPattern})?`;
const offset = `(?: ?(?:${iso.utcPattern}|${iso.offsetPattern}))?`;
const day = `(?<day>today|tomorrow|${dayNames})`;

const stamp = new RegExp(`^${date}(?:[t ]${clock}${fraction}${offset})?$`);
const dayFirst = new RegExp(`^(?:${day} )?${clock}${utc}$`);
const dayLast = new RegExp(`^${clock}${utc} ${day}$`);
const epoch = new RegExp(String.raw`^@(?<minus>-?)(?<seconds>\d+)${fraction}$`);
const sum = /^(?<start>now ?|.+ )\+ ?(?<amount>[^+]+)$/;
const counted = /^(?<count>\d{1,9}) ?(?<unit>second|sec|minute|min|hour|day|week|month|year)s?$/;

const exactUnits: Record<string, number> = {
  second: 1_000,
  sec: 1_000,
  minute: 60_000,
  min: 60_000,
  hour: 3_600_000,
};
const calendarUnits: Record<string, Span> = {
  day: { months: 0, days: 1 },
  week: { months: 0, days: 7 },
  month: { months: 1, days: 0 },
  year: { months: 12, days: 0 },
};
const secondsCount = 'after an @ seconds are counted, not milliseconds';
/** More days than an envelope reaches; as many years are still within a Date. */
const mostCounted = 110_000;

/**
 * Whether the instant is past is the caller's to judge; the zone is looked up only when it matters.
 * @throws DqError (usage) for what is no instant, an impossible date, a time that clocks skip, an unknown zone,
 *   and what no envelope holds.
 */
export function parseInstant(text: string, frame: Frame): Instant {
  const words = wordsOf(text);
  const instant = words.length > longestText ? undefined : readInstant(words, frame);
  if (instant === undefined) throw notAnInstant(text.trim(), frame);
  return { ...instant, ns: withinRange(instant.ns) };
}

/** Whether these words could be parsed. */
export function isInstant(text: string, frame: Frame): boolean {
  try {
    const words = wordsOf(text);
    return words.length <= longestText && readInstant(words, frame) !== undefined;
  } catch (error) {
    if (error instanceof DqError) return false; // an hour that clocks skip, a duration without a unit
    throw error;
  }
}

function wordsOf(text: string): string {
  return text.trim().toLowerCase().replaceAll(/\s+/g, ' ');
}

function readInstant(words: string, frame: Frame): Instant | undefined {
  const now = BigInt(frame.now) * nsPerMs;
  if (words === 'now') return { ns: now, relative: true };
  if (/^[+-]./.test(words)) {
    const ahead = durationNs(words.slice(1).trimStart());
    return { ns: words.startsWith('-') ? now - ahead : now + ahead, relative: true };
  }
  const ns = readPoint(words, frame);
  if (ns !== undefined) return { ns, relative: false };

  const { start, amount } = groupsOf(sum, words) ?? {};
  if (start === undefined || amount === undefined) return undefined;
  const relative = start.trimEnd() === 'now';
  const from = relative ? now : readPoint(start.trimEnd(), frame);
  return from === undefined ? undefined : { ns: later(from, amount, frame.zone), relative };
}

function readPoint(words: string, frame: Frame): bigint | undefined {
  const digits = words.replace(/\bnoon\b/, '12:00').replace(/\bmidnight\b/, '00:00');
  const ns = readEpoch(digits) ?? readStamp(digits, frame.zone) ?? readClock(digits, frame);
  return ns === undefined
    ? undefined
    : withinRange(ns, words.startsWith('@') ? secondsCount : undefined);
}

function readEpoch(words: string): bigint | undefined {
  const groups = groupsOf(epoch, words);
  if (groups === undefined) return undefined;
  const ns = BigInt(groups['seconds'] ?? '') * nsPerSecond + iso.fractionOf(groups);
  return groups['minus'] === '-' ? -ns : ns;
}

function readStamp(words: string, zone: string): bigint | undefined {
  const groups = groupsOf(stamp, words);
  if (groups === undefined) return undefined;
  const wall = { ...iso.dateOf(groups), ...iso.clockOf(groups) };
  const ahead = iso.offsetOf(groups);
  const instant = ahead === undefined ? firstInstantOf(zone, wall) : utcOf(wall) - ahead;
  return BigInt(instant) * nsPerMs + iso.fractionOf(groups);
}

/** Without a day, and on a weekday, the first that isn't past. */
function readClock(words: string, { now, zone: own }: Frame): bigint | undefined {
  const groups = groupsOf(dayFirst, words) ?? groupsOf(dayLast, words);
  if (groups === undefined) return undefined;
  const zone = groups['utc'] === undefined ? own : 'UTC';
  const today = wallTime(zone, now);
  const { ahead, every } = daysOf(groups['day'], today.weekday);
  const first = { ...today, ...iso.clockOf(groups), day: today.day + ahead };
  const instant =
    every === undefined
      ? firstInstantOf(zone, first)
      : (nextInstantOf(zone, first, now) ??
        firstInstantOf(zone, { ...first, day: first.day + every }));
  return BigInt(instant) * nsPerMs;
}

/** How many days ahead such a day is (or was), and after how many days there is another. */
function daysOf(name: string | undefined, weekday: number): { ahead: number; every?: number } {
  if (name === undefined) return { ahead: 0, every: 1 };
  if (name === 'today') return { ahead: 0 };
  if (name === 'tomorrow') return { ahead: 1 };
  const wanted = weekdays.findIndex((known) => known.startsWith(name));
  return { ahead: wanted - weekday, every: 7 };
}

function firstInstantOf(zone: string, wall: Wall): number {
  const [first] = instantsOf(zone, wall);
  if (first === undefined) throw skipped(zone, wall, gapOver(zone, wall));
  return first;
}

/** Undefined when it is past. */
function nextInstantOf(zone: string, wall: Wall, now: number): number | undefined {
  const instants = instantsOf(zone, wall);
  if (instants.length > 0) return instants.find((instant) => instant >= now);
  const gap = gapOver(zone, wall);
  if (gap.at < now) return undefined;
  throw skipped(zone, wall, gap);
}

/** `+ 72h` is a duration; `+ 3 days` is the same time of day in three days. */
function later(from: bigint, amount: string, zone: string): bigint {
  const { count: digits, unit = '' } = groupsOf(counted, amount) ?? {};
  const count = Number(digits);
  const exact = exactUnits[unit];
  if (exact !== undefined) return from + BigInt(count * exact) * nsPerMs;
  const span = calendarUnits[unit];
  if (span === undefined) return from + durationNs(amount);
  if (count > mostCounted) throw outOfRange();
  const many = { months: span.months * count, days: span.days * count };
  const instant = spanLater(zone, Number(from / nsPerSecond) * 1_000, many);
  return BigInt(instant) * nsPerMs + (from % nsPerSecond);
}

function durationNs(text: string): bigint {
  return BigInt(parseDuration(text)) * nsPerMs;
}

function groupsOf(pattern: RegExp, words: string): Groups | undefined {
  return pattern.exec(words)?.groups;
}

function withinRange(ns: bigint, hint?: string): bigint {
  if (ns < 0n || ns > BigInt(latestDueMs) * nsPerMs) throw outOfRange(hint);
  return ns;
}

function outOfRange(hint?: string): DqError {
  return new DqError('usage', 'no job can be due before 1970 or after 2262-04-11', { hint });
}

function notAnInstant(text: string, frame: Frame): DqError {
  const hint = hintFor(text.slice(0, longestText), (words) => isInstant(words, frame));
  return new DqError('usage', `not an instant: ${JSON.stringify(text)}`, { hint });
}

function skipped(zone: string, wall: Wall, gap: Gap): DqError {
  const where = zoneName(zone) ?? 'local time';
  const jump = `clocks go from ${formatWall(gap.from)} to ${formatWall(gap.to)}`;
  return new DqError('usage', `there is no ${formatWall(wall)} in ${where}: ${jump}`, {
    hint: 'give a time outside of this gap',
  });
}

/** RFC 3339 in UTC with milliseconds. */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString();
}

/** For people: `2027-01-01 00:00:00 +01:00 (Europe/Berlin)`. */
export function formatLocal(ms: number, zone: string): string {
  const shown = formatWithOffset(ms, zone);
  const name = zoneName(zone);
  return name === undefined ? shown : `${shown} (${name})`;
}

/** For columns: `2027-01-01 00:00:00 +01:00`. */
export function formatWithOffset(ms: number, zone: string): string {
  return `${formatWall(wallTime(zone, ms))} ${iso.formatOffset(offsetAt(zone, ms))}`;
}
