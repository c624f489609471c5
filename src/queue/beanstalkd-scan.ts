// The scan of a beanstalkd's tube: every id is asked for, from the newest down.
//
// Ids count up from 1 and are shared by all tubes; no command lists them, or tells the newest. So a job is put into a
// tube of dq's own and deleted at once: all that was put before has a smaller id. Those of the tube are counted after
// that: the count has all that the scan can find, so that the scan is over when it has found as many.

import { Buffer } from 'node:buffer';
import type { Connection } from '../beanstalk/connection.ts';
import { deleteJob, peek, put } from '../beanstalk/job-commands.ts';
import { statsJob, statsTube } from '../beanstalk/stats-commands.ts';
import { replicaStats, tubeCounts } from './beanstalkd-stats.ts';
import type { ScannedReplica, ScanPage } from './node.ts';
import { firstPageSize, nextPageSize } from './page-size.ts';

/** Should a probe stay after all, no worker would ever take it first. */
const probe = { priority: 2 ** 32 - 1, delay: 0, ttr: 1 };

/** While one page is read, the next one is on its way. */
const pagesInFlight = 2;

interface Look {
  /** How many ids were asked for, and how many of them were of the tube (some may be deleted by now). */
  readonly asked: number;
  readonly found: number;
  readonly replicas: readonly ScannedReplica[];
}

/**
 * @param connection one that uses the tube of probes and that nobody else asks anything.
 * @throws NodeError
 */
export async function* scanIds(connection: Connection, tube: string): AsyncGenerator<ScanPage> {
  const newest = await newestId(connection);
  const { ready, reserved, delayed, buried } = tubeCounts(await connection.send(statsTube(tube)));
  const all = ready + reserved + delayed + buried;
  const looks: Promise<Look>[] = [];
  let size = firstPageSize;
  let next = newest;
  let asked = 0;
  let found = 0;
  try {
    while (found < all) {
      while (next > 0n && looks.length < pagesInFlight) {
        const ids = idsDown(next, size);
        next -= BigInt(ids.length);
        looks.push(begun(look(connection, tube, ids)));
      }
      const page = await looks.shift();
      if (page === undefined) return;
      asked += page.asked;
      found += page.found;
      size = nextPageSize(size, page.replicas);
      const progress = Math.max(asked / Number(newest), Math.min(1, found / all));
      yield { replicas: page.replicas, progress };
    }
  } finally {
    connection.close();
    await Promise.allSettled(looks);
  }
}

/** It may fail before anybody waits for it: whoever does is told. */
function begun(work: Promise<Look>): Promise<Look> {
  work.catch(() => undefined);
  return work;
}

/** Every job that was put before has this id or a smaller one. */
async function newestId(connection: Connection): Promise<bigint> {
  const { id } = await connection.send(put(Buffer.alloc(0), probe));
  await connection.send(deleteJob(id));
  return id - 1n;
}

function idsDown(from: bigint, count: number): bigint[] {
  const ids: bigint[] = [];
  for (let id = from; id > 0n && ids.length < count; id -= 1n) ids.push(id);
  return ids;
}

async function look(connection: Connection, tube: string, ids: readonly bigint[]): Promise<Look> {
  const jobs = await connection.sendAll(ids.map(statsJob));
  const ours = jobs.flatMap((job) => (job?.tube === tube ? [job] : []));
  const bodies = await connection.sendAll(ours.map(({ id }) => peek(id)));
  const replicas = ours.flatMap((job, at) => {
    const envelope = bodies[at]?.body;
    // The tube's name is this one, and no part of the reply: that isn't to be kept for it
    return envelope === undefined
      ? []
      : [{ id: job.id, stats: { ...replicaStats(job), tube }, envelope }];
  });
  return { asked: ids.length, found: ours.length, replicas };
}
