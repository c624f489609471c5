// The planner writes the coming ticks ahead as jobs: every host writes all, and equal envelopes make them one job each.

import type { Report } from '../consume/events.ts';
import type { Clock } from '../core/clock.ts';
import { DqError } from '../core/errors.ts';
import { abortWith, isAborted } from '../core/signals.ts';
import type { Board } from '../ledger/board.ts';
import type { Entry } from './entry.ts';
import { stableChoice } from './name.ts';
import { realmOf } from './tick-job.ts';
import { ticks, ticksAfter } from './ticks.ts';
import type { Timetable } from './timetable.ts';
import { unlessDown } from './unless-down.ts';

export interface PlannerParts {
  readonly timetable: Timetable;
  readonly board: Board;
  readonly clock: Clock;
  readonly report: Report;
  /** Writes one tick; `due` in ms. Rejects with a DqError when it can't be written now. */
  readonly write: (entry: Entry, due: number) => Promise<void>;
  /** Told the entries of this host each time that they were planned. */
  readonly attend: (entries: readonly Entry[]) => Promise<void>;
  /** Milliseconds that never jump. */
  readonly monotonic: () => number;
}

interface DueTick {
  readonly entry: Entry;
  readonly due: number;
}

interface Unwritten {
  /** The names of the entries of which a tick isn't written. */
  readonly failed: ReadonlySet<string>;
  readonly reason: string;
}

/** Ticks due within so many ms are written ahead, and the one after them if it is due within a day. */
const horizon = 10 * 60_000;
const day = 86_400_000;
const period = 30_000;
/** What couldn't be written is tried again after so many ms, then ever less often. */
const firstRetry = 3_000;
/** How often it is looked whether the clock jumped. */
const glance = 5_000;
/** The wall clock was set, or the machine slept, when it differs so much (ms) from the time that has passed. */
const largestDrift = 1_000;
const writesAtOnce = 256;

export class Planner {
  readonly #parts: PlannerParts;
  /** By the realm of the entry: every tick due up to then is written. */
  readonly #written = new Map<string, number>();
  /** The whole horizon is to be written again. */
  #anew = true;
  /** What was missed before the start is known, and written. */
  #caughtUp = false;
  #failing = false;
  #seen: { readonly wall: number; readonly monotonic: number };
  #wake = new AbortController();
  #renewedAt = -Infinity;

  constructor(parts: PlannerParts) {
    this.#parts = parts;
    this.#seen = { wall: parts.clock.now(), monotonic: parts.monotonic() };
  }

  /** The schedule was changed: everything is planned anew, at once. */
  replan(): void {
    this.#anew = true;
    this.#wake.abort();
  }

