// A survey: every job of a tube, once, from the scans of all nodes and the ledger, without touching any.
//
// The nodes are read from their newest replicas down, so that the replicas of a job turn up close to each other. A job
// is given as soon as as many nodes have it as should; the others at the end, when it is certain.

import type { Buffer } from 'node:buffer';
import { chunksOf } from '../core/chunks.ts';
import { NodeError, type LedgerDown } from '../core/errors.ts';
import { keyOf } from '../core/key.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { QueueNode } from '../queue/node.ts';
import { Gathering, type Gathered, type Held } from './gathering.ts';
import { contentOf, nodesOf, stateOf, type JobState, type SurveyedJob } from './job.ts';
import { hasContent, hasState, type Selection } from './selection.ts';
import { readSideBySide, type FoundPage } from './side-by-side.ts';
import { Standings, type Looked } from './standings.ts';

export interface SurveyOptions {
  readonly nodes: readonly QueueNode[];
  /** The logical tube. */
  readonly tube: string;
  /** How many nodes should have each job. */
  readonly replicas: number;
  readonly ledger: Ledger;
  readonly selection: Selection;
  /**
   * Every replica is wanted, also those beyond what a job should have (one node may have two of them): nothing is given
   * before all nodes were read. Left out: such replicas may be missing.
   */
  readonly whole?: boolean;
  /** Told once for each node, and once for the ledger (StrangeEntry: for one job only), when it can't be asked: the survey goes on
   * without it. */
  readonly onTrouble: (trouble: NodeError | LedgerDown) => void;
  /** How much is read, 0 to 1. */
  readonly onProgress?: (progress: number) => void;
}

/** So many at the end are looked at in one go. */
const groupSize = 512;

/**
 * In groups (some empty), as they are found, roughly the newest first; whoever stops taking ends it.
 * @throws DqError (unavailable) when no node can be read to its end.
 */
export async function* survey(options: SurveyOptions): AsyncGenerator<SurveyedJob[]> {
  const { nodes, replicas, selection, whole = false } = options;
  const gathering = new Gathering((content) => hasContent(selection, content));
  const judge = new Judge(options);
  for await (const { found, answering } of readSideBySide(nodes, options)) {
    const enough = whole ? Infinity : Math.min(replicas, answering);
    yield await judge.judge(completeIn(found, enough, gathering));
  }
  for (const group of chunksOf(gathering.rest(), groupSize)) yield await judge.judge(group);
}

function completeIn(found: readonly FoundPage[], enough: number, gathering: Gathering): Gathered[] {
  const complete: Gathered[] = [];
  for (const page of found) {
    for (const { id, stats, envelope } of page.replicas) {
      const job = gathering.add(envelope, { node: page.node, id, stats }, enough);
      if (job !== undefined) complete.push(job);
    }
  }
  return complete;
}

interface Judged extends Looked {
  readonly job: Gathered;
  readonly state: JobState;
}

/** Asks the ledger, and for envelopes that weren't kept; then it is known which jobs are meant. */
class Judge {
  readonly #options: SurveyOptions;
  readonly #standings: Standings;

  constructor(options: SurveyOptions) {
    this.#options = options;
    this.#standings = new Standings(options);
  }

  async judge(gathered: readonly Gathered[]): Promise<SurveyedJob[]> {
    const wanted = gathered.filter((job) => this.#isWanted(job));
    if (wanted.length === 0) return [];
    const selected = this.#selected(wanted, await this.#standings.of(wanted));
    const missing = selected.filter(({ job }) => job.held === undefined);
    return this.#whole(selected, await readAgain(missing.map(({ job }) => job)));
  }

  #selected(jobs: readonly Gathered[], looked: readonly Looked[]): Judged[] {
    const { selection } = this.#options;
    const selected: Judged[] = [];
    jobs.forEach((job, at) => {
      const { standing, unasked } = looked[at] as Looked;
      const state = stateOf(standing, job.replicas);
      if (hasState(selection, state, job.replicas))
        selected.push({ job, standing, unasked, state });
    });
    return selected;
  }

  #whole(judged: readonly Judged[], late: ReadonlyMap<Gathered, Held>): SurveyedJob[] {
    const { tube } = this.#options;
    const jobs: SurveyedJob[] = [];
    for (const { job, standing, unasked, state } of judged) {
      const { key, dueNs, replicas } = job;
      const held = job.held ?? late.get(job);
      if (held === undefined) continue;
      const { envelope, payload } = held;
      jobs.push({ tube, key, dueNs, envelope, payload, replicas, standing, unasked, state });
    }
    return jobs;
  }

  #isWanted({ key, replicas }: Gathered): boolean {
    const { selection, replicas: wanted } = this.#options;
    return selection.underReplicated !== true || (key !== undefined && nodesOf(replicas) < wanted);
  }
}

/** What jobs hold whose envelopes weren't kept, as far as they are still there. */
async function readAgain(jobs: readonly Gathered[]): Promise<ReadonlyMap<Gathered, Held>> {
  const read = new Map<Gathered, Held>();
  await Promise.all(
    jobs.map(async (job) => {
      const envelope = await envelopeOf(job);
      if (envelope === undefined) return;
      read.set(job, { envelope, payload: contentOf(envelope).payload });
    }),
  );
  return read;
}

/** From the first replica that is still there. */
async function envelopeOf({ key, replicas }: Gathered): Promise<Buffer | undefined> {
  for (const { node, id } of replicas) {
    try {
      const envelope = await node.peek(id);
      if (envelope !== undefined && keyOf(envelope) === key) return envelope;
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
    }
  }
  return undefined;
}
