// A survey: every job of a tube, once, from the scans of all nodes and the ledger, without touching any.
//
// The nodes are read from their newest replicas down, so that the replicas of a job turn up close to each other. A job
// is given as soon as as many nodes have it as should; the others at the end, when it is certain.

import type { Buffer } from 'node:buffer';
import { NodeError, type LedgerDown } from '../core/errors.ts';
import { keyOf } from '../core/key.ts';
import type { Ledger, Standing } from '../ledger/ledger.ts';
import type { QueueNode } from '../queue/node.ts';
import { Gathering, type Gathered } from './gathering.ts';
import { contentOf, nodesOf, stateOf, type SurveyedJob, type SurveyedReplica } from './job.ts';
import { hasContent, hasState, type Selection } from './selection.ts';
import { readSideBySide, type FoundReplica } from './side-by-side.ts';
import { Standings } from './standings.ts';

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
  const { nodes, replicas, whole = false } = options;
  const gathering = new Gathering();
  const judge = new Judge(options);
  for await (const { found, answering } of readSideBySide(nodes, options)) {
    const enough = whole ? Infinity : Math.min(replicas, answering);
    const complete = found.flatMap((each) => take(each, enough, gathering, options.selection));
    yield await judge.judge(complete);
  }
  for (const group of groupsOf(gathering.rest())) yield await judge.judge(group);
}

/** A job that waits for its verdict; without a key it is none of dq's. */
type Candidate = Gathered | Stray;

interface Stray {
  readonly key: undefined;
  readonly dueNs: undefined;
  readonly envelope: Buffer;
  readonly replicas: readonly SurveyedReplica[];
}

function take(
  { node, replica: { id, stats, envelope } }: FoundReplica,
  enough: number,
  gathering: Gathering,
  selection: Selection,
): Candidate[] {
  const content = contentOf(envelope);
  if (!hasContent(selection, content)) return [];
  const { dueNs } = content;
  const found = { node, id, stats };
  if (dueNs === undefined) return [{ key: undefined, dueNs, envelope, replicas: [found] }];
  const job = gathering.add(envelope, dueNs, found, enough);
  return job === undefined ? [] : [job];
}

function* groupsOf(jobs: Iterable<Gathered>): Generator<Gathered[]> {
  let group: Gathered[] = [];
  for (const job of jobs) {
    group.push(job);
    if (group.length < groupSize) continue;
    yield group;
    group = [];
  }
  yield group;
}

/** Asks the ledger, and for envelopes that weren't kept; then it is known which jobs are meant. */
class Judge {
  readonly #options: SurveyOptions;
  readonly #standings: Standings;

  constructor(options: SurveyOptions) {
    this.#options = options;
    this.#standings = new Standings(options);
  }

  async judge(candidates: readonly Candidate[]): Promise<SurveyedJob[]> {
    const wanted = candidates.filter((candidate) => this.#isWanted(candidate));
    const standings = await this.#standings.of(wanted);
    const jobs = await Promise.all(
      wanted.map((candidate) => this.#complete(candidate, standings.get(candidate.key))),
    );
    return jobs.filter((job) => job !== undefined);
  }

  #isWanted({ key, replicas }: Candidate): boolean {
    const { selection, replicas: wanted } = this.#options;
    return selection.underReplicated !== true || (key !== undefined && nodesOf(replicas) < wanted);
  }

  /** Undefined: it isn't selected, or gone by now. */
  async #complete(
    { key, dueNs, envelope: kept, replicas }: Candidate,
    standing: Standing | undefined,
  ): Promise<SurveyedJob | undefined> {
    const { tube, selection } = this.#options;
    const state = stateOf(standing, replicas);
    if (!hasState(selection, state)) return undefined;
    const envelope = kept ?? (await readAgain(key, replicas));
    if (envelope === undefined) return undefined;
    const { payload } = contentOf(envelope);
    const unasked = this.#standings.troubleOf(key);
    return { tube, key, dueNs, envelope, payload, replicas, standing, unasked, state };
  }
}

/** The envelope, from the first replica that is still there. */
async function readAgain(
  key: string | undefined,
  replicas: readonly SurveyedReplica[],
): Promise<Buffer | undefined> {
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
