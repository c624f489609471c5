// The digest of an entry: the same for the same task for ever, another one for any other.

import { describe, expect, test } from 'vitest';
import { areUnlike, digestOf } from '../../../src/schedule/digest.ts';
import type { Entry } from '../../../src/schedule/entry.ts';
import { entriesOf, entryOf } from './desk.ts';

const other: Readonly<Record<string, object>> = {
  schedule: { schedule: '*/2 * * * *' },
  timezone: { timezone: 'Europe/Berlin' },
  run: { run: 'false' },
  env: { env: { A: '1' } },
  put: { put: 'true' },
  'a tube': { put: 'true', tube: 'reports' },
  hosts: { hosts: ['north'] },
  overlap: { overlap: 'queue' },
  grace: { grace: '1h' },
  missed: { missed: 'all' },
  timeout: { timeout: '1s' },
  attempts: { attempts: 2 },
  jitter: { jitter: '1h' },
  onFailure: { onFailure: 'moan' },
  onSuccess: { onSuccess: 'moan' },
};

describe('a digest', () => {
  test('is what hosts of every version write', () => {
    expect(digestOf(entryOf({}))).toBe('2-d779b246ff39');
    const all = { hosts: ['a'], overlap: 'queue', timeout: '1s', onFailure: 'moan' };
    expect(digestOf(entryOf({ ...all, env: { A: '1', B: '2' } }))).toBe('2-f3586df2bf1b');
  });

  test.each(Object.keys(other))('is another one for another %s', (name) => {
    const digests = [{}, ...Object.values(other)].map((options) => digestOf(withTask(options)));
    expect(new Set(digests).size).toBe(digests.length);
    expect(areUnlike(digestOf(entryOf({})), digestOf(withTask(other[name] ?? {})))).toBe(true);
  });

  test.each([
    ['0 0 * * *', '@daily', '@midnight', '00 0 1-31 * *', '0 0 1-31 * 0-6', '0 0 1 * 0-6'],
    ['0 9 * * mon-fri', '0 9 * * 1,2,3,4,5', '0 9 * jan-dec 1-5', '0 9 */1 1-12 MON-FRI'],
    ['0 0 * * 0', '@weekly', '0 0 * * 7', '0 0 * * sun'],
    ['*/15 * * * *', '0-59/15 * * * *', '0,15,30,45 * * * *', '45,30,15,00 * * * *'],
  ])('is the same for %s, however it is written', (...schedules) => {
    const digests = schedules.map((schedule) => digestOf(entryOf({ schedule })));
    expect(new Set(digests).size).toBe(1);
  });

  test.each([
    ['0 0 1 * 1', '0 0 */1 * 1', '0 0 1 * *', '0 0 1 1 *'],
    ['0 0 */2 * 1', '0 0 1-31/2 * 1'],
    ['0 0-23 * * *', '0 * * * *'],
    ['0 0 * * *', '@reboot'],
  ])('is another one for %s and other ticks', (...schedules) => {
    const digests = schedules.map((schedule) => digestOf(entryOf({ schedule })));
    expect(new Set(digests).size).toBe(schedules.length);
  });

  test('is the same for a second field that is 0', () => {
    const extended = entryOf({ schedule: '0 0 0 * * *', extended: true });
    expect(digestOf(extended)).toBe(digestOf(entryOf({ schedule: '@daily' })));
  });

  test('is the same wherever the entry stands, and whatever its name and the order of its variables', () => {
    const one = entryOf({ env: { A: '1', B: '2' } }, 'one');
    const two = entryOf({ env: { B: '2', A: '1' } }, 'two');
    expect(digestOf({ ...one, place: { line: 7, column: 1 } })).toBe(digestOf(two));
  });

  test('of another form says nothing', () => {
    const digest = digestOf(entryOf({}));
    expect(areUnlike(digest, digest)).toBe(false);
    expect(areUnlike(digest, '1-abcdef123456')).toBe(false);
    expect(areUnlike('1-abcdef123456', digest)).toBe(false);
    expect(areUnlike(digest, '2-abcdef123456')).toBe(true);
  });
});

function withTask(options: object): Entry {
  const task = 'put' in options ? {} : { run: 'true' };
  const [entry] = entriesOf({ entry: { schedule: '* * * * *', ...task, ...options } });
  if (entry === undefined) throw new Error('no entry');
  return entry;
}
