// What a schedule keeps beside its jobs: how far each entry has come, and how its last run ended.

/** Rejects with LedgerDown when it can't be asked. */
export interface Board {
  /** Its own clock, ms since the epoch: hosts may be wrong about the time. */
  now(): Promise<number>;
  /** How long ago the mark of each entry was moved, in ms by the board's own clock; undefined: never. */
  absences(names: readonly string[]): Promise<(number | undefined)[]>;
  /** Moves the marks of these entries to now, by the board's own clock. */
  advance(names: readonly string[]): Promise<void>;
  /** Keeps a text for an entry, in place of the one before. */
  record(name: string, text: string): Promise<void>;
  /** The text kept for each; undefined: none. */
  records(names: readonly string[]): Promise<(string | undefined)[]>;
  close(): void;
}
