// The commands that count: stats, stats-job and stats-tube.

import { idIn, isWord, tubeName, u64 } from './command.ts';
import type { Command } from './command.ts';
import { ProtocolError, excerpt } from './reply.ts';
import type { Reply } from './reply.ts';
import { lookUpStats, numberOf, readStats, textOf } from './stats.ts';
import type { Lookup, Stats } from './stats.ts';

type JobState = 'ready' | 'delayed' | 'reserved' | 'buried';

export interface JobStats {
  readonly id: bigint;
  readonly tube: string;
  readonly state: JobState;
  readonly priority: number;
  /** Seconds since it was put. */
  readonly age: number;
  readonly ttr: number;
  /** Seconds until a delayed one is ready or a reserved one runs out of its ttr; may be negative. */
  readonly timeLeft: number;
}

/** Of what isn't a job yet, or never will be: its body is on its way, or there was no memory or disk for it. */
const unborn = 'invalid';

/** Undefined: no such job. @throws RangeError */
export function statsJob(id: bigint): Command<JobStats | undefined> {
  return { line: `stats-job ${u64('id', id)}`, bodyAfter: 'OK', read: readJobStats };
}

function readJobStats(reply: Reply): JobStats | undefined {
  if (isWord(reply, 'NOT_FOUND')) return undefined;
  const stats = lookUpStats(reply);
  if (textOf(stats, 'state') === unborn) return undefined;
  return {
    id: idIn(textOf(stats, 'id')),
    tube: textOf(stats, 'tube'),
    state: stateIn(stats),
    priority: priorityIn(stats),
    age: numberOf(stats, 'age'),
    ttr: numberOf(stats, 'ttr'),
    timeLeft: numberOf(stats, 'time-left'),
  };
}

/** It goes back to the server with a release or a bury, which take no other. */
function priorityIn(stats: Lookup): number {
  const priority = numberOf(stats, 'pri');
  if (priority >= 0 && priority < 2 ** 32) return priority;
  throw new ProtocolError(`a job can't have the priority ${priority}`);
}

function stateIn(stats: Lookup): JobState {
  const state = textOf(stats, 'state');
  switch (state) {
    case 'ready':
    case 'delayed':
    case 'reserved':
    case 'buried':
      return state;
    default:
      throw new ProtocolError(`a job can't be in the state ${excerpt(state)}`);
  }
}

export interface TubeStats {
  readonly ready: number;
  readonly reserved: number;
  readonly delayed: number;
  readonly buried: number;
  /** How many jobs were ever put into it, and deleted from it; from 0 again when it has vanished. */
  readonly put: number;
  readonly deleted: number;
  /** Connections that wait in a reserve. */
  readonly waiting: number;
  /** Connections that use it, and that watch it. */
  readonly using: number;
  readonly watching: number;
  /** Seconds that a pause still lasts; 0: it isn't paused. */
  readonly pauseTimeLeft: number;
}

/** Undefined: no such tube; one without jobs and connections vanishes. @throws RangeError */
export function statsTube(tube: string): Command<TubeStats | undefined> {
  return { line: `stats-tube ${tubeName(tube)}`, bodyAfter: 'OK', read: readTubeStats };
}

function readTubeStats(reply: Reply): TubeStats | undefined {
  if (isWord(reply, 'NOT_FOUND')) return undefined;
  const stats = readStats(reply);
  return {
    ready: numberOf(stats, 'current-jobs-ready'),
    reserved: numberOf(stats, 'current-jobs-reserved'),
    delayed: numberOf(stats, 'current-jobs-delayed'),
    buried: numberOf(stats, 'current-jobs-buried'),
    put: numberOf(stats, 'total-jobs'),
    deleted: numberOf(stats, 'cmd-delete'),
    waiting: numberOf(stats, 'current-waiting'),
    using: numberOf(stats, 'current-using'),
    watching: numberOf(stats, 'current-watching'),
    pauseTimeLeft: numberOf(stats, 'pause-time-left'),
  };
}

export interface ServerStats {
  readonly version: string;
  /** It takes no new jobs until it is restarted. */
  readonly draining: boolean;
  /** Bytes. */
  readonly maxJobSize: number;
  /** Seconds. */
  readonly uptime: number;
  readonly connections: number;
  /** Whether jobs survive a restart. */
  readonly binlog: boolean;
  /** Everything it said, by its own names. */
  readonly all: Stats;
}

export function stats(): Command<ServerStats> {
  return { line: 'stats', bodyAfter: 'OK', read: readServerStats };
}

function readServerStats(reply: Reply): ServerStats {
  const all = readStats(reply);
  return {
    version: textOf(all, 'version'),
    draining: textOf(all, 'draining') === 'true',
    maxJobSize: numberOf(all, 'max-job-size'),
    uptime: numberOf(all, 'uptime'),
    connections: numberOf(all, 'current-connections'),
    binlog: numberOf(all, 'binlog-current-index') > 0,
    all,
  };
}
