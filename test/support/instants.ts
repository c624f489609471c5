// Instants that a test waits for, and schedules of them.

/** In s: on a slow machine too, a dq that starts now has long since done its work by then. */
const farEnough = 12;

/** A whole second, so many from now; as many more as `count` says follow it within its minute. */
export function soon(seconds = farEnough, count = 1): Date {
  const first = new Date(Math.ceil(Date.now() / 1_000 + seconds) * 1_000);
  if (first.getUTCSeconds() > 60 - count) first.setUTCSeconds(60);
  return first;
}

/** A schedule with seconds: once a day then, and at `count` seconds in a row. */
export function daily(first: Date, count = 1): string {
  const seconds = Array.from({ length: count }, (_, at) => first.getUTCSeconds() + at);
  return `${seconds.join(',')} ${first.getUTCMinutes()} ${first.getUTCHours()} * * *`;
}
