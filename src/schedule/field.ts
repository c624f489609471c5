// One field of a schedule by cronie's rules: the items of its list, or what is wrong with it.

import type { ErrorCode } from './issue.ts';

export interface FieldRule {
  readonly key: 'second' | 'minute' | 'hour' | 'dayOfMonth' | 'month' | 'dayOfWeek';
  readonly label: string;
  readonly code: ErrorCode;
  readonly least: number;
  readonly most: number;
  /** The names of its values, in lower case, from `least` on. */
  readonly names: readonly string[];
  /** After how many values it begins anew; undefined where that depends (the days of a month). */
  readonly cycle: number | undefined;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const second: FieldRule = {
  key: 'second',
  label: 'second',
  code: 'bad-second',
  least: 0,
  most: 59,
  names: [],
  cycle: 60,
};

/** The five fields of a crontab, in its order. Day of week 7 is Sunday, as 0 is. */
export const crontabFields: readonly FieldRule[] = [
  { ...second, key: 'minute', label: 'minute', code: 'bad-minute' },
  { ...second, key: 'hour', label: 'hour', code: 'bad-hour', most: 23, cycle: 24 },
  {
    key: 'dayOfMonth',
    label: 'day of month',
    code: 'bad-day-of-month',
    least: 1,
    most: 31,
    names: [],
    cycle: undefined,
  },
  {
    key: 'month',
    label: 'month',
    code: 'bad-month',
    least: 1,
    most: 12,
    names: months,
    cycle: 12,
  },
  {
    key: 'dayOfWeek',
    label: 'day of week',
    code: 'bad-day-of-week',
    least: 0,
    most: 7,
    names: weekdays,
    cycle: 7,
  },
];

/** What `extended: true` allows: a seconds field before the five. */
export const extendedFields: readonly FieldRule[] = [second, ...crontabFields];

/** The values `low`, `low + step` … up to `high`; none when `low` is more than `high`. */
export interface Item {
  /** As it was written, and where in the field. */
  readonly text: string;
  readonly at: number;
  readonly low: number;
  readonly high: number;
  readonly step: number;
}

export interface FieldFault {
  /** Where in the field. */
  readonly at: number;
  readonly message: string;
}

/** Chooses the value of a random range, whose place in the list is `item`. */
export type Choose = (low: number, high: number, item: number) => number;

/** @param text one word, without blanks. */
export function readField(
  rule: FieldRule,
  text: string,
  choose: Choose,
): readonly Item[] | FieldFault {
  const items: Item[] = [];
  let at = 0;
  for (const part of text.split(',')) {
    const read = readItem(rule, part, (low, high) => choose(low, high, items.length));
    if (typeof read === 'string') return { at, message: read };
    items.push({ text: part, at, ...read });
    at += part.length + 1;
  }
  return items;
}

interface Range {
  readonly low: number;
  readonly high: number;
  readonly step: number;
}

const star = /^\*(?:\/(?<step>[a-z\d]+))?$/i;
const numbers = /^(?<low>[a-z\d]+)(?:-(?<high>[a-z\d]+)(?:\/(?<step>[a-z\d]+))?)?$/i;
const random = /^(?<low>[a-z\d]*)~(?<high>[a-z\d]*)$/i;

/** The range, or what is wrong. */
function readItem(
  rule: FieldRule,
  text: string,
  choose: (low: number, high: number) => number,
): Range | string {
  const stars = star.exec(text);
  if (stars !== null) return readStar(rule, stars.groups?.['step']);
  const range = numbers.exec(text);
  if (range !== null) return readRange(rule, range.groups ?? {});
  const chosen = random.exec(text);
  if (chosen !== null) return readRandom(rule, chosen.groups ?? {}, choose);
  return notAnItem(rule, text);
}

type Groups = Readonly<Record<string, string | undefined>>;

function readStar(rule: FieldRule, written: string | undefined): Range | string {
  const step = readStep(written);
  return typeof step === 'string' ? step : { low: rule.least, high: rule.most, step };
}

function readRange(rule: FieldRule, written: Groups): Range | string {
  const low = readValue(rule, written['low'] ?? '');
  const high = written['high'] === undefined ? low : readValue(rule, written['high']);
  const step = readStep(written['step']);
  if (typeof low === 'string') return low;
  if (typeof high === 'string') return high;
  if (typeof step === 'string') return step;
  // cronie's way to let sat-sun end with the week; it does so in every field, but not before a step.
  const end = low > high && high === 0 && written['step'] === undefined ? 7 : high;
  return outOfBounds(rule, { low, high: end, step }) ?? { low, high: end, step };
}

/** cronie refuses only values that would match: `1-234/5678` stands for 1, and `65-2` for nothing. */
function outOfBounds(rule: FieldRule, range: Range): string | undefined {
  if (range.low > range.high) return undefined;
  const wrong = [range.low, lastOf(range)].find((value) => value < rule.least || value > rule.most);
  return wrong === undefined ? undefined : `${wrong} is not from ${rule.least} to ${rule.most}`;
}

/** The last value of a range that has any. */
export function lastOf({ low, high, step }: Range): number {
  return low + Math.floor((high - low) / step) * step;
}

function readRandom(
  rule: FieldRule,
  written: Groups,
  choose: (low: number, high: number) => number,
): Range | string {
  const low = written['low'] === '' ? rule.least : readValue(rule, written['low'] ?? '');
  const high = written['high'] === '' ? rule.most : readValue(rule, written['high'] ?? '');
  if (typeof low === 'string') return low;
  if (typeof high === 'string') return high;
  if (low > high) return `${low} is more than ${high}`;
  const wrong = outOfBounds(rule, { low, high, step: 1 });
  if (wrong !== undefined) return wrong;
  const chosen = choose(low, high);
  return { low: chosen, high: chosen, step: 1 };
}

function readValue(rule: FieldRule, text: string): number | string {
  if (/^\d+$/.test(text)) return Number(text);
  const named = rule.names.indexOf(text.toLowerCase());
  if (named >= 0) return named + rule.least;
  if (rule.names.length === 0 || rule.names.every((name) => !text.toLowerCase().startsWith(name))) {
    return notAnItem(rule, text);
  }
  return `names have three letters: ${text.slice(0, 3)}`;
}

function readStep(text: string | undefined): number | string {
  if (text === undefined) return 1;
  if (!/^\d+$/.test(text)) return `not a step: ${JSON.stringify(text)}`;
  return Number(text) > 0 ? Number(text) : 'a step is 1 or more';
}

function notAnItem({ most }: FieldRule, text: string): string {
  if (text === '') return 'there is a comma too many';
  const step = /^(?<low>\d+)(?<step>\/\d+)$/.exec(text)?.groups;
  if (step !== undefined) {
    return `a step follows * or a range, such as ${step['low'] ?? ''}-${most}${step['step'] ?? ''}`;
  }
  const others = /[LW#?]/.test(text) ? ': cron knows no L, W, # and ?' : '';
  return `not a value, a list or a range: ${JSON.stringify(text)}${others}`;
}
