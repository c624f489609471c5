// The heartbeat of a host that runs a schedule: says on the board that it is there, and tells who means something else by a name.

import type { Background } from '../consume/background.ts';
import type { Report } from '../consume/events.ts';
import type { Clock } from '../core/clock.ts';
import type { Board } from '../ledger/board.ts';
import {
  attendantsOf,
  attendantText,
  nameOf,
  someOf,
  tasksOf,
  unlikeNames,
  type Attendant,
} from './attendance.ts';
import type { Entry } from './entry.ts';
import { unlessDown } from './unless-down.ts';

export interface HeartbeatParts {
  readonly board: Board;
  readonly report: Report;
  readonly clock: Clock;
  /** Milliseconds that never jump. */
  readonly monotonic: () => number;
  readonly inBackground: Background;
  /** This process, and no other one. */
  readonly process: string;
  readonly host: string;
  readonly file: string;
}

/** Tells that a run is over. */
export type EndOfRun = () => void;

/**
 * A difference is told when it has lasted for so many ms: an edit goes from host to host, and a process that was
 * killed is on the board for a while.
 */
const settling = 120_000;
/** Runs that begin and end within so many ms are written with one beat. */
const gathering = 1_000;

interface Difference {
  readonly since: number;
  isTold: boolean;
}

export class Heartbeat {
  readonly #parts: HeartbeatParts;
  readonly #startedAt: number;
  readonly #running = new Set<{ readonly entry: string; readonly tick: number; since: number }>();
  readonly #over = new AbortController();
  #tasks = tasksOf([]);
  /** By who differs, and then by the name. */
  #differences = new Map<string, Map<string, Difference>>();
  #isDue = false;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
    this.#startedAt = parts.monotonic();
  }

  /** To be called every half a minute or so. @param entries those that this host plans. */
  async beat(entries: readonly Entry[]): Promise<void> {
    this.#tasks = tasksOf(entries);
    await this.#write();
    const attendants = await unlessDown(attendantsOf(this.#parts.board));
    if (attendants !== undefined) this.#compare(attendants);
  }

  /** For runs that the ledger doesn't tell of: those of @reboot, and those that may overlap. */
  readonly noteRun = (entry: string, tick: number): EndOfRun => {
    const run = { entry, tick, since: this.#parts.monotonic() };
    this.#running.add(run);
    this.#writeSoon();
    return () => {
      this.#running.delete(run);
      this.#writeSoon();
    };
  };

  async end(): Promise<void> {
    this.#over.abort();
    await unlessDown(this.#parts.board.endBeat(this.#parts.process));
  }

  #writeSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    const { clock, inBackground } = this.#parts;
    inBackground(
      clock.sleep(gathering, this.#over.signal).then(() => {
        this.#isDue = false;
        return this.#write();
      }),
    );
  }

  async #write(): Promise<void> {
    if (this.#over.signal.aborted) return;
    const { board, process, host, file, monotonic } = this.#parts;
    const age = (since: number): number => Math.round(monotonic() - since);
    const running = [...this.#running].map(({ entry, tick, since }) => {
      return { entry, tick, forMs: age(since) };
    });
    const facts = { host, file, upMs: age(this.#startedAt), running, ...this.#tasks };
    await unlessDown(board.beat(process, attendantText(facts)));
  }

  #compare(attendants: readonly Attendant[]): void {
    const now = this.#parts.monotonic();
    const before = this.#differences;
    this.#differences = new Map();
    // This one is among them, and never unlike itself
    for (const other of attendants) {
      const who = nameOf(other);
      const known = before.get(who);
      const found = this.#differences.get(who) ?? new Map<string, Difference>();
      for (const name of unlikeNames(this.#tasks, this.#parts.host, other)) {
        found.set(name, known?.get(name) ?? { since: now, isTold: false });
      }
      this.#differences.set(who, found);
    }
    for (const [who, found] of this.#differences) this.#tell(who, found, now);
  }

  #tell(who: string, found: ReadonlyMap<string, Difference>, now: number): void {
    const news = [...found].filter(([, { since, isTold }]) => !isTold && now - since >= settling);
    if (news.length === 0) return;
    for (const [, difference] of news) difference.isTold = true;
    const names = someOf(news.map(([name]) => name));
    const reason = `${who} has another version of ${names}: each tick is run by one of the two; reload there, or use two names`;
    this.#parts.report({ level: 'warn', event: 'warning', reason });
  }
}
