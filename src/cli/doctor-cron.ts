// What dq doctor asks about the schedule of a tube.

import type { Cluster } from '../cluster.ts';
import { NodeError } from '../core/errors.ts';
import { beatLife, type Board } from '../ledger/board.ts';
import type { QueueNode } from '../queue/node.ts';
import { attendantsOf, type Attendant } from '../schedule/attendance.ts';
import { readRecord, type TickRecord } from '../schedule/record.ts';
import { hostTube, realmOf, tickTube } from '../schedule/tick-job.ts';
import type { CronFacts } from './cron-diagnosis.ts';

/** Nobody misses a schedule that was given up so long ago, in ms. */
const givenUp = 30 * 86_400_000;

/** Undefined: there is none. Rejects with LedgerDown. */
export async function lookAtCron(tube: string, cluster: Cluster): Promise<CronFacts | undefined> {
  const board = await cluster.board(tickTube(tube));
  const found = await askBoard(board);
  const { attendants, plannedAgo = Infinity } = found;
  const isConfigured = cluster.config.cron !== undefined;
  if (attendants.length === 0 && !isConfigured && plannedAgo > givenUp) return undefined;
  const tubes = new Set([tickTube(tube), ...attendants.map(({ host }) => hostTube(tube, host))]);
  const buried = await Promise.all([...tubes].map((each) => buriedIn(each, cluster)));
  return { tube, ...found, buried: buried.reduce((sum, count) => sum + count, 0) };
}

type OnBoard = Pick<CronFacts, 'attendants' | 'plannedAgo' | 'unwritten' | 'last'>;

async function askBoard(board: Board): Promise<OnBoard> {
  const [attendants, plannedAgo] = await Promise.all([attendantsOf(board), board.lastAdvance()]);
  const names = [
    ...new Set(attendants.flatMap(({ shared, own }) => [...shared.keys(), ...own.keys()])),
  ];
  const [unwritten, records] = await Promise.all([
    unwrittenOf(attendants, board),
    board.records(names),
  ]);
  const last = new Map<string, TickRecord>();
  for (const [at, name] of names.entries()) {
    const record = readRecord(records[at] ?? '');
    if (record !== undefined) last.set(name, record);
  }
  return { attendants, plannedAgo, unwritten, last };
}

/** Of hosts that had the time to write them. */
async function unwrittenOf(attendants: readonly Attendant[], board: Board): Promise<string[]> {
  const planned = attendants
    .filter(({ upMs }) => upMs > beatLife)
    .flatMap(({ host, shared, own }) => [
      ...[...shared.keys()].map((name) => ({ name, hosts: 'any' as const, host })),
      ...[...own.keys()].map((name) => ({ name, hosts: 'each' as const, host })),
    ]);
  const absences = await board.absences(planned.map((entry) => realmOf(entry, entry.host)));
  const unwritten = planned.filter((_, at) => (absences[at] ?? Infinity) > beatLife);
  return [...new Set(unwritten.map(({ name }) => name))];
}

/** A job has a replica on several nodes. Nodes that are down are told elsewhere. */
async function buriedIn(tube: string, cluster: Cluster): Promise<number> {
  const counts = (await cluster.nodes(tube)).map(buriedOn);
  return Math.max(0, ...(await Promise.all(counts)));
}

async function buriedOn(node: QueueNode): Promise<number> {
  try {
    return (await node.counts()).buried;
  } catch (error) {
    if (error instanceof NodeError) return 0;
    throw error;
  }
}
