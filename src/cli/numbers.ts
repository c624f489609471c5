// Numbers and durations of the command line, each error naming its option.

import { aboutOption, DqError } from '../core/errors.ts';
import { parseDuration } from '../core/duration.ts';

export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new DqError(
    'usage',
    `${option} must be a whole number ${range}, not ${JSON.stringify(text)}`,
  );
}

/** In ms. */
export function durationOf(option: string, text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw aboutOption(option, error);
  }
}

export function optional<T>(text: string | undefined, read: (text: string) => T): T | undefined {
  return text === undefined ? undefined : read(text);
}
