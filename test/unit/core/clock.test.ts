// Waiting: never less than was asked for, and no longer than the signal allows.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sleepUntil, systemClock } from '../../../src/core/clock.ts';
import type { Clock } from '../../../src/core/clock.ts';

describe('the system clock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Whether it is resolved by now. */
  function watch(promise: Promise<void>): { readonly over: boolean } {
    const state = { over: false };
    void promise.then(() => {
      state.over = true;
    });
    return state;
  }

  test('tells the wall clock', () => {
    vi.setSystemTime(1_798_761_600_123);
    expect(systemClock.now()).toBe(1_798_761_600_123);
  });

  test('sleeps for the time asked for', async () => {
    const sleep = watch(systemClock.sleep(1_000));
    await vi.advanceTimersByTimeAsync(999);
    expect(sleep.over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(sleep.over).toBe(true);
  });

  test.each([0, -5])('%d ms is no sleep', async (ms) => {
    await systemClock.sleep(ms);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a part of a millisecond is a turn of the event loop', async () => {
    vi.useRealTimers();
    const order: string[] = [];
    void Promise.resolve().then(() => order.push('microtask'));
    setImmediate(() => order.push('turn'));
    await systemClock.sleep(0.1);
    expect(order).toEqual(['microtask', 'turn']);
  });

  test('sleeps for longer than a timer of Node can', async () => {
    const sleep = watch(systemClock.sleep(2 ** 31 + 1_000));
    await vi.advanceTimersByTimeAsync(2 ** 31 + 999);
    expect(sleep.over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(sleep.over).toBe(true);
  });

  test('is woken by the signal, for good, and leaves no timer and no listener', async () => {
    const { signal, abort } = listening();
    const sleep = systemClock.sleep(2 ** 32, signal);
    expect(signal.listeners).toBe(1);
    abort();
    await sleep;
    expect(vi.getTimerCount()).toBe(0);
    expect(signal.listeners).toBe(0);
  });

  test('leaves no listener after an undisturbed sleep', async () => {
    const { signal } = listening();
    const sleep = systemClock.sleep(10, signal);
    await vi.advanceTimersByTimeAsync(10);
    await sleep;
    expect(signal.listeners).toBe(0);
  });

  test('sleeps not at all when the signal has aborted', async () => {
    await systemClock.sleep(1_000, AbortSignal.abort());
    expect(vi.getTimerCount()).toBe(0);
  });

  /** A signal that counts its listeners. */
  function listening(): { signal: AbortSignal & { listeners: number }; abort: () => void } {
    const controller = new AbortController();
    const { signal } = controller;
    const counted = Object.assign(signal, { listeners: 0 });
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      counted.listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      counted.listeners--;
      remove(...args);
    };
    return {
      signal: counted,
      abort: () => {
        controller.abort();
      },
    };
  }
});

describe('until an instant', () => {
  /** Its sleeps end `early` ms too soon, as those of Node may. */
  class HastyClock implements Clock {
    readonly slept: number[] = [];
    readonly #early: number;
    #now: number;

    constructor(now: number, early: number) {
      this.#now = now;
      this.#early = early;
    }

    now(): number {
      return this.#now;
    }

    sleep(ms: number): Promise<void> {
      this.slept.push(ms);
      this.#now += Math.max(ms - this.#early, 0.25);
      return Promise.resolve();
    }
  }

  test('looks at the clock again when a timer fires early', async () => {
    const clock = new HastyClock(1_000, 1);
    await sleepUntil(clock, 1_005);
    expect(clock.now()).toBeGreaterThanOrEqual(1_005);
    expect(clock.slept.slice(0, 2)).toEqual([4, 1]);
  });

  test('sets no timer for the last millisecond', async () => {
    const clock = new HastyClock(1_000, 0);
    await sleepUntil(clock, 1_003);
    expect(clock.slept).toEqual([2, 0.1, 0.1, 0.1, 0.1]);
  });

  test('is over at once when the instant is past', async () => {
    const clock = new HastyClock(1_000, 0);
    await sleepUntil(clock, 1_000);
    await sleepUntil(clock, 10);
    expect(clock.slept).toEqual([]);
  });

  test('is over when the signal aborts', async () => {
    const clock = new HastyClock(1_000, 0);
    await sleepUntil(clock, 2_000, AbortSignal.abort());
    expect(clock.slept).toEqual([]);
  });
});
