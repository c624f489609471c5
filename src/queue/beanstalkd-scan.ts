// The scan of a beanstalkd's tube: no command lists its jobs, so every id is asked for, from the newest down.

import type { Connection } from '../beanstalk/connection.ts';
import { peek } from '../beanstalk/job-commands.ts';
import { statsJob } from '../beanstalk/stats-commands.ts';
import { idsOf } from './beanstalkd-ids.ts';
import { replicaStats } from './beanstalkd-stats.ts';
import { tallyOf } from './beanstalkd-tally.ts';
import type { ScannedReplica, ScanPage } from './node.ts';
import { firstPageSize, nextPageSize } from './page-size.ts';

/** While one page is read, the next one is on its way. */
const pagesInFlight = 2;

interface Look {
  /** How many ids were asked for, and which of them were of the tube (some may be deleted by now). */
  readonly asked: number;
  readonly found: readonly bigint[];
  readonly replicas: readonly ScannedReplica[];
}

/**
 * @param connection one that uses the tube of probes and that nobody else asks anything.
 * @throws NodeError
 */
export async function* scanIds(connection: Connection, tube: string): AsyncGenerator<ScanPage> {
  const ids = await idsOf(connection, tube);
  const tally = await tallyOf(connection, tube, ids.newest);
  const looks: Promise<Look>[] = [];
  let size = firstPageSize;
  let progress = 0;
  try {
    while (!(await tally.isComplete())) {
      while (looks.length < pagesInFlight) {
        const page = ids.take(size);
        if (page.length === 0) break;
        looks.push(begun(look(connection, tube, page)));
      }
      const page = await looks.shift();
      if (page === undefined) return;
      tally.add(page.asked, page.found);
      size = nextPageSize(size, page.replicas);
      progress = Math.max(progress, ids.progress, tally.progress);
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
  return { asked: ids.length, found: ours.map(({ id }) => id), replicas };
}
