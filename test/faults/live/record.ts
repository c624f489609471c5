// The handler of the rows: it writes down the beginning and the success of each run; and what it wrote, read back.

import type { Cluster } from '../../support/cluster.ts';

export interface Run {
  readonly key: string;
  readonly attempt: number;
  /** The process id of the worker that started it. */
  readonly worker: number;
  /** The process group of the handler. */
  readonly group: number;
  /** Milliseconds since the epoch, as `due`. */
  readonly startedAt: number;
  readonly due: number;
  /** When its work was done, whatever became of the worker; undefined: it runs, or it was ended. */
  succeededAt: number | undefined;
}

/** The name of the handler's script, and of the file that it writes. */
export const handlerFile = './handler';
const record = 'record';

/** @param body what the handler does: bash. Unless it exits before its end, the run succeeds. */
export function writeHandler(cluster: Cluster, body: string): void {
  const note = `note() { echo "$1 $EPOCHREALTIME $PPID $$ $DQ_KEY $DQ_ATTEMPT $DQ_DUE" >> ${record}; }`;
  const lines = ['#!/bin/bash', note, 'note start', body, 'note success', ''];
  cluster.write(handlerFile, lines.join('\n'), 0o755);
}

export function runsOf(cluster: Cluster): Run[] {
  const runs = new Map<string, Run>();
  for (const line of cluster.read(record)) {
    const [what, seconds, worker, group, key = '', attempt, due = ''] = line.split(' ');
    const id = `${group} ${key} ${attempt}`;
    const at = Number(seconds) * 1_000;
    const run = runs.get(id);
    if (what === 'success' && run !== undefined) run.succeededAt = at;
    if (what !== 'start') continue;
    runs.set(id, {
      ...{ key, attempt: Number(attempt), worker: Number(worker), group: Number(group) },
      ...{ startedAt: at, due: Date.parse(due), succeededAt: undefined },
    });
  }
  return [...runs.values()];
}
