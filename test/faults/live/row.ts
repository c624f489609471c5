// One row of the fault table: the fault as a story, told while jobs are put and run; then everything must come to rest.

import { until } from '../../support/wait.ts';
import type { Reason } from './doubles.ts';
import { judge, type Outcome } from './outcome.ts';
import { runsOf } from './record.ts';
import { setStage, type Stage } from './stage.ts';

export interface Row {
  readonly name: string;
  readonly story: (stage: Stage) => Promise<void>;
  /** Fewer than usual, where the row's time would explode. */
  readonly jobs?: number;
  /** How long jobs are put, in ms. */
  readonly putFor?: number;
  /** What the handler does: bash. */
  readonly handler?: string;
  /** Options of `dq work`. */
  readonly work?: readonly string[];
  /** Options of `dq put`, and what is added to each payload. */
  readonly words?: readonly string[];
  readonly padding?: string;
  /** Whether nodes keep their jobs over a restart; they do by default. */
  readonly binlog?: boolean;
  /** Whether Redis keeps its data over a restart; it does by default. */
  readonly redisKept?: boolean;
  /** What lies behind a proxy. */
  readonly proxied?: 'nodes' | 'redis' | 'redis of worker 1';
  /** Node 1 has its binlog on a file system of that size, in files of that size. */
  readonly disk?: { readonly bytes: number; readonly binlogBytes: number };
  /** Why this row can't be played here; undefined: it can. */
  readonly whyNot?: () => string | undefined;
  /** Why jobs may succeed twice here; never, by default. */
  readonly doubles?: readonly Reason[];
  /** Puts may be refused. */
  readonly refusals?: boolean;
  /** A node is kept silent. In other rows one that doesn't answer in time shows that this machine stood still. */
  readonly silence?: boolean;
}

const usualJobs = 500;
const usualPutFor = 8_000;
const workers = 3;
const batches = 8;
/** So much of the jobs is there when the workers start. */
const early = 0.4;
/** How long the last job may take after the end of the fault: several leases, and a busy machine. */
const longestRest = 150_000;

/** @param share of the usual number of jobs. @throws Error: a promise is broken; its message tells the steps. */
export async function play(row: Row, share = 1): Promise<Outcome> {
  const stage = await setStage(row);
  try {
    await tell(stage, row, Math.round((row.jobs ?? usualJobs) * share));
    const left = await rest(stage);
    const codes = await stop(stage);
    const { accepted, mayRun, short, refused } = stage.load;
    const { outcome, broken } = judge({
      ...{ row: row.name, runs: runsOf(stage.cluster), accepted, mayRun, short, refused, left },
      ...{ healedAt: stage.healedAt, doubles: row.doubles ?? [] },
      circumstances: { workers: stage.workers, ledgerLostAt: stage.ledgerLostAt },
    });
    const all = [...broken, ...codes];
    const excused = row.silence === true ? 0 : stage.load.unanswered;
    if (refused > excused && row.refusals !== true) {
      all.push({ what: `${refused} refused`, keys: [] });
    }
    if (all.length > 0) throw new Error(report(row, stage, all));
    return outcome;
  } finally {
    await stage.close();
  }
}

async function tell(stage: Stage, row: Row, jobs: number): Promise<void> {
  const first = Math.round(jobs * early);
  await stage.load.put(first);
  stage.step(`${first} jobs put`);
  for (let worker = 0; worker < workers; worker++) stage.startWorker();
  stage.step(`${workers} workers started`);
  const putting = stage.load.putOver(row.putFor ?? usualPutFor, jobs - first, batches);
  await Promise.all([putting, row.story(stage)]);
  stage.step('all jobs put, the story is told');
}

/** Until all is done and nothing is left, or it won't be. Tells how many replicas are left. */
async function rest(stage: Stage): Promise<number> {
  const look = async (): Promise<number> => {
    const counts = await stage.cluster.counts('default');
    return counts
      .map(({ ready, reserved, delayed, buried }) => ready + reserved + delayed + buried)
      .reduce((one, other) => one + other);
  };
  const isOver = async (): Promise<boolean> => {
    const succeeded = new Set<string>();
    for (const run of runsOf(stage.cluster)) {
      if (run.succeededAt !== undefined) succeeded.add(run.key);
    }
    return (
      [...stage.load.accepted.keys()].every((key) => succeeded.has(key)) && (await look()) === 0
    );
  };
  const patience = { longest: longestRest, every: 200 };
  const isAtRest = await until('all is at rest', isOver, patience).catch(() => false);
  stage.step(isAtRest ? 'all is at rest' : `still not at rest after ${longestRest / 1_000} s`);
  return look();
}

async function stop(stage: Stage): Promise<{ what: string; keys: string[] }[]> {
  const living = stage.workers.filter(({ killedAt }) => killedAt === undefined);
  const codes = await Promise.all(living.map((worker) => worker.stop()));
  return living.flatMap(({ name, strayLines }, at) =>
    codes[at] === 0 && strayLines.length === 0
      ? []
      : [{ what: `${name} ended with ${codes[at]}: ${strayLines.join('\n')}`, keys: [] }],
  );
}

const mostStories = 3;

function report(
  row: Row,
  stage: Stage,
  broken: readonly { readonly what: string; readonly keys: readonly string[] }[],
): string {
  return [
    `${row.name}: a promise is broken`,
    ...broken.map(({ what, keys }) => `- ${what}${keys.length === 0 ? '' : ` (${keys.length})`}`),
    `to see it again: npm run test:faults -- test/faults/live -t '${row.name}'`,
    'what was done:',
    ...stage.steps.map((step) => `  ${step}`),
    ...stage.load.refusals.map((text) => `put said: ${text.trim()}`),
    ...broken
      .flatMap(({ keys }) => keys.slice(0, mostStories))
      .flatMap((key) => lifeOf(key, stage)),
  ].join('\n');
}

/** Everything that is known of a job. */
function lifeOf(key: string, stage: Stage): string[] {
  const runs = runsOf(stage.cluster).filter((run) => run.key === key);
  const events = stage.workers.flatMap(({ name, pid, events: all }) =>
    all
      .filter((event) => event.key === key)
      .map((event) => ({ at: event.time, text: `${name} (${pid}): ${JSON.stringify(event)}` })),
  );
  const told = runs.map((run) => ({
    at: new Date(run.startedAt).toISOString(),
    text: `run ${JSON.stringify(run)}`,
  }));
  const lines = [...events, ...told].sort((one, other) => (one.at < other.at ? -1 : 1));
  return [`the life of ${key}:`, ...lines.map(({ text }) => `  ${text}`)];
}
