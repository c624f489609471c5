// What came of a row: counted, and judged by the promises.

import type { Run } from './record.ts';
import { reasonTexts, whyTwice, type Circumstances, type Reason } from './doubles.ts';

export interface Outcome {
  readonly row: string;
  readonly accepted: number;
  /** How many of them got fewer replicas than they should. */
  readonly short: number;
  readonly refused: number;
  readonly succeeded: number;
  /** How many jobs succeeded more than once, by reason. */
  readonly twice: Readonly<Partial<Record<Reason, number>>>;
  readonly lost: number;
  readonly early: number;
  /** How many replicas are left on the nodes. */
  readonly left: number;
  readonly recovery: Recovery | undefined;
}

interface Recovery {
  /** From the end of the fault to the next success, in ms; undefined: all had succeeded before. */
  readonly nextMs: number | undefined;
  /** From the end of the fault to the success of the last job that was due by then, in ms. */
  readonly caughtUpMs: number;
}

export interface Evidence {
  readonly row: string;
  readonly runs: readonly Run[];
  /** By key, when they are due (ms since the epoch). */
  readonly accepted: ReadonlyMap<string, number>;
  readonly mayRun: ReadonlySet<string>;
  readonly short: number;
  readonly refused: number;
  readonly left: number;
  /** When the fault was over, ms since the epoch; undefined: it never was. */
  readonly healedAt: number | undefined;
  readonly circumstances: Circumstances;
  /** Why jobs may succeed twice in this row. */
  readonly doubles: readonly Reason[];
}

export interface Judgement {
  readonly outcome: Outcome;
  /** Each broken promise in a sentence; the keys of the jobs it is about, where it is about jobs. */
  readonly broken: readonly { readonly what: string; readonly keys: readonly string[] }[];
}

export function judge(evidence: Evidence): Judgement {
  const { row, runs, accepted, short, refused, left, healedAt } = evidence;
  const successes = successesByJob(runs);
  const lost = [...accepted.keys()].filter((key) => !successes.has(key));
  const early = runs.filter(({ startedAt, due }) => startedAt < due);
  const strangers = [...successes.keys()].filter((key) => {
    return !accepted.has(key) && !evidence.mayRun.has(key);
  });
  const { twice, unexplained } = explain(successes, evidence);
  const outcome = {
    ...{ row, accepted: accepted.size, short, refused, left, twice },
    succeeded: accepted.size - lost.length,
    ...{ lost: lost.length, early: early.length },
    recovery: healedAt === undefined ? undefined : recoveryFrom(healedAt, accepted, successes),
  };
  const broken = [
    { what: 'accepted, and never succeeded', keys: lost },
    { what: 'succeeded twice without a reason that this row allows', keys: unexplained },
    { what: 'started before it was due', keys: early.map(({ key }) => key) },
    { what: 'ran, though its put was refused', keys: strangers },
  ].filter(({ keys }) => keys.length > 0);
  return { outcome, broken: left === 0 ? broken : [...broken, leftOver(left)] };
}

function recoveryFrom(
  healedAt: number,
  accepted: ReadonlyMap<string, number>,
  successes: ReadonlyMap<string, readonly Run[]>,
): Recovery {
  const all = [...successes].map(([key, runs]) => ({ key, at: Math.min(...runs.map(successOf)) }));
  const next = all.filter(({ at }) => at >= healedAt).map(({ at }) => at - healedAt);
  const overdue = all.filter(({ key }) => (accepted.get(key) ?? Infinity) <= healedAt);
  return {
    nextMs: next.length === 0 ? undefined : Math.min(...next),
    caughtUpMs: Math.max(0, ...overdue.map(({ at }) => at - healedAt)),
  };
}

function leftOver(left: number): { what: string; keys: string[] } {
  return { what: `${left} replicas are left on the nodes`, keys: [] };
}

function successOf({ succeededAt }: Run): number {
  return succeededAt ?? NaN;
}

function successesByJob(runs: readonly Run[]): Map<string, Run[]> {
  const byJob = new Map<string, Run[]>();
  for (const run of runs) {
    if (run.succeededAt === undefined) continue;
    byJob.set(run.key, [...(byJob.get(run.key) ?? []), run]);
  }
  return byJob;
}

function explain(
  successes: ReadonlyMap<string, readonly Run[]>,
  { circumstances, doubles }: Evidence,
): { twice: Partial<Record<Reason, number>>; unexplained: string[] } {
  const twice: Partial<Record<Reason, number>> = {};
  const unexplained: string[] = [];
  for (const [key, runs] of successes) {
    if (runs.length === 1) continue;
    const reasons = reasonsOf(runs, circumstances);
    for (const reason of new Set(reasons))
      if (reason !== undefined) twice[reason] = (twice[reason] ?? 0) + 1;
    if (reasons.some((reason) => reason === undefined || !doubles.includes(reason))) {
      unexplained.push(key);
    }
  }
  return { twice, unexplained };
}

/** One for each success but the last. */
function reasonsOf(runs: readonly Run[], circumstances: Circumstances): (Reason | undefined)[] {
  const ordered = [...runs].sort((one, other) => one.startedAt - other.startedAt);
  return ordered.slice(1).map((next, at) => whyTwice(ordered[at]!, next, circumstances));
}

/** `3 (its worker …)`, or 0. */
export function twiceText(twice: Outcome['twice']): string {
  const parts = Object.entries(twice).map(([reason, count]) => {
    return `${count}: ${reasonTexts[reason as Reason]}`;
  });
  return parts.length === 0 ? '0' : parts.join('; ');
}
