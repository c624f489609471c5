// Where a beanstalkd's ids are: no command tells the newest.
//
// Ids count up from 1 and are shared by all tubes. A job is put into a tube of dq's own and deleted at once: all that was
// put before has a smaller id. A server that refuses it (it drains, or its memory or disk is full) still tells how many
// puts it has heard since its start (`cmd-put`). Each of them took one id at most, so none is greater, unless a binlog
// was read before: the ids go on after the greatest in there, which nobody knows. They are looked for in both directions
// then, from one that is known; only the count of the tube ends that.

import { Buffer } from 'node:buffer';
import type { Connection } from '../beanstalk/connection.ts';
import { deleteJob, peekBuried, peekDelayed, peekReady, put } from '../beanstalk/job-commands.ts';
import { stats } from '../beanstalk/stats-commands.ts';
import { numberOf } from '../beanstalk/stats.ts';
import { use } from '../beanstalk/tube-commands.ts';
import { NodeError, type NodeFault } from '../core/errors.ts';
import { probeTube } from './beanstalkd-defaults.ts';

/** Should a probe stay after all, no worker would ever take it first. */
const probe = { priority: 2 ** 32 - 1, delay: 0, ttr: 1 };

const refusals: readonly NodeFault[] = ['draining', 'out-of-memory', 'internal'];

const greatestId = 2n ** 64n - 1n;

/** @param connection one that uses the tube of probes. */
export async function idsOf(connection: Connection, tube: string): Promise<Ids> {
  const newest = await newestId(connection);
  return new Ids(newest, newest ?? (await someId(connection, tube)));
}

/** Every job that was put before has this id or a smaller one; undefined: nobody knows. */
export async function newestId(connection: Connection): Promise<bigint | undefined> {
  try {
    const { id } = await connection.send(put(Buffer.alloc(0), probe));
    await connection.send(deleteJob(id));
    return id - 1n;
  } catch (error) {
    if (!(error instanceof NodeError) || !refusals.includes(error.fault)) throw error;
  }
  const { all, binlog } = await connection.send(stats());
  return binlog ? undefined : BigInt(numberOf(all, 'cmd-put'));
}

/** The greatest id that is easily known: the others are probably near. */
async function someId(connection: Connection, tube: string): Promise<bigint> {
  const [{ all }, , jobs] = await Promise.all([
    connection.send(stats()),
    connection.send(use(tube)),
    Promise.all([peekReady(), peekDelayed(), peekBuried()].map((peek) => connection.send(peek))),
    connection.send(use(probeTube)),
  ]);
  const ids = jobs.flatMap((job) => (job === undefined ? [] : [job.id]));
  return ids.reduce((most, id) => (id > most ? id : most), BigInt(numberOf(all, 'cmd-put')));
}

/** The ids that are still to be asked for. */
export class Ids {
  readonly newest: bigint | undefined;
  #below: bigint;
  #above: bigint;
  #isUpNext = false;

  /** @param newest undefined: those above `from` are meant too, in turn with those below. */
  constructor(newest: bigint | undefined, from: bigint) {
    this.newest = newest;
    this.#below = from;
    this.#above = newest === undefined ? from + 1n : greatestId + 1n;
  }

  /** 0 to 1: how many were taken; 0 when there is no telling. */
  get progress(): number {
    if (this.newest === undefined || this.newest === 0n) return 0;
    return 1 - Number(this.#below) / Number(this.newest);
  }

  /** So many or, at an end, fewer; none: these were all. */
  take(count: number): bigint[] {
    const isUp = this.#below === 0n || (this.#isUpNext && this.#above <= greatestId);
    this.#isUpNext = !isUp;
    const ids: bigint[] = [];
    while (ids.length < count && (isUp ? this.#above <= greatestId : this.#below > 0n)) {
      ids.push(isUp ? this.#above++ : this.#below--);
    }
    return ids;
  }
}
