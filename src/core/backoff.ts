// How long to wait before the next try: exponential, with jitter, pure.

export interface Backoff {
  /** The wait after the first failure, in ms, before jitter. */
  readonly first: number;
  /** No wait is longer, in ms, jitter included. */
  readonly most: number;
}

/** Between the failed runs of a job: 2 s, 4 s, 8 s … 15 min. */
export const betweenAttempts: Backoff = { first: 2_000, most: 15 * 60_000 };
/** Between tries to reach a node or the ledger. */
export const betweenConnects: Backoff = { first: 100, most: 2_000 };

/**
 * The wait in ms after `failures` failures in a row (1 or more).
 * @param random in [0, 1): up to a quarter is added, so that those who failed together don't return together.
 */
export function backoffMs(backoff: Backoff, failures: number, random: number): number {
  const plain = backoff.first * 2 ** Math.min(failures - 1, 30);
  return Math.round(Math.min(plain * (1 + random / 4), backoff.most));
}
