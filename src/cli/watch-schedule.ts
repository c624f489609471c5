// Reloads a schedule on SIGHUP, and when its file changes; a bad new one leaves the old one in force.

import { stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Report } from '../consume/events.ts';
import type { Clock } from '../core/clock.ts';
import { DqError, messageOf } from '../core/errors.ts';
import { isAborted } from '../core/signals.ts';
import type { Entry } from '../schedule/entry.ts';
import type { Timetable } from '../schedule/timetable.ts';

export interface Watched {
  /** Of its file, absolute. */
  readonly path: string;
  /** What `stateOf` told of it before it was first read: a change since then, however early, is one. */
  readonly state: string;
  readonly read: () => Promise<readonly Entry[]>;
  readonly report: Report;
  readonly clock: Clock;
}

/**
 * How often the file is looked at, in ms: that sees what events don't tell, such as the change of what a link
 * leads to (the volumes of Kubernetes) or of a file on another machine.
 */
const betweenLooks = 1_000;
/** Editors write a file in several steps: it is read when it has been quiet for so many ms. */
const quiet = 200;

export async function watchSchedule(
  watched: Watched,
  timetable: Timetable,
  onReload: () => void,
  signal: AbortSignal,
): Promise<void> {
  let wake = new AbortController();
  const note = (): void => {
    wake.abort();
  };
  const { clock } = watched;
  process.on('SIGHUP', note);
  void lookForChanges(watched, note, signal);
  try {
    for (;;) {
      await clock.sleep(Infinity, AbortSignal.any([signal, wake.signal]));
      await clock.sleep(quiet, signal);
      if (signal.aborted) return;
      wake = new AbortController();
      if (await reload(watched, timetable)) onReload();
    }
  } finally {
    process.off('SIGHUP', note);
  }
}

/** By hand: Node's `watchFile` takes for unchanged what it finds at its own first look, some time after the file was read. */
async function lookForChanges(
  { path, state, clock }: Watched,
  onChange: () => void,
  signal: AbortSignal,
): Promise<void> {
  for (let before = state; ;) {
    await clock.sleep(betweenLooks, signal);
    if (isAborted(signal)) return;
    const now = await stateOf(path);
    if (now !== before) onChange();
    before = now;
  }
}

/** Another text whenever the file, or what a link leads to, was changed or replaced; '' when it isn't there. */
export async function stateOf(path: string): Promise<string> {
  try {
    const { dev, ino, mode, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, mode, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return '';
  }
}

/** False: the new schedule can't be used. */
async function reload({ read, report }: Watched, timetable: Timetable): Promise<boolean> {
  try {
    const before = timetable.entries;
    const after = await read();
    timetable.replace(after);
    report({ level: 'info', event: 'reloaded', reason: difference(before, after) });
    return true;
  } catch (error) {
    if (!(error instanceof DqError)) throw error;
    const reason = `the old schedule stays in force: ${messageOf(error)}`;
    report({ level: 'error', event: 'reload-failed', reason });
    return false;
  }
}

/** The names of the entries: `+` added, `-` removed, `~` changed. Where one stands in its file makes no difference. */
function difference(before: readonly Entry[], after: readonly Entry[]): string {
  const old = new Map(before.map((entry) => [entry.name, entry]));
  const now = new Set(after.map(({ name }) => name));
  const parts = after.flatMap((entry) => {
    const was = old.get(entry.name);
    if (was === undefined) return `+${entry.name}`;
    return isDeepStrictEqual(was, { ...entry, place: was.place }) ? [] : `~${entry.name}`;
  });
  parts.push(...before.filter(({ name }) => !now.has(name)).map(({ name }) => `-${name}`));
  return parts.join(' ') || 'nothing changed';
}
