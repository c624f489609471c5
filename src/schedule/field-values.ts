// The values that an item of a field stands for, as cron-parser tells them; its only importer.

import { createRequire } from 'node:module';
import type * as CronParser from 'cron-parser';
import { extendedFields, lastOf, type FieldRule, type Item } from './field.ts';

const known = new Map<string, readonly number[]>();

/** Ascending, without repeats; Sunday is 0. */
export function valuesOf(rule: FieldRule, items: readonly Item[]): readonly number[] {
  const text = items.filter(({ low, high }) => low <= high).map(normalised);
  const key = `${rule.key} ${text.join(',')}`;
  let values = known.get(key);
  if (values === undefined) {
    const all = text.flatMap((item) => expand(rule, item));
    values = [...new Set(all)].sort((a, b) => a - b);
    known.set(key, values);
  }
  return values;
}

/** What cron-parser takes: it refuses ranges that end beyond the field, and lists that repeat a value. */
function normalised(item: Item): string {
  const last = lastOf(item);
  return last === item.low ? String(last) : `${item.low}-${last}/${item.step}`;
}

/** The item alone among stars: cron-parser refuses a day that the months don't have. */
function expand(rule: FieldRule, item: string): number[] {
  const fields = extendedFields.map(({ key }) => (key === rule.key ? item : '*'));
  const { values } = parser().parse(fields.join(' ')).fields[rule.key];
  return values.map((value) => (rule.key === 'dayOfWeek' ? Number(value) % 7 : Number(value)));
}

/** Required when first needed (it brings luxon, which takes as long to load as Node), and not imported: that would be asynchronous. */
function parser(): typeof CronParser.CronExpressionParser {
  const required = createRequire(import.meta.url)('cron-parser') as typeof CronParser;
  return required.CronExpressionParser;
}
