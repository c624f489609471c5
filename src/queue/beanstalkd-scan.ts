// The scan of a beanstalkd's tube: no command lists its jobs, so every id is asked for, from the newest down.

import type { Connection } from '../beanstalk/connection.ts';
import { peekAll } from '../beanstalk/job-commands.ts';
import { statsJobs, type JobStats } from '../beanstalk/stats-commands.ts';
import { idsOf } from './beanstalkd-ids.ts';
import { tallyOf } from './beanstalkd-tally.ts';
import type { ScannedReplica, ScanPage } from './node.ts';
import { firstPageSize, nextPageSize } from './page-size.ts';

/** While one page is read, the next two are on their way: the node never waits. */
const pagesInFlight = 3;

interface Look {
  /** How many ids were asked for, and which of them were of the tube (some may be deleted by now). */
  readonly asked: number;
  readonly found: readonly bigint[];
  readonly replicas: readonly ScannedReplica[];
  /** Of all that was read, whatever its tube. */
  readonly bytes: number;
}

/**
 * @param connection one that uses the tube of probes and that nobody else asks anything.
 * @throws NodeError
 */
export async function* scanIds(connection: Connection, tube: string): AsyncGenerator<ScanPage> {
  const ids = await idsOf(connection, tube);
  const tally = await tallyOf(connection, tube, ids.newest);
  const looks: Promise<Look>[] = [];
  let look = lookTwice;
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
      look = page.found.length * 2 > page.asked ? lookOnce : lookTwice;
      size = nextPageSize(size, page.bytes);
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

type LookAt = (connection: Connection, tube: string, ids: readonly bigint[]) => Promise<Look>;

/** Where most ids are of the tube. */
const lookOnce: LookAt = async (connection, tube, ids) => {
  const [stats, bodies] = await Promise.all([
    connection.sendAll(statsJobs(tube, ids)),
    connection.sendAll(peekAll(ids)),
  ]);
  return { asked: ids.length, ...readOf(ids, stats, bodies) };
};

/** Where most are gone or of other tubes, and may be large: the bodies are asked for when it is known whose they are. */
const lookTwice: LookAt = async (connection, tube, ids) => {
  const stats = await connection.sendAll(statsJobs(tube, ids));
  const found = ids.filter((_, at) => stats[at] !== undefined);
  const bodies = await connection.sendAll(peekAll(found));
  const ours = stats.filter((job) => job !== undefined);
  return { asked: ids.length, ...readOf(found, ours, bodies) };
};

function readOf(
  ids: readonly bigint[],
  stats: readonly (JobStats | undefined)[],
  bodies: readonly (string | undefined)[],
): Omit<Look, 'asked'> {
  const found: bigint[] = [];
  const replicas: ScannedReplica[] = [];
  let bytes = 0;
  ids.forEach((id, at) => {
    const job = stats[at];
    const envelope = bodies[at];
    bytes += envelope?.length ?? 0;
    if (job === undefined) return;
    found.push(id);
    if (envelope !== undefined) replicas.push({ id, stats: job, envelope });
  });
  return { found, replicas, bytes };
}
