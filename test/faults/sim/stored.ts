// What a modelled beanstalkd keeps: jobs, what belongs to a connection, and the texts it tells of them.

import { Buffer } from 'node:buffer';
import type { Reply } from '../../../src/beanstalk/reply.ts';
import type { Channel } from './channel.ts';
import type { Process } from './process.ts';

export interface Stored {
  readonly id: bigint;
  readonly body: Buffer;
  readonly key: string;
  readonly tube: string;
  readonly ttr: number;
  readonly putAt: number;
  priority: number;
  state: 'ready' | 'delayed' | 'reserved' | 'buried' | 'ghost';
  /** When a delayed one is ready, or a reserved one runs out of its ttr. */
  until: number;
  holder: Session | undefined;
  /** This reservation's ttr is not looked at until its connection says something. */
  forgotten: boolean;
  changedAt: number;
  /** Who settled it last. */
  changedBy: Process | undefined;
  /** Buried because the node was out of memory. */
  stranded: boolean;
  /** Who buried it doesn't know, or is dead, or couldn't kick it: nobody looks again whether its job was kicked. */
  unattended: boolean;
}

/** What keeps replicas, for those who look from outside. */
export interface Store {
  /** As receipts name it. */
  readonly name: string;
  /** How many times it lost its data. */
  readonly incarnation: number;
  readonly jobs: ReadonlyMap<bigint, Stored>;
  replicasOf(key: string): Iterable<Stored>;
  /** As if it had lain there for long. */
  plant(body: Buffer, tube: string, ttr: number): void;
}

/** Who buried them died, perhaps before it looked again. */
export function widow({ jobs }: Store, by: Process): void {
  for (const job of jobs.values()) {
    if (job.state === 'buried' && job.changedBy === by) job.unattended = true;
  }
}

/** It was to be kicked by who buried it, and couldn't be. */
export function kickFailed(store: Store, key: string): void {
  for (const job of store.replicasOf(key)) if (job.state === 'buried') job.unattended = true;
}

/** What belongs to a connection. */
export class Session {
  readonly channel: Channel;
  used = 'default';
  watched = new Set(['default']);
  waiting: { answer: (reply: Reply) => void; until: number } | undefined;

  constructor(channel: Channel) {
    this.channel = channel;
  }
}

export const notFound = word('NOT_FOUND');

export function word(text: string): Reply {
  return { word: text, rest: '', body: undefined };
}

function ok(text: string): Reply {
  return { word: 'OK', rest: '', body: Buffer.from(text) };
}

export function jobStats(job: Stored, now: number): Reply {
  const age = Math.floor((now - job.putAt) / 1_000);
  const timed = job.state === 'reserved' || job.state === 'delayed';
  const left = timed ? Math.floor((job.until - now) / 1_000) : 0;
  return ok(
    `---\nid: ${job.id}\ntube: ${job.tube}\nstate: ${job.state}\npri: ${job.priority}\nage: ${age}\n` +
      `delay: 0\nttr: ${job.ttr}\ntime-left: ${left}\nfile: 0\nreserves: 0\ntimeouts: 0\nreleases: 0\n` +
      'buries: 0\nkicks: 0\n',
  );
}

export function tubeStats(tube: string, jobs: readonly Stored[], waiting: number): Reply {
  const count = (state: Stored['state']): number => {
    return jobs.filter((job) => job.state === state).length;
  };
  return ok(
    `---\nname: ${tube}\ncurrent-jobs-urgent: 0\ncurrent-jobs-ready: ${count('ready')}\n` +
      `current-jobs-reserved: ${count('reserved')}\ncurrent-jobs-delayed: ${count('delayed')}\n` +
      `current-jobs-buried: ${count('buried')}\ntotal-jobs: 0\ncurrent-using: 1\ncurrent-watching: 1\n` +
      `current-waiting: ${waiting}\ncmd-delete: 0\ncmd-pause-tube: 0\npause: 0\npause-time-left: 0\n`,
  );
}
