// Which events of its worker a host of a schedule tells, and which only with --verbose.

import { expect, test } from 'vitest';
import { eventsOfWorker } from '../../../src/cli/cron-events.ts';
import type { WorkEvent } from '../../../src/consume/events.ts';
import { Timetable } from '../../../src/schedule/timetable.ts';
import { entriesOf, FakeClock } from '../schedule/desk.ts';

const own = 'default.cron.north';
const removed: WorkEvent = { level: 'warn', event: 'removed', reason: 'no host has run it' };

/** The level that each is told at. */
function levels(...events: readonly WorkEvent[]): string[] {
  const clock = new FakeClock('2026-11-22T12:00:00Z');
  const timetable = new Timetable('default', 'north', clock, () => Promise.resolve(clock.wall));
  timetable.replace(entriesOf({ mine: { schedule: '* * * * *', run: 'true' } }));
  timetable.replace([]);
  const told: string[] = [];
  const report = eventsOfWorker(({ level }) => told.push(level), timetable, own);
  for (const event of events) report(event);
  return told;
}

test('a tick that is dropped is told once for its entry, however many there are', () => {
  const [a, b] = ['a', 'b'].map((entry) => ({ ...removed, entry }));
  expect(levels(a ?? removed, a ?? removed, b ?? removed)).toEqual(['warn', 'debug', 'warn']);
});

test('and not at all of an entry that this host had itself', () => {
  expect(levels({ ...removed, entry: 'mine' })).toEqual(['debug']);
});

test('what is no tick is told each time', () => {
  expect(levels(removed, removed)).toEqual(['warn', 'warn']);
});

test('a run that a stop ended is told, one that waits for its turn is not', () => {
  const given: WorkEvent = { level: 'warn', event: 'given-back' };
  expect(levels(given, { ...given, reason: 'an earlier run goes on' })).toEqual(['warn', 'debug']);
});

test('a node is told once, and not for the tube of this host as well', () => {
  const down: WorkEvent = { level: 'warn', event: 'node-down', tube: 'default.cron' };
  expect(levels(down, { ...down, tube: own })).toEqual(['warn', 'debug']);
});
