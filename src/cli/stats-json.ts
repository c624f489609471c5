// The JSON of `dq stats`: a line per tube. Stable: other people's scripts read it.

import type { NodeReport, OnNode, StatsReport, TubeReport } from './stats-report.ts';

export function statsJson(report: StatsReport): object[] {
  return report.tubes.map((tube) => tubeJson(tube, report));
}

function tubeJson(tube: TubeReport, { now, ledger, nodes }: StatsReport): object {
  return {
    tube: tube.tube,
    time: new Date(now).toISOString(),
    jobs: tube.jobs ?? null,
    waiting: tube.waiting ?? null,
    nextDue: instant(tube.nextDue),
    rates: tube.rates,
    ledger,
    nodes: nodes.map((node, at) => nodeJson(node, tube.nodes[at])),
  };
}

function nodeJson(look: NodeReport, onNode: OnNode | undefined): object {
  if (!look.up || onNode === undefined) return look;
  const { node, up, facts } = look;
  const { kind, ...about } = facts;
  const { replicas, waiting, nextDue, rates } = onNode;
  return { node, up, kind, ...about, replicas, waiting, nextDue: instant(nextDue), rates };
}

function instant(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
