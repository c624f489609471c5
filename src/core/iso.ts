// The parts of an ISO 8601 date-time: how each is written (patterns with named groups), and what it then means.

import { DqError } from './errors.ts';
import type { Wall } from './wall.ts';
import { lastDayOf } from './wall.ts';

/** The named groups of a match, lower case. */
export type Groups = Record<string, string | undefined>;

export const datePattern = String.raw`(?<year>\d{4})-(?<month>\d\d)-(?<date>\d\d)`;
export const clockPattern = String.raw`(?<hour>\d{1,2}):(?<minute>\d\d)(?::(?<second>\d\d))?`;
export const fractionPattern = String.raw`[.,](?<fraction>\d{1,9})`;
export const utcPattern = '(?<utc>z|utc)';
export const offsetPattern = String.raw`(?<sign>[+-])(?<offsetHours>\d\d)(?::?(?<offsetMinutes>\d\d))?`;

/** @throws DqError (usage) for a date that no calendar has. */
export function dateOf(groups: Groups): Pick<Wall, 'year' | 'month' | 'day'> {
  const year = Number(groups['year']);
  const month = Number(groups['month']);
  const day = Number(groups['date']);
  if (month < 1 || month > 12 || day < 1 || day > lastDayOf(year, month)) {
    throw impossible(`${groups['year'] ?? ''}-${two(month)}-${two(day)}`);
  }
  return { year, month, day };
}

/**
 * Midnight when none was written.
 * @throws DqError (usage) for a time that no clock shows.
 */
export function clockOf(groups: Groups): Pick<Wall, 'hour' | 'minute' | 'second'> {
  const hour = Number(groups['hour'] ?? 0);
  const minute = Number(groups['minute'] ?? 0);
  const second = Number(groups['second'] ?? 0);
  if (hour > 23 || minute > 59 || second > 59) {
    throw impossible(`${two(hour)}:${two(minute)}:${two(second)}`);
  }
  return { hour, minute, second };
}

/** Nanoseconds, 0 when none was written. */
export function fractionOf(groups: Groups): bigint {
  return BigInt((groups['fraction'] ?? '').padEnd(9, '0'));
}

/**
 * In ms; undefined when none was written.
 * @throws DqError (usage) for one of a day or more.
 */
export function offsetOf(groups: Groups): number | undefined {
  const { utc, sign } = groups;
  if (utc !== undefined) return 0;
  if (sign === undefined) return undefined;
  const hours = Number(groups['offsetHours']);
  const minutes = Number(groups['offsetMinutes'] ?? 0);
  if (hours > 23 || minutes > 59) throw impossible(`${sign}${two(hours)}:${two(minutes)}`);
  const size = (hours * 60 + minutes) * 60_000;
  return sign === '-' ? -size : size;
}

/** `+01:00`; `-00:44:30` where there were seconds. */
export function formatOffset(ms: number): string {
  const seconds = Math.abs(ms) / 1_000;
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  if (seconds % 60 !== 0) parts.push(seconds % 60);
  return `${ms < 0 ? '-' : '+'}${parts.map(two).join(':')}`;
}

function impossible(part: string): DqError {
  return new DqError('usage', `there is no ${part}`, {
    hint: 'dates are like 2027-01-31, times 23:59:59, offsets +01:00',
  });
}

function two(count: number): string {
  return String(count).padStart(2, '0');
}
