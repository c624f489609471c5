// A digest of what an entry does and when, by which hosts tell whether they mean the same by its name.

import { createHash } from 'node:crypto';
import { localZone, offsetAt } from '../core/zone.ts';
import type { Entry } from './entry.ts';
import { followsClock, type Times } from './times.ts';

/** Counted up whenever what is hashed changes: digests of two forms can't be compared. */
const form = '2-';

/** Of everything but its name and place: the same on every host, of whichever version that writes this form. */
export function digestOf({ times, zone, hosts, grace, missed, delay, task }: Entry): string {
  const when = [timesFacts(times), clocksOf(zone), delay];
  const facts = [...when, hosts, grace, missed, ...taskFacts(task)];
  const hash = createHash('sha256').update(JSON.stringify(facts)).digest('hex');
  return `${form}${hash.slice(0, 12)}`;
}

/** False also where it can't be known: of another version's form. */
export function areUnlike(one: string, other: string): boolean {
  return one !== other && one.startsWith(form) && other.startsWith(form);
}

/** Equal for all ways to write the same ticks: names, lists and ranges, `@daily`. */
function timesFacts(times: Entry['times']): unknown {
  if (times === 'reboot') return times;
  const { seconds, minutes, hours, months } = times;
  return [seconds, minutes, hours, [...months], daysFacts(times), followsClock(times)];
}

function daysFacts({ daysOfMonth, daysOfWeek, stars }: Times): unknown {
  const alternatives = !stars.dayOfMonth && !stars.dayOfWeek;
  const all = [daysOfMonth.size === 31, daysOfWeek.size === 7];
  if (alternatives ? all.includes(true) : !all.includes(false)) return 'every day';
  return [[...daysOfMonth], alternatives, [...daysOfWeek]];
}

/** In JSON's words, where undefined is null. */
function taskFacts(task: Entry['task']): unknown[] {
  if (task.kind === 'put') return [task.payload, task.tube];
  const { command, stdin, env, overlap, timeout, attempts, onFailure, onSuccess } = task;
  const variables = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1));
  return [command, stdin, variables, overlap, timeout, attempts, onFailure, onSuccess];
}

/** A winter's and a summer's day of a year whose clocks are known by now. */
const probes = [Date.UTC(2026, 0, 15), Date.UTC(2026, 6, 15)];

/** What the machine's own zone means here: by its offsets, as one zone has several names. */
function clocksOf(zone: string): unknown {
  return zone === localZone ? probes.map((instant) => offsetAt(zone, instant)) : zone;
}
