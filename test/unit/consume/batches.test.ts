// Which jobs share a run, when it starts, and what its end means to each of them.

import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { Batches, type BatchOptions } from '../../../src/consume/batches.ts';
import type { Outcome, Run as Stoppable, Task } from '../../../src/consume/handler.ts';
import { FakeClock, settled } from '../schedule/desk.ts';

const succeeded: Outcome = { kind: 'succeeded', exitCode: 0 };
const failed: Outcome = { kind: 'failed', exitCode: 1, why: 'exit 1' };
const rejected: Outcome = { kind: 'rejected', exitCode: 65, why: 'exit 65' };
const notStarted = { kind: 'deferred', delayMs: 0, why: 'it did not start' };

interface Run {
  readonly payloads: readonly string[];
  readonly signal: AbortSignal;
  readonly end: (outcome: Outcome) => Promise<void>;
}

function runUntil(signal: AbortSignal): Stoppable {
  const onStop = (act: () => void): void => {
    if (signal.aborted) act();
    else signal.addEventListener('abort', act);
  };
  return { signal, onStop };
}

class Desk {
  readonly clock = new FakeClock('2026-11-22T12:00:00Z');
  readonly runs: Run[] = [];
  readonly outcomes = new Map<string, Outcome>();
  readonly batches: Batches;

  constructor(options: Partial<BatchOptions> = {}) {
    this.batches = new Batches({
      ...{ size: 3, concurrency: 1, wait: 0, clock: this.clock },
      fits: ({ payload }) => !payload.includes('\n'),
      run: (tasks, signal) =>
        new Promise((resolve) => {
          const payloads = tasks.map(({ payload }) => payload.toString());
          const end = (outcome: Outcome): Promise<void> => {
            resolve(outcome);
            return settled();
          };
          this.runs.push({ payloads, signal, end });
        }),
      ...options,
    });
  }

  /** The payloads of each run until now. */
  get started(): string[] {
    return this.runs.map(({ payloads }) => payloads.join(' '));
  }

  add(...payloads: string[]): void {
    for (const payload of payloads) this.addOne(payload, 1);
  }

  /** @returns what ends the job: its lease is lost, or dq stops. */
  addOne(payload: string, attempt: number): AbortController {
    const stop = new AbortController();
    const task = { payload: Buffer.from(payload), attempt } as Task;
    void this.batches.handle(task, runUntil(stop.signal)).then((outcome) => {
      this.outcomes.set(payload, outcome);
    });
    return stop;
  }
}

