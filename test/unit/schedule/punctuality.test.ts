// Whether a tick that comes late still runs.

import { expect, test } from 'vitest';
import { judgeTick } from '../../../src/schedule/punctuality.ts';
import { entryOf } from './desk.ts';

const tick = Date.parse('2026-11-22T12:00:00Z');
const second = 1_000;

test.each(['skip', 'last', 'all'])('in time it runs: missed %s', (missed) => {
  expect(judgeTick(entryOf({ missed }), tick, tick)).toBe('run');
  expect(judgeTick(entryOf({ missed }), tick, tick + 10 * second)).toBe('run');
});

test('beyond its grace it is late', () => {
  const entry = entryOf({ grace: '90s', missed: 'all' });
  expect(judgeTick(entry, tick, tick + 90 * second)).toBe('run');
  expect(judgeTick(entry, tick, tick + 90 * second + 1)).toBe('late');
});

test.each([
  ['skip', 30, 'missed'],
  ['last', 30, 'run'],
  ['last', 60, 'missed'],
  ['all', 200, 'run'],
] as const)('missed %s, %d s later: %s', (missed, late, expected) => {
  expect(judgeTick(entryOf({ missed }), tick, tick + late * second)).toBe(expected);
});

test('its jitter is no lateness', () => {
  const entry = { ...entryOf({ grace: '0s', missed: 'last' }), delay: 90 * second };
  expect(judgeTick(entry, tick, tick + 90 * second)).toBe('run');
  expect(judgeTick(entry, tick, tick + 90 * second + 1)).toBe('late');
  expect(judgeTick({ ...entry, grace: 60 * second }, tick, tick + 149 * second)).toBe('run');
  expect(judgeTick({ ...entry, grace: 60 * second }, tick, tick + 150 * second)).toBe('missed');
});
