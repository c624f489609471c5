// Waiting for the end of jobs: when the ledger is asked, how often, and what is told.

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.ts';
import { LedgerDown, StrangeEntry } from '../../../src/core/errors.ts';
import { Endings, type Ending } from '../../../src/produce/endings.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';

const start = 1_767_225_600_000;
const forever = new AbortController().signal;

function keyOf(name: string): string {
  return createHash('md5').update(name).digest('hex');
}

/** Time passes when somebody sleeps, and `at` is called when its instant has come. */
class Desk {
  readonly looks: number[] = [];
  readonly told: [string, number, Ending['state'] | undefined][] = [];
  readonly ledgerStates: (string | undefined)[] = [];
  readonly ledger: MemoryLedger;
  readonly endings: Endings;
  ledgerIsDown = false;
  now = start;
  readonly #plans: { at: number; act: () => unknown }[] = [];

  constructor() {
    const clock: Clock = { now: () => this.now, sleep: this.#sleep };
    this.ledger = new MemoryLedger(clock);
    const look = this.ledger.look;
    this.ledger.look = (job) => {
      this.looks.push(this.now - start);
      return this.ledgerIsDown ? Promise.reject(new LedgerDown('it is away')) : look(job);
    };
    this.endings = new Endings({
      ...{ ledger: this.ledger, clock, tube: 'mail' },
      onEnding: ({ key, number }, ending) => this.told.push([key, number, ending?.state]),
      onLedger: (reason) => this.ledgerStates.push(reason),
    });
  }

  plan(afterMs: number, act: () => unknown): void {
    this.#plans.push({ at: start + afterMs, act });
  }

  async done(name: string): Promise<void> {
    const job = { tube: 'mail', key: keyOf(name), dueMs: start };
    const answer = await this.ledger.claim(job, { token: 'w/1', maxDeaths: 5 });
    if (answer.kind !== 'granted') throw new Error(answer.kind);
    await this.ledger.done(job, answer.claim, 0);
  }

  readonly #sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    await new Promise(setImmediate);
    if (signal?.aborted === true) return;
    this.now += ms;
    for (const plan of this.#plans) {
      if (plan.at > this.now) continue;
      plan.at = Infinity;
      await plan.act();
    }
  };
}

describe('a job', () => {
  it('is not asked about before it is due, then soon, then twice a second', async () => {
    const desk = new Desk();
    desk.endings.add({ key: keyOf('a'), dueMs: start + 3_600_000, number: 0 });
    desk.plan(3_610_000, () => desk.done('a'));
    await desk.endings.end(Infinity, forever);
    expect(desk.told).toEqual([[keyOf('a'), 0, 'done']]);
    const [first, second = 0] = desk.looks;
    expect(first).toBe(3_600_000);
    expect(second - 3_600_000).toBeLessThan(30);
    expect(desk.looks.length).toBeLessThan(30);
    expect(desk.looks.at(-1)).toBeLessThanOrEqual(3_610_500);
  });

  it('that is not over in time is looked at once more, at that time', async () => {
    const desk = new Desk();
    desk.endings.add({ key: keyOf('a'), dueMs: start + 3_600_000, number: 0 });
    await desk.endings.end(start + 5_000, forever);
    expect(desk.told).toEqual([[keyOf('a'), 0, undefined]]);
    expect(desk.looks).toEqual([5_000]);
  });

  it('is left when the signal aborts', async () => {
    const desk = new Desk();
    const stop = new AbortController();
    desk.endings.add({ key: keyOf('a'), dueMs: start, number: 0 });
    desk.plan(2_000, () => {
      stop.abort();
    });
    await desk.endings.end(Infinity, stop.signal);
    expect(desk.told).toEqual([[keyOf('a'), 0, undefined]]);
  });

  it('is waited for through an outage of the ledger, which is told once', async () => {
    const desk = new Desk();
    desk.ledgerIsDown = true;
    desk.endings.add({ key: keyOf('a'), dueMs: start, number: 0 });
    desk.plan(60_000, () => {
      desk.ledgerIsDown = false;
    });
    desk.plan(61_000, () => desk.done('a'));
    await desk.endings.end(Infinity, forever);
    expect(desk.told).toEqual([[keyOf('a'), 0, 'done']]);
    expect(desk.ledgerStates).toEqual(['it is away', undefined]);
  });
});

describe('many jobs', () => {
  it('are each told once, with their number', async () => {
    const desk = new Desk();
    const names = Array.from({ length: 5_000 }, (_, at) => `job ${at}`);
    names.forEach((name, at) => {
      desk.endings.add({ key: keyOf(name), dueMs: start, number: 2 * at });
    });
    for (const name of names) await desk.done(name);
    await desk.endings.end(Infinity, forever);
    const told = desk.told.toSorted(([, one], [, other]) => one - other);
    expect(told).toEqual(names.map((name, at) => [keyOf(name), 2 * at, 'done']));
  });

  it('are each looked at when the time is over, however many are not', async () => {
    const desk = new Desk();
    for (let at = 0; at < 200; at++) {
      desk.endings.add({ key: keyOf(`${at}`), dueMs: start, number: at });
    }
    await desk.done('199');
    await desk.endings.end(start + 1_000, forever);
    const states = desk.told.map(([, , state]) => state);
    expect(states).toHaveLength(200);
    expect(states.filter((state) => state === 'done')).toHaveLength(1);
  });

  it('are not asked about one by one when the time is over and the ledger is away', async () => {
    const desk = new Desk();
    desk.ledgerIsDown = true;
    for (let at = 0; at < 1_000; at++) {
      desk.endings.add({ key: keyOf(`${at}`), dueMs: start, number: at });
    }
    await desk.endings.end(start, forever);
    expect(desk.told).toHaveLength(1_000);
    expect(desk.looks.length).toBeLessThanOrEqual(64);
  });
});

it('a job whose entry can not be read is told once, and the ledger is not away for that', async () => {
  const desk = new Desk();
  const { look } = desk.ledger;
  desk.ledger.look = (job) =>
    job.key === keyOf('odd') ? Promise.reject(new StrangeEntry('it is odd')) : look(job);
  ['odd', 'even'].forEach((name, number) => {
    desk.endings.add({ key: keyOf(name), dueMs: start, number });
  });
  desk.plan(5_000, () => desk.done('even'));
  await desk.endings.end(start + 10_000, forever);
  expect(desk.ledgerStates).toEqual(['it is odd']);
  expect(desk.told).toEqual([
    [keyOf('even'), 1, 'done'],
    [keyOf('odd'), 0, undefined],
  ]);
});

it('a defect of the ledger reaches who waits for the end, however early it came', async () => {
  const desk = new Desk();
  desk.ledger.look = () => Promise.reject(new Error('a defect'));
  desk.endings.add({ key: keyOf('a'), dueMs: start, number: 0 });
  await new Promise(setImmediate);
  await expect(desk.endings.end(Infinity, forever)).rejects.toThrow('a defect');
});
