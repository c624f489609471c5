// Work that nobody waits for.

/** Goes on without being awaited; what it rejects with ends the worker. */
export type Background = (work: Promise<unknown>) => void;
