// The tally of a scan tells when every job of the tube was found that was there when the scan began, and still is.
//
// The tube is counted first, and the scan is over when it has found as many. Two things spoil that: a job that is deleted
// before it is found is waited for in vain, and a put that is under way meanwhile is found though it wasn't counted. Then
// it is counted anew: whatever is found before a count, and is still there after it, was in it. If there are as many of
// these as were counted, the tube had no other job, and what isn't there can't have been there from the beginning.

import type { Connection } from '../beanstalk/connection.ts';
import { stats, statsJobs, statsTube } from '../beanstalk/stats-commands.ts';
import type { TubeStats } from '../beanstalk/stats-commands.ts';
import { numberOf } from '../beanstalk/stats.ts';
import { chunksOf } from '../core/chunks.ts';
import { newestId } from './beanstalkd-ids.ts';
import { tubeCounts } from './beanstalkd-stats.ts';

/** After so many ids in vain the tube is counted anew: that costs less than they did. */
const firstPatience = 4_096;

const pageSize = 512;

/** What was in the tube when the scan began. */
interface FirstCount {
  readonly all: number;
  /** How many were ever put into it; undefined: none that wasn't counted will be found, as no put was under way. */
  readonly puts: number | undefined;
}

export async function tallyOf(
  connection: Connection,
  tube: string,
  newest: bigint | undefined,
): Promise<Tally> {
  const [server, counted] = await Promise.all([
    connection.send(stats()),
    connection.send(statsTube(tube)),
  ]);
  // A put is heard when it begins, a job is counted when it is complete; one that was refused never is
  const isQuiet = numberOf(server.all, 'cmd-put') === numberOf(server.all, 'total-jobs');
  const isSure = isQuiet && newest !== undefined;
  const first = { all: totalOf(counted), puts: isSure ? undefined : (counted?.put ?? 0) };
  return new Tally(connection, tube, newest, first);
}

export class Tally {
  readonly #connection: Connection;
  readonly #tube: string;
  /** All up to this one are looked at by the scan; undefined: all. */
  #newest: bigint | undefined;
  /** Undefined: it is of no use any more. */
  #first: FirstCount | undefined;
  #found = new FoundIds();
  #inVain = 0;
  #patience = firstPatience;

  constructor(connection: Connection, tube: string, newest: bigint | undefined, first: FirstCount) {
    this.#connection = connection;
    this.#tube = tube;
    this.#newest = newest;
    this.#first = first;
  }

  /** @param asked how many ids were asked for, of which those `found` are of the tube. */
  add(asked: number, found: readonly bigint[]): void {
    this.#found.add(found);
    this.#inVain = found.length > 0 ? 0 : this.#inVain + asked;
  }

  /** 0 to 1; 0 when there is no telling. */
  get progress(): number {
    const { all } = this.#first ?? { all: Infinity };
    return all === 0 ? 1 : Math.min(1, this.#found.count / all);
  }

  async isComplete(): Promise<boolean> {
    if (this.#first !== undefined && this.#found.count >= this.#first.all) {
      if (await this.#isExact(this.#first)) return true;
    } else if (this.#inVain < Math.max(this.#patience, this.#found.count)) return false;
    return this.#countAnew();
  }

  /** Whether all that was found was counted. */
  async #isExact({ puts }: FirstCount): Promise<boolean> {
    if (puts === undefined) return true;
    const now = await this.#connection.send(statsTube(this.#tube));
    return (now?.put ?? 0) === puts;
  }

  async #countAnew(): Promise<boolean> {
    await this.#findPutMeanwhile();
    const counted = await this.#connection.send(statsTube(this.#tube));
    const stillThere = new FoundIds();
    await this.#findPresent(this.#found, stillThere);
    this.#found = stillThere;
    this.#first = undefined;
    this.#inVain = 0;
    this.#patience *= 2;
    return this.#found.count >= totalOf(counted);
  }

  /** They are counted, too. */
  async #findPutMeanwhile(): Promise<void> {
    if (this.#newest === undefined) return;
    const newest = await newestId(this.#connection);
    if (newest === undefined) return;
    const ids = idsBetween(this.#newest, newest);
    this.#newest = newest;
    await this.#findPresent(ids, this.#found);
  }

  /** Those of the tube. */
  async #findPresent(ids: Iterable<bigint>, found: FoundIds): Promise<void> {
    for (const page of chunksOf(ids, pageSize)) {
      const jobs = await this.#connection.sendAll(statsJobs(this.#tube, page));
      found.add(page.filter((_, at) => jobs[at] !== undefined));
    }
  }
}

/** Kept out of the heap: hundreds of thousands of bigints would burden each collection of garbage. */
class FoundIds {
  readonly #pages: BigUint64Array[] = [];
  count = 0;

  add(ids: readonly bigint[]): void {
    if (ids.length === 0) return;
    this.#pages.push(BigUint64Array.from(ids));
    this.count += ids.length;
  }

  *[Symbol.iterator](): Generator<bigint> {
    for (const page of this.#pages) yield* page;
  }
}

function totalOf(stats: TubeStats | undefined): number {
  const { ready, reserved, delayed, buried } = tubeCounts(stats);
  return ready + reserved + delayed + buried;
}

function* idsBetween(after: bigint, last: bigint): Generator<bigint> {
  for (let id = after + 1n; id <= last; id++) yield id;
}