describe('a run starts', () => {
  it('when it is full', () => {
    const desk = new Desk();
    desk.add('a', 'b');
    expect(desk.started).toEqual([]);
    desk.add('c', 'd');
    expect(desk.started).toEqual(['a b c']);
  });

  it('with those that have waited longest, while all runs are taken', async () => {
    const desk = new Desk({ size: 2 });
    desk.add('a', 'b', 'c', 'd', 'e', 'f');
    await desk.runs[0]?.end(succeeded);
    expect(desk.started).toEqual(['a b', 'c d']);
  });

  it('when no more jobs are on their way', () => {
    const desk = new Desk();
    desk.add('a', 'b');
    desk.batches.onLull();
    expect(desk.started).toEqual(['a b']);
  });

  it('not for nothing, and a lull without jobs hurries no later one', () => {
    const desk = new Desk();
    desk.batches.onLull();
    desk.add('a');
    expect(desk.started).toEqual([]);
  });

  it('when its first job has waited long enough, and no earlier', async () => {
    const desk = new Desk({ wait: 100 });
    desk.add('a');
    await desk.clock.pass(60);
    desk.add('b');
    desk.batches.onLull();
    await desk.clock.pass(39);
    expect(desk.started).toEqual([]);
    await desk.clock.pass(1);
    expect(desk.started).toEqual(['a b']);
  });

  it('no later because the clock was set back', async () => {
    const desk = new Desk({ wait: 100 });
    desk.add('a');
    await desk.clock.pass(60);
    desk.clock.wall -= 3_600_000;
    await desk.clock.pass(40);
    expect(desk.started).toEqual(['a']);
  });

  it('after the wait of its own first job, when others were full before', async () => {
    const desk = new Desk({ wait: 100, concurrency: 9 });
    desk.add('a');
    await desk.clock.pass(60);
    desk.add('b', 'c', 'd');
    await desk.clock.pass(99);
    expect(desk.started).toEqual(['a b c']);
    await desk.clock.pass(1);
    expect(desk.started).toEqual(['a b c', 'd']);
  });

  it('while fewer than allowed are running, and then with all that have come', async () => {
    const desk = new Desk({ concurrency: 2 });
    desk.add('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
    desk.batches.onLull();
    expect(desk.started).toEqual(['a b c', 'd e f']);
    desk.add('i');
    await desk.runs[0]?.end(succeeded);
    expect(desk.started).toEqual(['a b c', 'd e f', 'g h i']);
  });
});

describe('alone, and at once, runs', () => {
  it('a job that may have run before', () => {
    const desk = new Desk({ concurrency: 9 });
    desk.add('a');
    desk.addOne('b', 2);
    expect(desk.started).toEqual(['b']);
  });

  it('a job that does not fit', () => {
    const desk = new Desk({ concurrency: 9 });
    desk.add('a', 'x\ny', 'b', 'c');
    expect(desk.started).toEqual(['x\ny', 'a b c']);
  });
});

describe('the end of a run', () => {
  it('is a success of each', async () => {
    const desk = new Desk();
    desk.add('a', 'b', 'c');
    await desk.runs[0]?.end(succeeded);
    expect([...desk.outcomes]).toEqual(['a', 'b', 'c'].map((name) => [name, succeeded]));
  });

  it.each([failed, rejected])('$kind: no failure of any, and an attempt of each', async (end) => {
    const desk = new Desk();
    desk.add('a', 'b', 'c');
    await desk.runs[0]?.end(end);
    const why = `its batch of 3: ${'why' in end ? end.why : ''}`;
    const given = { kind: 'deferred', delayMs: 0, counts: true, why };
    expect([...desk.outcomes.values()]).toEqual([given, given, given]);
  });

  it.each([failed, rejected])('$kind, of one job: that of the job', async (end) => {
    const desk = new Desk();
    desk.add('a');
    desk.batches.onLull();
    await desk.runs[0]?.end(end);
    expect(desk.outcomes.get('a')).toEqual(end);
  });

  it.each<Outcome>([{ kind: 'stopped' }, { kind: 'unstartable', why: 'no memory' }])(
    '$kind is that of each',
    async (end) => {
      const desk = new Desk();
      desk.add('a', 'b', 'c');
      await desk.runs[0]?.end(end);
      expect([...desk.outcomes.values()]).toEqual([end, end, end]);
    },
  );
});

describe('a job that is to end', () => {
  it('ends its run', () => {
    const desk = new Desk();
    desk.add('a', 'b');
    const lost = desk.addOne('c', 1);
    expect(desk.runs[0]?.signal.aborted).toBe(false);
    lost.abort();
    expect(desk.runs[0]?.signal.aborted).toBe(true);
  });

  it('before its run: the others run without it', async () => {
    const desk = new Desk();
    const lost = desk.addOne('a', 1);
    desk.add('b', 'c');
    expect(desk.started).toEqual(['a b c']);
    const waiting = desk.addOne('d', 1);
    desk.add('e');
    waiting.abort();
    desk.batches.onLull();
    await desk.runs[0]?.end(succeeded);
    lost.abort();
    expect(desk.started).toEqual(['a b c', 'e']);
    expect(desk.outcomes.get('d')).toEqual(notStarted);
  });

  it('before it came: it does not run', async () => {
    const desk = new Desk({ size: 1 });
    const task = { payload: Buffer.from('a'), attempt: 1 } as Task;
    const outcome = await desk.batches.handle(task, runUntil(AbortSignal.abort()));
    expect([outcome, desk.started]).toEqual([notStarted, []]);
  });
});

it('a stop gives back what has not started, and starts nothing more', async () => {
  const desk = new Desk({ wait: 100 });
  desk.add('a', 'b', 'c', 'd');
  desk.addOne('e', 2);
  desk.batches.stop();
  desk.add('f');
  await desk.runs[0]?.end(succeeded);
  await desk.clock.pass(1_000);
  expect(desk.started).toEqual(['a b c']);
  expect([...desk.outcomes]).toEqual([
    ...['e', 'd', 'f'].map((name) => [name, notStarted]),
    ...['a', 'b', 'c'].map((name) => [name, succeeded]),
  ]);
});
