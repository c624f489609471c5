// What is started for a run, and what comes of it.

/** What to start: a process in a session of its own. */
export interface Program {
  /** Looked up in the PATH of `env` when it holds no `/`. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** A descriptor: its stdin. */
  readonly stdin: number;
}

export interface Child {
  readonly pid: number;
  readonly exit: Promise<Exit>;
}

/** One of the two is null. */
export interface Exit {
  readonly code: number | null;
  /** Such as `SIGTERM`. */
  readonly signal: string | null;
}
