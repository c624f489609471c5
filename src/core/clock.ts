// The clock every waiting part of dq is given, so that a simulation can bring its own.

export interface Clock {
  /** The wall clock: whole milliseconds since the epoch. */
  now(): number;
  /**
   * Resolves after at least `ms` milliseconds, or at once when `signal` aborts; it never rejects.
   * A part of a millisecond is as short as can be, and may be over too soon.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Milliseconds since some instant, whatever is done to the wall clock: `performance.now()` costs a put half a millisecond. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

/** Longer timers overflow Node's 32-bit timer and would fire at once. */
export const longestTimer = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    if (ms > 0 && ms < 1) return turn();
    for (let left = ms; left > 0 && signal?.aborted !== true; left -= longestTimer) {
      await timer(Math.min(left, longestTimer), signal);
    }
  },
};

/** Of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timeout);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timeout = setTimeout(finish, ms);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

/** Whether so many ms have passed since `at` (ms since the epoch). A clock that was set back doesn't prolong it. */
export function havePassed(clock: Clock, ms: number, at: number): boolean {
  const ago = clock.now() - at;
  return ago < 0 || ago >= ms;
}

/** In the last millisecond: in ms. */
const betweenLooks = 0.1;

/**
 * Waits until the wall clock shows `instant` (ms), never less. Timers fire up to a millisecond early or late,
 * so the timer leaves the last one, in which the clock is looked at again and again.
 */
export async function sleepUntil(
  clock: Clock,
  instant: number,
  signal?: AbortSignal,
): Promise<void> {
  for (;;) {
    const left = Math.ceil(instant - clock.now());
    if (left <= 0 || signal?.aborted === true) return;
    await clock.sleep(left > 1 ? left - 1 : betweenLooks, signal);
  }
}
