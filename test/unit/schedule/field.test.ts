import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { valuesOf } from '../../../src/schedule/field-values.ts';
import { extendedFields, readField, type FieldRule } from '../../../src/schedule/field.ts';

function ruleOf(key: FieldRule['key']): FieldRule {
  return extendedFields.find((rule) => rule.key === key)!;
}

/** The values of a field whose random ranges stand for their lowest. */
function read(key: FieldRule['key'], text: string): readonly number[] | string {
  const items = readField(ruleOf(key), text, (low) => low);
  return 'message' in items ? `${items.at}: ${items.message}` : valuesOf(ruleOf(key), items);
}

const value = fc.nat({ max: 70 });
const item = fc.oneof(
  value.map((low) => ({ text: String(low), low, high: low, step: 1 })),
  fc.record({ low: value, high: value, step: fc.integer({ min: 1, max: 80 }) }).map((range) => ({
    ...range,
    text: `${range.low}-${range.high}/${range.step}`,
  })),
);

describe('the values of a field', () => {
  test.each(extendedFields.map((rule) => [rule.label, rule] as const))('%s', (_, rule) => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 5 }), (items) => {
        const wanted = new Set<number>();
        for (const { low, high, step } of items) {
          for (let at = low; at <= high; at += step) wanted.add(at);
        }
        const inside = [...wanted].every((at) => at >= rule.least && at <= rule.most);
        const found = read(rule.key, items.map(({ text }) => text).join(','));
        if (!inside) {
          expect(found).toContain(`is not from ${rule.least} to ${rule.most}`);
          return;
        }
        const days = [...wanted].map((at) => (rule.key === 'dayOfWeek' ? at % 7 : at));
        expect(found).toEqual([...new Set(days)].sort((a, b) => a - b));
      }),
    );
  });

  test.each([
    ['minute', '*/20,1-3', [0, 1, 2, 3, 20, 40]],
    ['minute', '007', [7]],
    ['month', 'JAN,feb-Apr', [1, 2, 3, 4]],
    ['dayOfWeek', 'fri-sun', [0, 5, 6]],
    ['dayOfWeek', '6-0/2', []],
    ['dayOfWeek', '*/2', [0, 2, 4, 6]],
    ['hour', '22-2', []],
    ['hour', '22-2,5', [5]],
    ['hour', '5-0', [5, 6, 7]],
    ['hour', '65-2', []],
    ['hour', '~', [0]],
    ['hour', '3~5', [3]],
    ['dayOfMonth', '~5', [1]],
    ['month', 'feb~', [2]],
  ] as const)('%s %s', (key, text, wanted) => {
    expect(read(key, text)).toEqual(wanted);
  });
});

describe('what is wrong with a field', () => {
  test.each([
    ['minute', '60', '0: 60 is not from 0 to 59'],
    ['minute', '99999999999999999999', '0: 100000000000000000000 is not from 0 to 59'],
    ['dayOfMonth', '0', '0: 0 is not from 1 to 31'],
    ['dayOfMonth', '1,0-3', '2: 0 is not from 1 to 31'],
    ['minute', '1,,2', '2: there is a comma too many'],
    ['minute', '1,5/10', '2: a step follows * or a range, such as 5-59/10'],
    ['hour', '5/10', '0: a step follows * or a range, such as 5-23/10'],
    ['minute', '*/0', '0: a step is 1 or more'],
    ['minute', '*/x', '0: not a step: "x"'],
    ['minute', '1-2-3', '0: not a value, a list or a range: "1-2-3"'],
    ['minute', '~/5', '0: not a value, a list or a range: "~/5"'],
    ['minute', '5~4', '0: 5 is more than 4'],
    ['minute', '50~60', '0: 60 is not from 0 to 59'],
    ['minute', 'jan', '0: not a value, a list or a range: "jan"'],
    ['month', 'sun', '0: not a value, a list or a range: "sun"'],
    ['dayOfWeek', 'monday', '0: names have three letters: mon'],
    ['dayOfMonth', 'L', '0: not a value, a list or a range: "L": cron knows no L, W, # and ?'],
    ['dayOfWeek', '5#2', '0: not a value, a list or a range: "5#2": cron knows no L, W, # and ?'],
  ] as const)('%s %s: %s', (key, text, wanted) => {
    expect(read(key, text)).toBe(wanted);
  });
});
