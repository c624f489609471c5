import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { derivedName, nameProblem, stableChoice } from '../../../src/schedule/name.ts';

describe('a derived name', () => {
  test.each([
    ['/usr/local/bin/backup.sh --all', 'backup.sh'],
    ['cd /srv && ./run', 'cd'],
    ['(a; b)', 'entry'],
    ['$HOME/bin/daily.job', 'daily.job'],
    ['"quoted name" x', 'quoted'],
    ['../-x', 'x'],
    ['', 'entry'],
  ])('of %j begins with its program', (command, program) => {
    const name = derivedName({ schedule: '0 0 * * *', zone: 'local', command });
    expect(name).toMatch(new RegExp(`^${program}-[0-9a-f]{12}$`));
  });

  test('is a name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (command) => {
        const name = derivedName({ schedule: '@daily', zone: 'UTC', command });
        expect(nameProblem(name)).toBeUndefined();
      }),
    );
  });

  test('is another one for what only looks the same when joined', () => {
    const one = derivedName({ schedule: '@daily', zone: 'UTC', command: 'x' });
    expect(one).not.toBe(derivedName({ schedule: '@daily UTC', zone: '', command: 'x' }));
  });
});

test.each(['nightly', 'a.b_c:d/e@f+g-h', 'Übung', '1', '_', 'x'.repeat(100)])(
  '%s is a name',
  (name) => {
    expect(nameProblem(name)).toBeUndefined();
  },
);

test.each(['', ' ', 'a b', '-a', '.a', 'a\n', 'a\0', 'x'.repeat(101)])('%j is none', (name) => {
  expect(nameProblem(name)).toBeDefined();
});

describe('a stable choice', () => {
  test('stays for ever', () => {
    expect(stableChoice('nightly', 0, 59)).toBe(15);
  });

  test('is in the range, and reaches all of it', () => {
    const chosen = Array.from({ length: 500 }, (_, seed) => stableChoice(String(seed), 3, 7));
    expect(new Set(chosen)).toEqual(new Set([3, 4, 5, 6, 7]));
    expect(stableChoice('x', 5, 5)).toBe(5);
  });
});
