// The commands that count: stats, stats-job and stats-tube.

import type { Buffer } from 'node:buffer';
import { isWord, tubeName, u64 } from './command.ts';
import type { Command, Commands } from './command.ts';
import { misdirected, ProtocolError, excerpt } from './reply.ts';
import type { Reply } from './reply.ts';
import type { Skimmer } from './skimmer.ts';
import { lookUpStats, numberOf, readStats, textOf } from './stats.ts';
import type { Lookup, Stats } from './stats.ts';

const jobStates = ['ready', 'delayed', 'reserved', 'buried'] as const;

type JobState = (typeof jobStates)[number];

export interface JobStats {
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
  const read = (reply: Reply): JobStats | undefined => jobStatsIn(reply, id);
  return { line: statsJobLine(id), bodyAfter: 'OK', read };
}

/** Undefined: no such job in this tube. @throws RangeError */
export function statsJobs(tube: string, ids: readonly bigint[]): Commands<JobStats | undefined> {
  const read = (reply: Reply, at: number): JobStats | undefined => jobStatsIn(reply, ids[at], tube);
  const skim = skimmingOf(ids, tube);
  return { lines: ids.map(statsJobLine), bodyAfter: 'OK', read, skim };
}

/** Most jobs that were put together differ in their ids alone: what was the same in the last reply is not read again. */
function skimmingOf(ids: readonly bigint[], tube: string): Commands<JobStats>['skim'] {
  let last: { readonly text: Buffer; readonly stats: JobStats } | undefined;
  return (bytes, at) => {
    if (!bytes.skip('OK ') || !bytes.opensBody()) return false;
    if (bytes.numberAfter('---\nid: ') !== Number(ids[at])) return false;
    if (last !== undefined && bytes.isLeft(last.text)) return last.stats;
    const text = bytes.body();
    const stats = skimJobStats(bytes, tube);
    if (stats !== false) last = { text, stats };
    return stats;
  };
}

function statsJobLine(id: bigint): string {
  return `stats-job ${u64('id', id)}`;
}

/** @param only undefined: whatever its tube is. */
function jobStatsIn(reply: Reply, asked: bigint | undefined, only?: string): JobStats | undefined {
  if (isWord(reply, 'NOT_FOUND')) return undefined;
  const stats = lookUpStats(reply);
  const id = textOf(stats, 'id');
  if (id !== String(asked)) throw misdirected(asked, id);
  const tube = textOf(stats, 'tube');
  if (only !== undefined && tube !== only) return undefined;
  const state = textOf(stats, 'state');
  if (state === unborn) return undefined;
  return {
    // The tube that is found is a part of the reply, and would keep all of it
    tube: only ?? tube,
    state: stateIn(state),
    priority: priorityIn(stats),
    age: numberOf(stats, 'age'),
    ttr: numberOf(stats, 'ttr'),
    timeLeft: numberOf(stats, 'time-left'),
  };
}

/** Of a job of this tube; what follows its id. */
function skimJobStats(bytes: Skimmer, tube: string): JobStats | false {
  if (!bytes.skip('\ntube: ')) return false;
  const isQuoted = bytes.skip('"');
  if (!bytes.skip(tube) || (isQuoted && !bytes.skip('"')) || !bytes.skip('\nstate: ')) return false;
  const state = jobStates.find((known) => bytes.skip(known));
  const priority = bytes.numberAfter('\npri: ');
  const age = bytes.numberAfter('\nage: ');
  const delay = bytes.numberAfter('\ndelay: ');
  const ttr = bytes.numberAfter('\nttr: ');
  const timeLeft = bytes.numberAfter('\ntime-left: ');
  const isRead = bytes.skip('\n') && bytes.isInBody && isPriority(priority);
  if (state === undefined || !isRead || Number.isNaN(age + delay + ttr + timeLeft)) return false;
  return { tube, state, priority, age, ttr, timeLeft };
}

/** It goes back to the server with a release or a bury, which take no other. */
function priorityIn(stats: Lookup): number {
  const priority = numberOf(stats, 'pri');
  if (isPriority(priority)) return priority;
  throw new ProtocolError(`a job can't have the priority ${priority}`);
}

function isPriority(number: number): boolean {
  return number >= 0 && number < 2 ** 32;
}

function stateIn(text: string): JobState {
  const state = jobStates.find((known) => known === text);
  if (state !== undefined) return state;
  throw new ProtocolError(`a job can't be in the state ${excerpt(text)}`);
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
