// The clock every waiting part of dq is given, so that a simulation can bring its own.

export interface Clock {
  /** The wall clock: whole milliseconds since the epoch. */
  now(): number;
  /** Resolves after at least `ms` milliseconds, or at once when `signal` aborts; it never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Milliseconds since some instant, whatever is done to the wall clock: `performance.now()` costs a put half a millisecond. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

/** Longer timers overflow Node's 32-bit timer and would fire at once. */
const longestTimer = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    for (let left = ms; left > 0 && signal?.aborted !== true; left -= longestTimer) {
      await timer(Math.min(left, longestTimer), signal);
    }
  },
};

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

/**
 * Waits until the wall clock shows `instant` (ms), never less: timers fire up to a millisecond early,
 * so the timer is set to the whole milliseconds left and the clock is looked at again.
 */
export async function sleepUntil(
  clock: Clock,
  instant: number,
  signal?: AbortSignal,
): Promise<void> {
  for (;;) {
    const left = Math.ceil(instant - clock.now());
    if (left <= 0 || signal?.aborted === true) return;
    await clock.sleep(left, signal);
  }
}
