// What goes on with entries just now: which ticks of each run, when a host last saw to them, and who means something else.

import { workerOf } from '../consume/tokens.ts';
import { sealEnvelope } from '../core/envelope.ts';
import { StrangeEntry } from '../core/errors.ts';
import { keyOf } from '../core/key.ts';
import type { Board } from '../ledger/board.ts';
import type { JobRef, Ledger, Standing } from '../ledger/ledger.ts';
import { attendantsOf, tasksOf, unlikeNames, type Attendant } from './attendance.ts';
import type { Entry } from './entry.ts';
import { overlapJob, tickOfToken } from './overlap.ts';
import { hostTube, realmOf, tickPayload, tickTube } from './tick-job.ts';

export interface EntryStanding {
  /** The longest first. Those of `overlap: allow` and of @reboot are told by hosts that beat: not by an older dq. */
  readonly running: readonly RunningTick[];
  /** How long ago a host that runs the entry wrote its coming ticks, in ms; undefined: none has yet. */
  readonly plannedAgo: number | undefined;
  /** Those that have another version of the entry. */
  readonly unlike: readonly Attendant[];
}

export interface RunningTick {
  /** Ms since the epoch. */
  readonly tick: number;
  /** How long it has run, in ms. */
  readonly forMs: number;
  readonly worker: string;
}

export interface StandingParts {
  readonly ledger: Ledger;
  readonly board: Board;
  /** The logical one of the configuration. */
  readonly tube: string;
  readonly host: string;
}

/** In the order of the entries. Rejects with LedgerDown. */
export async function standingsOf(
  entries: readonly Entry[],
  { ledger, board, tube, host }: StandingParts,
): Promise<EntryStanding[]> {
  const realms = entries.map((entry) => realmOf(entry, host));
  const [absences, attendants, holds] = await Promise.all([
    board.absences(realms),
    attendantsOf(board),
    ledger.lookAll(realms.map((realm) => overlapJob(tickTube(tube), realm, 0))),
  ]);
  const ticks = holds.map((standing) => tickOfToken(claimIn(standing)?.claim.token));
  const jobs = entries.map((entry, at) => tickJob(entry, ticks[at] ?? 0, tube, host));
  const looked = await ledger.lookAll(jobs);
  return entries.map((entry, at) => {
    const [tick, claimed] = [ticks[at], claimIn(looked[at])];
    const held = tick === undefined || claimed === undefined ? [] : [runOf(tick, claimed)];
    const tasks = tasksOf([entry]);
    return {
      running: [...held, ...notedRuns(entry, attendants)],
      plannedAgo: absences[at],
      unlike: attendants.filter((other) => unlikeNames(tasks, host, other).length > 0),
    };
  });
}

function notedRuns({ name }: Entry, attendants: readonly Attendant[]): RunningTick[] {
  const runs = attendants.flatMap(({ process: worker, running }) =>
    running
      .filter(({ entry }) => entry === name)
      .map(({ tick, forMs }) => ({ tick, forMs, worker })),
  );
  return runs.sort((a, b) => b.forMs - a.forMs);
}

type Claimed = Extract<Standing, { state: 'claimed' }>;

/** Of somebody who is alive. */
function claimIn(standing: Standing | StrangeEntry | undefined): Claimed | undefined {
  if (standing === undefined || standing instanceof StrangeEntry) return undefined;
  return standing.state === 'claimed' && standing.leaseLeftMs > 0 ? standing : undefined;
}

function runOf(tick: number, { claim: { token }, agoMs }: Claimed): RunningTick {
  return { tick, forMs: agoMs, worker: workerOf(token) };
}

function tickJob(entry: Entry, tick: number, tube: string, host: string): JobRef {
  const due = tick + entry.delay;
  const envelope = sealEnvelope({
    dueNs: BigInt(due) * 1_000_000n,
    payload: tickPayload(entry.name),
  });
  const ofTube = entry.hosts === 'each' ? hostTube(tube, host) : tickTube(tube);
  return { tube: ofTube, key: keyOf(envelope), dueMs: due };
}
