// What was told and isn't read yet.

/** Undefined, or it is too much: resolves when more may be told. */
export type Backlog = () => Promise<void> | undefined;
