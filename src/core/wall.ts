// What a clock on the wall shows: the calendar's arithmetic, whatever the zone.

/** Fields out of range carry over: day 32 is in the next month, day 0 is the last of the month before. */
export interface Wall {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

export interface WallTime extends Wall {
  /** 0 (Sunday) to 6. */
  readonly weekday: number;
}

/** The instant in ms at which clocks in UTC show this; NaN beyond what a Date holds. */
export function utcOf({ year, month, day, hour, minute, second }: Wall): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.setUTCHours(hour, minute, second);
}

/** What clocks in UTC show at this instant (ms). */
export function wallInUtc(instant: number): WallTime {
  const date = new Date(instant);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    weekday: date.getUTCDay(),
  };
}

export function lastDayOf(year: number, month: number): number {
  const midnight = { hour: 0, minute: 0, second: 0 };
  return wallInUtc(utcOf({ year, month: month + 1, day: 0, ...midnight })).day;
}

/** `2027-01-01 09:00:00`. */
export function formatWall(wall: Wall): string {
  return new Date(utcOf(wall)).toISOString().slice(0, 19).replace('T', ' ');
}
