// Which hosts run a schedule, as they say on the board: since when, what they mean by each name, and what runs there.

import { localZone, zoneName } from '../core/zone.ts';
import type { Beat, Board } from '../ledger/board.ts';
import { areUnlike, digestOf } from './digest.ts';
import type { Entry } from './entry.ts';

/** By name the digests of the entries that a process plans; those of `own` are each host's own. */
export interface Tasks {
  readonly shared: ReadonlyMap<string, string>;
  readonly own: ReadonlyMap<string, string>;
}

/** A process that runs a schedule. Durations are in ms. */
export interface Attendant extends Tasks, Pick<Beat, 'process' | 'agoMs'> {
  readonly host: string;
  /** The path of its schedule. */
  readonly file: string;
  /** That of the machine. */
  readonly zone: string;
  /** How long it has run. */
  readonly upMs: number;
  /** Of entries whose runs nobody else keeps a list of. */
  readonly running: readonly NotedRun[];
}

interface NotedRun {
  readonly entry: string;
  /** Ms since the epoch. */
  readonly tick: number;
  readonly forMs: number;
}

export type AttendantFacts = Omit<Attendant, 'process' | 'agoMs' | 'zone'>;

/** On the board: durations, not instants, as clocks differ. */
export function attendantText({ shared, own, ...facts }: AttendantFacts): string {
  const zone = zoneName(localZone) ?? '';
  return JSON.stringify({ ...facts, zone, shared: [...shared], own: [...own] });
}

/** The oldest first. Rejects with LedgerDown. */
export async function attendantsOf(board: Board): Promise<Attendant[]> {
  const attendants = (await board.beats()).flatMap((beat) => readAttendant(beat) ?? []);
  return attendants.sort((a, b) => b.upMs - a.upMs);
}

/** Undefined for what another version may have written. */
function readAttendant({ process, text, agoMs }: Beat): Attendant | undefined {
  try {
    const { shared, own, running, upMs, ...facts } = JSON.parse(text) as Written;
    return {
      ...{ ...facts, process, agoMs, upMs: upMs + agoMs },
      ...{ shared: new Map(shared), own: new Map(own) },
      running: running.map((run) => ({ ...run, forMs: run.forMs + agoMs })),
    };
  } catch {
    return undefined; // not JSON, or not of this shape: not ours
  }
}

type Written = Omit<Attendant, keyof Tasks> & {
  readonly [Each in keyof Tasks]: [string, string][];
};

export function tasksOf(entries: readonly Entry[]): Tasks {
  const digests = (isOwn: boolean): Map<string, string> =>
    new Map(
      entries
        .filter(({ hosts }) => (hosts === 'each') === isOwn)
        .map((entry) => [entry.name, digestOf(entry)]),
    );
  return { shared: digests(false), own: digests(true) };
}

/** The names by which that process means something else. @param host whose tasks these are. */
export function unlikeNames({ shared, own }: Tasks, host: string, other: Attendant): string[] {
  const pairs: [Tasks['own'], Tasks['own']][] = [[shared, other.shared]];
  if (host === other.host) pairs.push([own, other.own]);
  return pairs.flatMap(([mine, theirs]) =>
    [...mine]
      .filter(([name, digest]) => areUnlike(digest, theirs.get(name) ?? digest))
      .map(([name]) => name),
  );
}

/** `north (/etc/dq/crontab, Europe/Berlin)` */
export function nameOf({ host, file, zone }: Pick<Attendant, 'host' | 'file' | 'zone'>): string {
  return `${host} (${[file, zone].filter((word) => word !== '').join(', ')})`;
}

const mostNamed = 3;

/** `a, b, c and 4 more` */
export function someOf(names: readonly string[]): string {
  const more = names.length - mostNamed;
  const named = names.slice(0, mostNamed).join(', ');
  return more > 0 ? `${named} and ${more} more` : named;
}
