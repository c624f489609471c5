// What `dq stats` tells: the looks at the nodes, put together by tube. Pure.

import type { NodeFacts, Totals } from '../queue/gauge.ts';
import { estimateJobs, estimateRates, sum, type StateCounts } from '../queue/tally.ts';
import type { LedgerLook, Looks, NodeLook, TubeLook } from './lookout.ts';

export interface StatsReport {
  /** ms since the epoch. */
  readonly now: number;
  /** Each job has one replica: the jobs are counted, not estimated. */
  readonly exact: boolean;
  readonly ledger: LedgerLook;
  readonly nodes: readonly NodeReport[];
  /** In the order of their names. */
  readonly tubes: readonly TubeReport[];
}

/** A node, and all the tubes of the report on it. */
export type NodeReport =
  | (OnNode & { readonly up: true; readonly node: string; readonly facts: NodeFacts })
  | { readonly up: false; readonly node: string; readonly error: string };

/** Counts are of replicas. */
export interface OnNode {
  readonly replicas: StateCounts;
  readonly waiting: number;
  readonly rates: Totals | undefined;
  /** When the job was due that the next worker gets, in ms since the epoch. */
  readonly nextDue: number | undefined;
}

export interface TubeReport {
  readonly tube: string;
  /** At least so many (see `estimateJobs`); undefined: no node answered. */
  readonly jobs: StateCounts | undefined;
  /** Workers: one that waits does so on every node. */
  readonly waiting: number | undefined;
  /** Jobs per second. */
  readonly rates: Totals | undefined;
  /** The longest due of those that the nodes would give next. */
  readonly nextDue: number | undefined;
  /** In the order of the report's nodes; undefined: it is down. */
  readonly nodes: readonly (OnNode | undefined)[];
}

export interface ReportOptions {
  readonly now: number;
  /** How many replicas a job is to have. */
  readonly replicas: number;
  /** They are told even when no node knows them. */
  readonly tubes: readonly string[];
}

/** Each connection uses it, so every beanstalkd has it: told only when there is something in it. */
const builtIn = 'default';

const nothing: OnNode = {
  replicas: { ready: 0, reserved: 0, delayed: 0, buried: 0 },
  waiting: 0,
  rates: undefined,
  nextDue: undefined,
};

export function reportOf({ nodes, ledger }: Looks, options: ReportOptions): StatsReport {
  const { now, replicas } = options;
  const copies = Math.max(1, Math.min(replicas, nodes.filter(({ up }) => up).length));
  const names = tubesOf(nodes, options.tubes);
  return {
    now,
    exact: replicas === 1,
    ledger,
    nodes: nodes.map((look) => nodeReport(look, names)),
    tubes: names.map((tube) => tubeReport(tube, nodes, copies)),
  };
}

function tubesOf(nodes: readonly NodeLook[], always: readonly string[]): string[] {
  const found = nodes.flatMap((look) => (look.up ? [...look.tubes] : []));
  const told = found.filter(([name, tube]) => name !== builtIn || !isIdle(tube));
  return [...new Set([...always, ...told.map(([name]) => name)])].sort();
}

function isIdle(tube: TubeLook): boolean {
  return tube.waiting === 0 && sum(tube) === 0;
}

function nodeReport(look: NodeLook, tubes: readonly string[]): NodeReport {
  if (!look.up) return look;
  const { node, up, facts } = look;
  return { ...together(tubes.map((tube) => onNode(look.tubes.get(tube)))), node, up, facts };
}

function tubeReport(tube: string, nodes: readonly NodeLook[], copies: number): TubeReport {
  const each = nodes.map((look) => (look.up ? onNode(look.tubes.get(tube)) : undefined));
  const up = each.filter((one) => one !== undefined);
  const rates = up.flatMap((one) => one.rates ?? []);
  const replicas = up.map((one) => one.replicas);
  const known = up.length > 0;
  return {
    tube,
    jobs: known ? estimateJobs(replicas, copies) : undefined,
    waiting: known ? Math.max(...up.map(({ waiting }) => waiting)) : undefined,
    rates: rates.length === 0 ? undefined : estimateRates(rates, copies),
    nextDue: earliest(up),
    nodes: each,
  };
}

function onNode(look: TubeLook | undefined): OnNode {
  if (look === undefined) return nothing;
  const { ready, reserved, delayed, buried, waiting, rates, nextDue } = look;
  return { replicas: { ready, reserved, delayed, buried }, waiting, rates, nextDue };
}

function together(tubes: readonly OnNode[]): OnNode {
  const add = (of: (tube: OnNode) => number): number =>
    tubes.reduce((total, tube) => total + of(tube), 0);
  const counted = tubes.some(({ rates }) => rates !== undefined);
  return {
    replicas: {
      ready: add(({ replicas }) => replicas.ready),
      reserved: add(({ replicas }) => replicas.reserved),
      delayed: add(({ replicas }) => replicas.delayed),
      buried: add(({ replicas }) => replicas.buried),
    },
    waiting: add(({ waiting }) => waiting),
    rates: counted
      ? {
          put: add(({ rates }) => rates?.put ?? 0),
          deleted: add(({ rates }) => rates?.deleted ?? 0),
        }
      : undefined,
    nextDue: earliest(tubes),
  };
}

function earliest(tubes: readonly OnNode[]): number | undefined {
  const dues = tubes.flatMap(({ nextDue }) => nextDue ?? []);
  return dues.length === 0 ? undefined : Math.min(...dues);
}
