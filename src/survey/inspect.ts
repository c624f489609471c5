// Looks at single jobs: those that a receipt names, or the first of each state.

import { NodeError, type LedgerDown } from '../core/errors.ts';
import { keyOf } from '../core/key.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { QueueNode, FoundReplica, WaitingState } from '../queue/node.ts';
import { lookAt, type ReplicaOf } from '../queue/replica-of.ts';
import { contentOf, jobOf, knownOf, type SurveyedJob } from './job.ts';
import { noneAnswers } from './side-by-side.ts';
import { Standings, type Looked } from './standings.ts';

export interface Ground {
  /** The logical tube. */
  readonly tube: string;
  readonly ledger: Ledger;
  /** Told once for each node, and for the ledger, when it can't be asked. */
  readonly onTrouble: (trouble: NodeError | LedgerDown) => void;
}

export interface Inspection {
  /**
   * What is there, the one with the most replicas first. More than one: ids name other jobs after a node lost its data.
   */
  readonly jobs: readonly SurveyedJob[];
  /** Where nothing is, or something of another tube. */
  readonly absent: readonly ReplicaOf[];
  readonly unreached: readonly (ReplicaOf & { readonly error: NodeError })[];
}

type Found = ReplicaOf & { readonly replica: FoundReplica };

export async function inspect(places: readonly ReplicaOf[], ground: Ground): Promise<Inspection> {
  const found: Found[] = [];
  const absent: ReplicaOf[] = [];
  const unreached: (ReplicaOf & { error: NodeError })[] = [];
  await Promise.all(
    places.map(async (place) => {
      try {
        const replica = await lookAt(place);
        if (replica === undefined) absent.push(place);
        else found.push({ ...place, replica });
      } catch (error) {
        if (!(error instanceof NodeError)) throw error;
        unreached.push({ ...place, error });
      }
    }),
  );
  const jobs = await jobsOf(found, ground);
  return { jobs: jobs.sort((a, b) => b.replicas.length - a.replicas.length), absent, unreached };
}

const waitingStates: readonly WaitingState[] = ['ready', 'delayed', 'buried'];

/**
 * Of all nodes, each job once, with those of its replicas that are the first on their nodes.
 * @throws DqError (unavailable) when no node answers.
 */
export async function firstJobs(
  nodes: readonly QueueNode[],
  ground: Ground,
): Promise<SurveyedJob[]> {
  const errors: NodeError[] = [];
  const heads = await Promise.all(
    nodes.map(async (node) => {
      try {
        return await Promise.all(waitingStates.map((state) => node.next(state)));
      } catch (error) {
        if (!(error instanceof NodeError)) throw error;
        errors.push(error);
        return [];
      }
    }),
  );
  if (errors.length === nodes.length) throw noneAnswers(errors);
  errors.forEach(ground.onTrouble);
  const firsts = waitingStates.flatMap((_, at) => {
    const found = nodes.flatMap((node, of) => {
      const replica = heads[of]?.[at];
      return replica === undefined ? [] : [{ node, id: replica.id, replica }];
    });
    const [first] = found.sort(sooner);
    return found.filter(({ replica }) => first?.replica.envelope.equals(replica.envelope));
  });
  return jobsOf(firsts, ground);
}

/** The more urgent one; of equal ones that which is due earlier. */
function sooner({ replica: a }: Found, { replica: b }: Found): number {
  const byPriority = a.stats.priority - b.stats.priority;
  if (a.stats.state === 'ready' && byPriority !== 0) return byPriority;
  const [dueA = 0n, dueB = 0n] = [a, b].map(({ envelope }) => contentOf(envelope).dueNs);
  return dueA < dueB ? -1 : Number(dueA > dueB);
}

/** Replicas that hold the same bytes are one job. */
async function jobsOf(found: readonly Found[], ground: Ground): Promise<SurveyedJob[]> {
  const groups = new Map<string, Found[]>();
  for (const each of found) {
    const name = keyOf(each.replica.envelope);
    groups.set(name, [...(groups.get(name) ?? []), each]);
  }
  const jobs = [...groups.values()].flatMap((group) => {
    const [first] = group;
    const replicas = group.map(({ node, replica: { id, stats } }) => ({ node, id, stats }));
    return first === undefined ? [] : [{ ...knownOf(first.replica.envelope), replicas }];
  });
  const looked = await new Standings(ground).of(jobs);
  return jobs.map(({ envelope, replicas }, at) =>
    jobOf(ground.tube, envelope, replicas, looked[at] as Looked),
  );
}
