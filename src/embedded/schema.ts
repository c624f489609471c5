// The tables of the queue file, as the steps that lead to them from an empty file.

/** Marks an SQLite file as ours (`PRAGMA application_id`): "dq_q". */
export const applicationId = 0x64715f71;

/**
 * Step n leads from version n (`PRAGMA user_version`) to n + 1. A step that was released is never changed.
 *
 * `replica.until`, ms since the epoch: a delayed one is ready then, a reserved one's ttr is over then (and it
 * counts as ready, whatever its state says); null otherwise. `reserves` counts its reservations, so that an
 * old holder is told from the present one. `entry` is the board of a schedule, `beat` who runs it. `job.entry` is the ledger's Entry as JSON; `forget_at` null: never.
 */
export const steps: readonly string[] = [
  `CREATE TABLE replica (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     tube TEXT NOT NULL,
     key TEXT NOT NULL,
     priority INTEGER NOT NULL,
     ttr INTEGER NOT NULL,
     put_at INTEGER NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('ready', 'delayed', 'reserved', 'buried')),
     until INTEGER CHECK ((until IS NULL) = (state IN ('ready', 'buried'))),
     reserves INTEGER NOT NULL DEFAULT 0,
     envelope BLOB NOT NULL
   ) STRICT;
   CREATE INDEX replica_by_state ON replica (tube, state, until, priority);
   CREATE INDEX replica_by_key ON replica (tube, key);
   CREATE TABLE job (
     tube TEXT NOT NULL,
     key TEXT NOT NULL,
     entry TEXT NOT NULL,
     forget_at INTEGER,
     PRIMARY KEY (tube, key)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX job_by_end ON job (forget_at) WHERE forget_at IS NOT NULL;
   CREATE TABLE place (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     tube TEXT NOT NULL,
     until INTEGER NOT NULL
   ) STRICT;`,
  `CREATE TABLE entry (
     tube TEXT NOT NULL,
     name TEXT NOT NULL,
     moved_at INTEGER,
     record TEXT,
     PRIMARY KEY (tube, name)
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE beat (
     tube TEXT NOT NULL,
     process TEXT NOT NULL,
     at INTEGER NOT NULL,
     text TEXT NOT NULL,
     PRIMARY KEY (tube, process)
   ) STRICT, WITHOUT ROWID;`,
];
