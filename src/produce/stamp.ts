// Stamps: the due instants of jobs that must be their own job each time, equal payloads or not.

/** The digits under a millisecond are free: dq promises milliseconds. */
const perMillisecond = 1_000_000;

/** Whether nobody but its process gives an equal one: it has digits under the millisecond. */
export function isStamp(dueNs: bigint): boolean {
  return dueNs % BigInt(perMillisecond) > 0n;
}

/**
 * A stamp fills the six digits under the millisecond from a counter: certain within this process, and
 * between processes, because the counter starts at random, unlikely to meet (10⁻⁶ within one millisecond).
 * @param random in [0, 1).
 */
export function newStamp(random: number): (dueMs: number) => bigint {
  let count = Math.floor(random * perMillisecond);
  return (dueMs) => {
    count = (count + 1) % perMillisecond;
    return BigInt(dueMs) * BigInt(perMillisecond) + BigInt(count);
  };
}
