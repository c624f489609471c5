// Durations as people write them (`500ms`, `1.5s`, `1h30m`, `2d`) to milliseconds and back.

import { DqError } from './errors.ts';
import { redactUrl } from './redact-url.ts';

const units = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
type Unit = keyof typeof units;

/** In ms: what a node holds as delay or ttr, 2^32 − 1 s (136 years). No duration is longer. */
export const longestDuration = (2 ** 32 - 1) * 1_000;

/** Far more than the longest duration needs; it bounds the work on nonsense. */
const longestText = 100;

const example = 'units are ms, s, m, h, d and w, from large to small: 500ms, 1.5s, 1h30m, 2d';

const anyPart = /(\d+)(?:\.(\d+))?(ms|[wdhms])/g;

/**
 * Whole milliseconds, 0 to `longestDuration`.
 * @throws DqError (usage) for anything else, a part of a millisecond included.
 */
export function parseDuration(text: string): number {
  const parts = text.length > longestText ? [] : partsOf(text);
  if (!areWhole(parts, text)) throw misspelt(text);
  let total = 0n;
  for (const { whole, decimals, size } of parts) {
    const scaled = BigInt(whole + decimals) * BigInt(size);
    const scale = 10n ** BigInt(decimals.length);
    if (scaled % scale !== 0n) throw notADuration(text, ': it is finer than a millisecond');
    total += scaled / scale;
  }
  if (total > longestDuration) {
    throw notADuration(text, `: it is longer than ${formatDuration(longestDuration)}`);
  }
  return Number(total);
}

interface Part {
  readonly text: string;
  readonly whole: string;
  readonly decimals: string;
  /** Of its unit, in ms. */
  readonly size: number;
}

function partsOf(text: string): Part[] {
  return [...text.matchAll(anyPart)].map(([part, whole = '', decimals = '', unit]) => {
    return { text: part, whole, decimals, size: units[unit as Unit] };
  });
}

/** Nothing else is in the text, from large to small, each unit at most once. One expression for that compiles slowly. */
function areWhole(parts: readonly Part[], text: string): boolean {
  if (parts.length === 0 || parts.map((part) => part.text).join('') !== text) return false;
  return parts.every(({ size }, at) => size < (parts[at - 1]?.size ?? Infinity));
}

function misspelt(text: string): DqError {
  if (/^\d{1,9}(\.\d{1,3})?$/.test(text)) {
    return notADuration(text, ': it has no unit', `did you mean ${text}s?`);
  }
  if (text.startsWith('-')) return notADuration(text, ': it is negative');
  const short = text.length > longestText ? '' : shortened(text);
  return areWhole(partsOf(short), short)
    ? notADuration(text, '', `did you mean ${short}?`)
    : notADuration(text, '');
}

/** As people call units elsewhere: whole, or shortened. */
const names: readonly (readonly [string, Unit])[] = [
  ['weeks', 'w'],
  ['days', 'd'],
  ['hours', 'h'],
  ['hrs', 'h'],
  ['minutes', 'm'],
  ['mins', 'm'],
  ['seconds', 's'],
  ['secs', 's'],
  ['milliseconds', 'ms'],
  ['msecs', 'ms'],
];

/** `5 Minutes` as `5m`. */
function shortened(text: string): string {
  const words = text.toLowerCase().replaceAll(/\s+(?=[a-z])|(?<=[a-z])\s+/g, '');
  return words.replaceAll(/[a-z]+/g, (word) => {
    return names.find(([name]) => name.startsWith(word))?.[1] ?? word;
  });
}

function notADuration(text: string, why: string, hint = example): DqError {
  return new DqError('usage', `not a duration: ${JSON.stringify(redactUrl(text))}${why}`, { hint });
}

/**
 * The short form that `parseDuration` reads back; weeks are told as days.
 * @param ms whole milliseconds, 0 or more.
 */
export function formatDuration(ms: number): string {
  let text = '';
  let left = ms;
  for (const unit of ['d', 'h', 'm'] as const) {
    const count = Math.floor(left / units[unit]);
    if (count > 0) text += `${count}${unit}`;
    left -= count * units[unit];
  }
  if (left >= units.s) return `${text}${left / units.s}s`;
  if (left > 0) return `${text}${left}ms`;
  return text === '' ? '0s' : text;
}