  /** A node is back, perhaps without its data: the horizon is written again, at once unless that was done lately. */
  renew(): void {
    this.#anew = true;
    const now = this.#parts.monotonic();
    if (now - this.#renewedAt < period) return;
    this.#renewedAt = now;
    this.#wake.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    let pause = stableChoice(`${this.#parts.timetable.host}\0planner`, firstRetry, period);
    let retry = firstRetry;
    while (!isAborted(signal)) {
      this.#wake = new AbortController();
      const failure = await this.#plan(signal);
      if (isAborted(signal)) return; // whoever plans next writes what a stop left unwritten
      this.#tell(failure);
      const letGo = abortWith(signal, this.#wake);
      await this.#pause(failure === undefined ? pause : retry, this.#wake.signal);
      letGo();
      retry = failure === undefined ? firstRetry : Math.min(2 * retry, period);
      if (failure === undefined) pause = period;
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    for (let left = ms; left > 0 && !signal.aborted; left -= glance) {
      await this.#parts.clock.sleep(Math.min(left, glance), signal);
      if (!this.#clockJumped()) continue;
      this.#anew = true;
      return;
    }
  }

  /** What couldn't be written, in words; undefined: all is. */
  async #plan(signal: AbortSignal): Promise<string | undefined> {
    const { timetable, clock } = this.#parts;
    const entries = timetable.entries.filter(
      (entry) => entry.times !== 'reboot' && timetable.runsHere(entry),
    );
    const wake = this.#wake.signal;
    const absences = await this.#absences(entries);
    if (wake.aborted) return undefined; // these entries aren't in force any more
    const now = clock.now();
    const froms = this.#froms(entries, absences, now);
    const coming = entries.flatMap((entry, at) =>
      this.#due(entry, froms[at] ?? now, now).map((due) => ({ entry, due })),
    );
    const { failed, reason } = await this.#writeAll(coming, signal);
    // Only now, so that what isn't written is caught up by whoever plans next.
    if (!isAborted(wake)) {
      await this.#advance(entries.filter(({ name }) => !failed.has(name)));
      await this.#parts.attend(entries);
    }
    return failed.size === 0 ? undefined : reason;
  }

  /** Undefined: without the ledger ticks are written all the same, only what was missed isn't known. */
  #absences(entries: readonly Entry[]): Promise<(number | undefined)[] | undefined> {
    return unlessDown(this.#parts.board.absences(this.#realms(entries)));
  }

  async #advance(entries: readonly Entry[]): Promise<void> {
    await unlessDown(this.#parts.board.advance(this.#realms(entries)));
  }

  #realms(entries: readonly Entry[]): string[] {
    return entries.map((entry) => this.#realm(entry));
  }

  #realm(entry: Entry): string {
    return realmOf(entry, this.#parts.timetable.host);
  }

  /**
   * From where on the ticks of each entry are to be written. An entry that was planned before is caught up as far
   * as its grace goes; one that is new, here or at all, never runs for its past.
   */
  #froms(
    entries: readonly Entry[],
    absences: readonly (number | undefined)[] | undefined,
    now: number,
  ): number[] {
    const anew = this.#anew || (absences !== undefined && !this.#caughtUp);
    const froms = entries.map((entry, at) => {
      const written = this.#written.get(this.#realm(entry));
      const isNew = written === undefined && this.#caughtUp;
      const absence = isNew ? 0 : (absences?.[at] ?? 0);
      const from = anew ? Math.min(written ?? now, now - absence) : (written ?? now);
      return Math.max(from, now - entry.grace);
    });
    this.#written.clear();
    this.#anew = false;
    if (absences !== undefined) this.#caughtUp = true;
    return froms;
  }

  #due(entry: Entry, from: number, now: number): number[] {
    const { delay } = entry;
    const realm = this.#realm(entry);
    const end = now + horizon;
    if (from > end) {
      this.#written.set(realm, from);
      return []; // the next one after the horizon is written
    }
    const found = ticks(entry, from - delay, end - delay);
    const next = ticksAfter(entry, end - delay, now + day - delay).next();
    if (next.done !== true) found.push(next.value);
    this.#written.set(realm, next.done === true ? end : next.value + delay);
    return found.map((tick) => tick + delay);
  }

  async #writeAll(coming: readonly DueTick[], signal: AbortSignal): Promise<Unwritten> {
    const failed = new Set<string>();
    let reason = '';
    const fail = ({ entry, due }: DueTick, message: string): void => {
      failed.add(entry.name);
      reason = message;
      const realm = this.#realm(entry);
      this.#written.set(realm, Math.min(this.#written.get(realm) ?? due, due - 1));
    };
    for (let from = 0; from < coming.length; from += writesAtOnce) {
      const writes = coming.slice(from, from + writesAtOnce).map(async (tick) => {
        if (signal.aborted) {
          failed.add(tick.entry.name);
          return;
        }
        try {
          await this.#parts.write(tick.entry, tick.due);
        } catch (error) {
          if (!(error instanceof DqError)) throw error;
          fail(tick, error.message);
        }
      });
      await Promise.all(writes);
    }
    return { failed, reason };
  }

  /** A line for each change, not for each try. */
  #tell(failure: string | undefined): void {
    if (failure !== undefined && !this.#failing) {
      const reason = `coming ticks, tried again until they are: ${failure}`;
      this.#parts.report({ level: 'error', event: 'not-written', reason });
    }
    this.#failing = failure !== undefined;
  }

  #clockJumped(): boolean {
    const now = { wall: this.#parts.clock.now(), monotonic: this.#parts.monotonic() };
    const drift = now.wall - this.#seen.wall - (now.monotonic - this.#seen.monotonic);
    this.#seen = now;
    return Math.abs(drift) > largestDrift;
  }
}
