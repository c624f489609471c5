// An entry: a line of a schedule, whichever file it was written in.

import type { Place } from './issue.ts';
import type { Times } from './times.ts';

/** Durations are in ms. */
export interface Entry {
  /** Unique in its file. All that lasts hangs on it: ticks in nodes, marks, overlap. */
  readonly name: string;
  readonly place: Place;
  /** As written, with one blank between its words. */
  readonly schedule: string;
  /** An IANA name, or `localZone`. */
  readonly zone: string;
  /** `reboot`: once per start of `dq cron run`. */
  readonly times: Times | 'reboot';
  /** `each`: once on every host; a list: once on one of these. */
  readonly hosts: 'any' | 'each' | readonly string[];
  /** How late a tick may start. */
  readonly grace: number;
  /** Which of the ticks inside the grace run after an outage. */
  readonly missed: Missed;
  /** How long after its tick it is due: chosen from its jitter by its name. */
  readonly delay: number;
  readonly task: Run | Put;
}

/** A command line for `$SHELL -c`. */
export interface Run {
  readonly kind: 'run';
  readonly command: string;
  readonly stdin: string;
  /** The file's variables, without those that the process inherits. */
  readonly env: Readonly<Record<string, string>>;
  /** What a tick does while the run of an earlier one goes on, anywhere in the cluster. */
  readonly overlap: Overlap;
  readonly timeout: number | undefined;
  readonly attempts: number;
  /** Command lines. */
  readonly onFailure: string | undefined;
  readonly onSuccess: string | undefined;
}

/** An ordinary job for `dq work`. */
export interface Put {
  readonly kind: 'put';
  readonly payload: string;
  /** Undefined: the tube of the configuration. */
  readonly tube: string | undefined;
}

export const overlaps = ['skip', 'queue', 'allow'] as const;
export type Overlap = (typeof overlaps)[number];

export const missedTicks = ['skip', 'last', 'all'] as const;
export type Missed = (typeof missedTicks)[number];
