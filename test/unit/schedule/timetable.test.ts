// Which ticks a host runs, which it leaves to others, and which nobody will ever run.

import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { hostTube, isTickTube, tickPayload, tickTube } from '../../../src/schedule/tick-job.ts';
import { Timetable } from '../../../src/schedule/timetable.ts';
import { entriesOf, FakeClock } from './desk.ts';

const clock = new FakeClock('2026-11-22T12:00:00Z');
const second = 1_000_000_000n;
const now = BigInt(clock.wall) * 1_000_000n;

function tickOf(name: string, dueNs = now) {
  return { tube: 'default.cron', payload: tickPayload(name), dueNs };
}

function timetable(
  cron: Readonly<Record<string, object>>,
  ledgerNow: () => number | undefined = () => clock.wall,
): Timetable {
  const made = new Timetable('default', 'north', clock, () => Promise.resolve(ledgerNow()));
  made.replace(entriesOf(cron));
  return made;
}

const cron = {
  any: { schedule: '* * * * *', run: 'true' },
  mine: { schedule: '* * * * *', run: 'true', hosts: ['north'] },
  theirs: { schedule: '* * * * *', run: 'true', hosts: ['east'], grace: '1h' },
};

test('the payload is the name in a fixed form', () => {
  expect(tickPayload('nightly').toString()).toBe('tick/1/nightly');
});

test('its own ticks are run', () => {
  const { admit } = timetable(cron);
  expect(admit(tickOf('any'))).toBe('run');
  expect(admit(tickOf('mine'))).toBe('run');
  expect(admit(tickOf('any', now - 3_600n * second))).toBe('run');
});

test('what it doesn’t know is passed on for 5 minutes, then dropped', () => {
  const { admit } = timetable(cron);
  for (const [name, off] of [
    ['gone', 0n],
    ['any', 1n],
  ] as const) {
    expect(admit(tickOf(name, now - off * second))).toBe('pass');
    expect(admit(tickOf(name, now - 299n * second))).toBe('pass');
    const late = admit(tickOf(name, now - 301n * second));
    expect(late).toMatchObject({
      drop: expect.stringContaining('it was due 2026-11-22T11:54:59') as string,
    });
  }
});

test.each([
  ['agrees', 0, false],
  ['says that it isn’t so late', -5_000, true],
  ['can’t be asked', undefined, true],
])('and not dropped unless the ledger’s clock %s', async (_, off, wanted) => {
  const ledgerNow = (): number | undefined => off && clock.wall + off;
  const { admit } = timetable(cron, off === 0 ? undefined : ledgerNow);
  const late = admit(tickOf('gone', now - 301n * second));
  expect(typeof late === 'object' && (await late.isWanted())).toBe(wanted);
});

test('what other hosts are to run is kept as long as their grace', () => {
  const { admit } = timetable(cron);
  expect(admit(tickOf('theirs', now - 3_600n * second))).toBe('pass');
  expect(admit(tickOf('theirs', now - 3_660n * second))).toHaveProperty('drop');
});

test('of an entry whose hosts were changed, what was due runs where it lies, and what follows where it belongs', () => {
  const made = timetable(cron);
  const [due, next] = [tickOf('any'), tickOf('any', now + 60n * second)];
  const [ownDue, ownNext] = [due, next].map((job) => ({ ...job, tube: 'default.cron.north' }));
  const all = [due, next, ownDue!, ownNext!];
  expect(all.map(made.admit)).toEqual(['run', 'run', 'pass', 'pass']);
  made.replace(entriesOf({ any: { ...cron.any, hosts: 'each' } }));
  expect(all.map(made.admit)).toEqual(['run', 'pass', 'pass', 'run']);
  expect(all.map((job) => made.find(job) !== undefined)).toEqual([true, false, false, true]);
  const minutesOld = { ...ownDue!, dueNs: now - 360n * second };
  expect(made.admit(minutesOld)).toHaveProperty('drop');
});

test('what is no tick is nobody’s', () => {
  const { admit } = timetable(cron);
  const job = { ...tickOf('any'), payload: Buffer.from('any') };
  expect(admit(job)).toBe('pass');
  expect(admit({ ...job, dueNs: now - 301n * second })).toMatchObject({
    drop: 'no host has run it: it is no tick',
  });
});

test('events tell whose tick it is, and which one where that is known', () => {
  const made = timetable({ any: { schedule: '* * * * *', run: 'true', jitter: '50s' } });
  const delay = BigInt(made.entries[0]?.delay ?? 0) * 1_000_000n;
  expect(made.factsOf(tickOf('any', now + delay))).toEqual({
    entry: 'any',
    tick: '2026-11-22T12:00:00.000Z',
  });
  expect(made.factsOf(tickOf('gone'))).toEqual({ entry: 'gone' });
  expect(made.factsOf({ ...tickOf('any'), payload: Buffer.from('any') })).toBeUndefined();
});

test('it knows the entries that it had', () => {
  const made = timetable(cron);
  made.replace([]);
  expect([made.hasHad('any'), made.hasHad('gone')]).toEqual([true, false]);
});

test('the tick is the due instant less the jitter', () => {
  const made = timetable({ any: { schedule: '* * * * *', run: 'true', jitter: '50s' } });
  const delay = made.entries[0]?.delay ?? 0;
  const found = made.find(tickOf('any', now + BigInt(delay) * 1_000_000n));
  expect(found?.tick).toBe(clock.wall);
  expect(delay).toBeGreaterThan(0);
  expect(made.find(tickOf('any'))).toBeUndefined();
});

test('the tubes of ticks are told from others', () => {
  expect(tickTube('jobs')).toBe('jobs.cron');
  expect(hostTube('jobs', 'host one.example')).toBe('jobs.cron.host_one.example');
  expect(['jobs.cron', 'jobs.cron.north'].every(isTickTube)).toBe(true);
  expect(['jobs', 'cron', 'jobs.cronos', 'cron.jobs'].some(isTickTube)).toBe(false);
});
