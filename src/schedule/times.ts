// The times of a schedule: its words to the values of its fields, by cronie's rules.

import { doubtsAboutDays, doubtsAboutField, doubtsAboutStars, type Doubt } from './doubts.ts';
import { valuesOf } from './field-values.ts';
import { crontabFields, extendedFields, readField, type FieldRule } from './field.ts';
import type { ErrorCode, Remark } from './issue.ts';
import { stableChoice } from './name.ts';
import { isNickname, takeWords, type Word } from './words.ts';

/** Lists are ascending, so that ticks are; days of week are 0 (Sunday) to 6. */
export interface Times {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly daysOfWeek: ReadonlySet<number>;
  readonly stars: Stars;
}

/** Which fields begin with `*`: what cronie decides by. */
interface Stars {
  readonly minute: boolean;
  readonly hour: boolean;
  readonly dayOfMonth: boolean;
  readonly dayOfWeek: boolean;
}

export type Schedule =
  | {
      readonly times: Times | 'reboot';
      readonly doubts: readonly Doubt[];
      readonly fault?: undefined;
    }
  | { readonly fault: Remark<ErrorCode> };

/** Written so that they have cronie's stars: `@daily` is a fixed time whose days begin with no `*`. */
const nicknames = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 1-31 * 0-6'],
  ['@midnight', '0 0 1-31 * 0-6'],
  ['@hourly', '0 * 1-31 * 0-6'],
]);

/** A schedule that is all of a text. @param extended whether a seconds field comes first. */
export function parseSchedule(text: string, extended: boolean, seed: string): Schedule {
  const fields = extended ? extendedFields : crontabFields;
  const words = takeWords(text, 0, Infinity);
  const wanted = isNickname(words) ? 1 : fields.length;
  if (words.length === wanted) return readSchedule(words, fields, text.length, seed);
  const hint =
    extended || words.length !== wanted + 1 ? '' : ' (extended: true allows one for seconds)';
  const message = `must have ${wanted} fields, not ${words.length}${hint}`;
  return { fault: { code: 'bad-schedule', at: 0, message } };
}

/**
 * @param words as many as there are `fields`, or a nickname; one that is missing is a fault.
 * @param end where in the text a missing word would be.
 * @param seed what random ranges hang on: the name of the entry.
 */
export function readSchedule(
  words: readonly Word[],
  fields: readonly FieldRule[],
  end: number,
  seed: string,
): Schedule {
  const [first] = words;
  if (first === undefined || !isNickname(words)) return readTimes(words, fields, end, seed);
  if (first.text === '@reboot') return { times: 'reboot', doubts: [] };
  const meant = nicknames.get(first.text);
  if (meant === undefined) {
    const known = ['@reboot', ...nicknames.keys()].join(', ');
    const message = `unknown time specifier: ${first.text}: known are ${known}`;
    return { fault: { code: 'bad-time-specifier', at: first.at, message } };
  }
  const five = fields.filter(({ key }) => key !== 'second');
  const schedule = readTimes(takeWords(meant, 0, five.length), five, 0, seed);
  return schedule.fault === undefined ? { ...schedule, doubts: [] } : schedule;
}

function readTimes(
  words: readonly Word[],
  fields: readonly FieldRule[],
  end: number,
  seed: string,
): Schedule {
  const values = new Map<FieldRule['key'], readonly number[]>([['second', [0]]]);
  const stars = new Set<FieldRule['key']>();
  const doubts: Doubt[] = [];
  for (const [index, rule] of fields.entries()) {
    const word = words[index];
    if (word === undefined) return faultOf(rule, end, 'is missing');
    const items = readField(rule, word.text, (low, high, item) =>
      stableChoice([seed, rule.key, item].join('\0'), low, high),
    );
    if ('message' in items) return faultOf(rule, word.at + items.at, items.message);
    values.set(rule.key, valuesOf(rule, items));
    if (word.text.startsWith('*')) stars.add(rule.key);
    doubts.push(...doubtsAboutField(rule, items).map((doubt) => moved(doubt, word.at)));
  }
  doubts.push(...doubtsAboutStars(words, fields), ...doubtsAboutDays(words, fields));
  return { times: timesOf(values, stars), doubts };
}

function faultOf({ code, label }: FieldRule, at: number, message: string): Schedule {
  return { fault: { code, at, message: `${label}: ${message}` } };
}

function moved(doubt: Doubt, by: number): Doubt {
  return { ...doubt, at: doubt.at + by };
}

function timesOf(
  values: ReadonlyMap<FieldRule['key'], readonly number[]>,
  stars: ReadonlySet<FieldRule['key']>,
): Times {
  const of = (key: FieldRule['key']): readonly number[] => values.get(key) ?? [];
  return {
    seconds: of('second'),
    minutes: of('minute'),
    hours: of('hour'),
    daysOfMonth: new Set(of('dayOfMonth')),
    months: new Set(of('month')),
    daysOfWeek: new Set(of('dayOfWeek')),
    stars: {
      minute: stars.has('minute'),
      hour: stars.has('hour'),
      dayOfMonth: stars.has('dayOfMonth'),
      dayOfWeek: stars.has('dayOfWeek'),
    },
  };
}

/** Whether its minute or hour begins with `*`: cronie then goes by the clock whatever happens to it. */
export function followsClock({ stars }: Times): boolean {
  return stars.minute || stars.hour;
}

export interface Day {
  readonly dayOfMonth: number;
  /** 1 to 12. */
  readonly month: number;
  /** 0 (Sunday) to 6. */
  readonly dayOfWeek: number;
}

/** The two day fields are alternatives only when neither begins with `*`. */
export function matchesDay(times: Times, { dayOfMonth, month, dayOfWeek }: Day): boolean {
  if (!times.months.has(month)) return false;
  const ofMonth = times.daysOfMonth.has(dayOfMonth);
  const ofWeek = times.daysOfWeek.has(dayOfWeek);
  const { stars } = times;
  return stars.dayOfMonth || stars.dayOfWeek ? ofMonth && ofWeek : ofMonth || ofWeek;
}
