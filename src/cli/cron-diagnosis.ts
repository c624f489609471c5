// What a schedule keeps on its board means for whoever asks whether it runs, and the remedy. Pure.

import { formatDuration } from '../core/duration.ts';
import { formatInstant } from '../core/instant.ts';
import { beatLife } from '../ledger/board.ts';
import { nameOf, someOf, unlikeNames, type Attendant } from '../schedule/attendance.ts';
import type { TickRecord } from '../schedule/record.ts';
import type { Finding } from './diagnosis.ts';

/** Of the schedule of one tube. */
export interface CronFacts {
  readonly tube: string;
  readonly attendants: readonly Attendant[];
  /** How long ago a host last wrote coming ticks, in ms; undefined: none ever did. */
  readonly plannedAgo: number | undefined;
  /** The names of the entries whose coming ticks aren't written, although a host runs them. */
  readonly unwritten: readonly string[];
  /** How the last run of each entry ended, by its name. */
  readonly last: ReadonlyMap<string, TickRecord>;
  /** How many of its ticks are buried. */
  readonly buried: number;
}

/** @param now ms since the epoch. */
export function diagnoseCron(facts: CronFacts, now: number): Finding[] {
  const { tube, unwritten, last, buried } = facts;
  const subject = `cron ${tube}`;
  const warn = (message: string, remedy: string): Finding => {
    return { subject, level: 'warn', message, remedy };
  };
  const findings = diagnoseHosts(facts, subject, now);
  for (const { who, names } of differences(facts.attendants)) {
    const message = `${who} have different versions of ${names}: each tick is run by one of them`;
    findings.push(warn(message, 'let both read the same file, or give one another name'));
  }
  if (unwritten.length > 0) {
    const message = `coming ticks are not written: ${someOf(unwritten)}`;
    findings.push(warn(message, 'see the log of dq cron run: are too many nodes down?'));
  }
  const unwell = [...last].filter(([, { result }]) => result !== 'done');
  if (unwell.length > 0) {
    const ended = unwell.map(([name, { result }]) => `${name} (${result})`);
    const message = `last runs that were not well: ${someOf(ended)}`;
    findings.push(warn(message, 'why, tells dq cron list FILE'));
  }
  if (buried > 0) {
    const message = `${buried === 1 ? '1 tick is' : `${buried} ticks are`} buried`;
    findings.push(warn(message, `why, tells dq -t ${tube}.cron list --state buried`));
  }
  return findings;
}

function diagnoseHosts(
  { attendants, plannedAgo = Infinity }: CronFacts,
  subject: string,
  now: number,
): Finding[] {
  const ago = (ms: number): string => formatDuration(Math.round(ms / 1_000) * 1_000);
  const good = (message: string): Finding => ({ subject, level: 'good', message });
  if (attendants.length > 0) {
    return attendants.map((each) => {
      const count = each.shared.size + each.own.size;
      const entries = count === 1 ? '1 entry' : `${count} entries`;
      const since = formatInstant(now - each.upMs);
      return good(`${nameOf(each)} plans ${entries} since ${since}, last ${ago(each.agoMs)} ago`);
    });
  }
  if (plannedAgo <= beatLife) {
    const who = 'whoever did has stopped since, or is an older dq';
    return [good(`ticks were written ${ago(plannedAgo)} ago: ${who}`)];
  }
  const since = plannedAgo === Infinity ? 'yet' : `since ${formatInstant(now - plannedAgo)}`;
  return [
    {
      ...{ subject, level: 'warn', message: `no host runs the schedule ${since}` },
      remedy: 'on any machine: dq cron run FILE',
    },
  ];
}

interface Disagreement {
  readonly who: string;
  readonly names: string;
}

/** Of each two. */
function differences(attendants: readonly Attendant[]): Disagreement[] {
  return attendants.flatMap((one, at) =>
    attendants.slice(at + 1).flatMap((other) => {
      const names = unlikeNames(one, one.host, other);
      if (names.length === 0) return [];
      return [{ who: `${nameOf(one)} and ${nameOf(other)}`, names: someOf(names) }];
    }),
  );
}
