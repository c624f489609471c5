// What a schedule keeps beside its jobs: how far each entry has come, how its last run ended, and which hosts run it.

/** A process whose last beat is older (ms) is gone, or cut off. */
export const beatLife = 90_000;

/** What a process that runs the schedule said of itself. */
export interface Beat {
  readonly process: string;
  readonly text: string;
  /** By the board's own clock. */
  readonly agoMs: number;
}

/** Rejects with LedgerDown when it can't be asked. */
export interface Board {
  /** Its own clock, ms since the epoch: hosts may be wrong about the time. */
  now(): Promise<number>;
  /** How long ago the mark of each entry was moved, in ms by the board's own clock; undefined: never. */
  absences(names: readonly string[]): Promise<(number | undefined)[]>;
  /** Moves the marks of these entries to now, by the board's own clock. */
  advance(names: readonly string[]): Promise<void>;
  /** How long ago the mark of any entry was moved, in ms; undefined: never. */
  lastAdvance(): Promise<number | undefined>;
  /** Keeps a text for an entry, in place of the one before. */
  record(name: string, text: string): Promise<void>;
  /** The text kept for each; undefined: none. */
  records(names: readonly string[]): Promise<(string | undefined)[]>;
  /** Keeps a text for a process, in place of the one before, for as long as `beatLife`. */
  beat(process: string, text: string): Promise<void>;
  /** Those that aren't older than `beatLife`. */
  beats(): Promise<Beat[]>;
  endBeat(process: string): Promise<void>;
  close(): void;
}
