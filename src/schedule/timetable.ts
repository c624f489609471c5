// The timetable: the entries of the schedule as it is now, and which of them a tick belongs to.

import type { Admission, Admit, FactsOf, Task } from '../consume/handler.ts';
import type { Clock } from '../core/clock.ts';
import { dueMs } from '../core/envelope.ts';
import type { Entry } from './entry.ts';
import { entryNameIn, hostTube, tickTube } from './tick-job.ts';
import { ticks } from './ticks.ts';

/** A tick that no host has known for so many ms belongs to an entry that is gone. */
const unknownIsKept = 5 * 60_000;

export interface Tick {
  readonly entry: Entry;
  /** When it is due, its jitter included; ms since the epoch, as all here. */
  readonly due: number;
  /** The instant in the schedule. */
  readonly tick: number;
}

type TickJob = Pick<Task, 'tube' | 'payload' | 'dueNs'>;

export class Timetable {
  readonly host: string;
  readonly #tube: string;
  readonly #clock: Clock;
  readonly #ledgerNow: () => Promise<number | undefined>;
  #entries = new Map<string, Entry>();
  readonly #names = new Set<string>();
  /** By name: in which tube the ticks lay of an entry that was changed, up to those due at an instant (ms). */
  readonly #moved = new Map<string, { readonly tube: string; readonly last: number }>();

  /**
   * @param tube that of the configuration.
   * @param host as entries name it in `hosts`.
   * @param ledgerNow by the ledger's clock, ms since the epoch; undefined: it can't be asked.
   */
  constructor(
    tube: string,
    host: string,
    clock: Clock,
    ledgerNow: () => Promise<number | undefined>,
  ) {
    this.#tube = tube;
    this.host = host;
    this.#clock = clock;
    this.#ledgerNow = ledgerNow;
  }

  /** Each under its own name. */
  get entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  replace(entries: readonly Entry[]): void {
    for (const entry of entries) this.#noteMove(entry);
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
    for (const { name } of entries) this.#names.add(name);
  }

  /** Whether an entry of that name is in the schedule, or was since this host began. */
  hasHad(name: string): boolean {
    return this.#names.has(name);
  }

  /** Undefined: this host has no such entry, or it has no tick then, or not in that tube. */
  find(job: TickJob): Tick | undefined {
    const tick = this.#known(job);
    return tick !== undefined && this.#isOurs(tick, job) ? tick : undefined;
  }

  runsHere({ hosts }: Entry): boolean {
    return hosts === 'any' || hosts === 'each' || hosts.includes(this.host);
  }

  /** Where its ticks lie. */
  tubeOf({ hosts }: Entry): string {
    return hosts === 'each' ? hostTube(this.#tube, this.host) : tickTube(this.#tube);
  }

  #noteMove(entry: Entry): void {
    const before = this.#entries.get(entry.name);
    if (before === undefined || this.tubeOf(before) === this.tubeOf(entry)) return;
    this.#moved.set(entry.name, { tube: this.tubeOf(before), last: this.#clock.now() });
  }

  /** An entry that was for each host and now is for any, or the other way, has left ticks in both tubes. */
  #isOurs({ entry, due }: Tick, { tube }: TickJob): boolean {
    const moved = this.#moved.get(entry.name);
    const wasBefore = moved !== undefined && due <= moved.last;
    return this.runsHere(entry) && tube === (wasBefore ? moved.tube : this.tubeOf(entry));
  }

  /** Hosts may differ for a while, or for ever: what isn't for this one is left to those it is for. */
  readonly admit: Admit = (job): Admission => {
    const tick = this.#known(job);
    if (tick !== undefined && this.#isOurs(tick, job)) return 'run';
    const kept = Math.max(unknownIsKept, tick?.entry.grace ?? 0);
    const due = dueMs(job.dueNs);
    if (this.#clock.now() - due <= kept) return 'pass';
    const name = entryNameIn(job.payload);
    const what = name === undefined ? 'it is no tick' : `it was due ${new Date(due).toISOString()}`;
    const isWanted = async (): Promise<boolean> => {
      const now = await this.#ledgerNow();
      return now === undefined || now - due <= kept;
    };
    return { drop: `no host has run it: ${what}`, isWanted };
  };

  /** Without a tick when this host doesn't know by how much the entry delays its ticks. */
  readonly factsOf: FactsOf = (job) => {
    const entry = entryNameIn(job.payload);
    if (entry === undefined) return undefined;
    const known = this.#known(job);
    return known === undefined ? { entry } : { entry, tick: new Date(known.tick).toISOString() };
  };

  #known({ payload, dueNs }: Omit<TickJob, 'tube'>): Tick | undefined {
    const name = entryNameIn(payload);
    const entry = name === undefined ? undefined : this.#entries.get(name);
    if (entry === undefined) return undefined;
    const due = dueMs(dueNs);
    const tick = due - entry.delay;
    return ticks(entry, tick - 1, tick).length === 0 ? undefined : { entry, due, tick };
  }
}
