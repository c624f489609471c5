// What cronie accepts in the fields of a schedule, but nobody means.

import { lastOf, type FieldRule, type Item } from './field.ts';
import type { Remark, WarningCode } from './issue.ts';
import type { Word } from './words.ts';

export type Doubt = Remark<WarningCode>;

/** `at` is the place in the field. */
export function doubtsAboutField(rule: FieldRule, items: readonly Item[]): Doubt[] {
  return items.flatMap((item) => {
    const doubt = reversed(rule, item) ?? largeStep(rule, item) ?? unevenStep(rule, item);
    return doubt === undefined ? [] : [{ ...doubt, at: item.at }];
  });
}

type Found = Omit<Doubt, 'at'> | undefined;

function reversed(rule: FieldRule, { text, low, high }: Item): Found {
  const code = 'reversed-range';
  if (low > high) {
    const around = `${low}-${rule.most},${rule.least}-${high}`;
    return { code, message: `${rule.label} ${text} matches nothing: did you mean ${around}?` };
  }
  if (rule.key === 'dayOfWeek' || high !== 7 || !/-0+$/.test(text)) return undefined;
  return { code, message: `${rule.label} ${text} is read as ${low}-7, as if 0 were a Sunday` };
}

function largeStep(rule: FieldRule, item: Item): Found {
  if (item.step === 1 || item.step <= item.high - item.low) return undefined;
  const message = `${rule.label} ${item.text} matches ${item.low} alone: the step is too large`;
  return { code: 'step-too-large', message };
}

function unevenStep(rule: FieldRule, item: Item): Found {
  const { text, low, step } = item;
  if (step === 1 || !text.startsWith('*')) return undefined;
  const code = 'uneven-step';
  if (rule.cycle === undefined) {
    const message = `${rule.label} ${text} begins anew with each month: its last step is shorter`;
    return { code, message };
  }
  if (rule.cycle % step === 0) return undefined;
  const last = lastOf(item);
  const gap = low + rule.cycle - last;
  return { code, message: `${rule.label} ${text} is uneven: from ${last} to ${low} it is ${gap}` };
}

/** Each field with the next larger one. */
const nested = [
  ['second', 'minute'],
  ['minute', 'hour'],
] as const;

/** Every value, or plain ranges: a `*` before `9-17` is meant. */
const wholeOrRanges = /^(?:\*(?:\/1)?|\d+-\d+(?:,\d+-\d+)*)$/;

/** `* 3` is 60 times, where most mean once. `at` is that of the `*` in the text. */
export function doubtsAboutStars(words: readonly Word[], fields: readonly FieldRule[]): Doubt[] {
  const wordOf = finderOf(words, fields);
  return nested.flatMap(([smaller, larger]) => {
    const star = wordOf(smaller);
    const outer = wordOf(larger);
    if (star?.text !== '*' || outer === undefined || wholeOrRanges.test(outer.text)) return [];
    const meant = `did you mean 0 ${outer.text}?`;
    const message = `${smaller} * is every ${smaller} of ${larger} ${outer.text}: ${meant}`;
    return [{ code: 'every-time', at: star.at, message }];
  });
}

/** `at` is that of the day of month in the text. */
export function doubtsAboutDays(words: readonly Word[], fields: readonly FieldRule[]): Doubt[] {
  const wordOf = finderOf(words, fields);
  const ofMonth = wordOf('dayOfMonth');
  const ofWeek = wordOf('dayOfWeek');
  if (ofMonth === undefined || ofMonth.text === '*') return [];
  if (ofWeek === undefined || ofWeek.text === '*') return [];
  const either = !ofMonth.text.startsWith('*') && !ofWeek.text.startsWith('*');
  const how = either
    ? 'it runs when either matches, as neither begins with *'
    : 'it runs when both match, as one begins with *';
  return [{ code: 'both-days', at: ofMonth.at, message: `both day fields are restricted: ${how}` }];
}

function finderOf(words: readonly Word[], fields: readonly FieldRule[]) {
  return (key: FieldRule['key']) => words[fields.findIndex((rule) => rule.key === key)];
}
