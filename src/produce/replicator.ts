// The replicator writes each job to several nodes at once, counts, and takes back what is too little.

import { allOf } from '../core/all-of.ts';
import type { Clock } from '../core/clock.ts';
import { DqError, NodeError, reasonsOf } from '../core/errors.ts';
import type { Life, QueueNode } from '../queue/node.ts';
import { Puts, type Put } from '../queue/puts.ts';
import type { ReplicaOf } from '../queue/replica-of.ts';
import { Rotation } from './rotation.ts';

export interface ReplicatorOptions {
  readonly nodes: readonly QueueNode[];
  /** How many nodes get each job, if so many can be had. */
  readonly replicas: number;
  /** Fewer than that is a failure. */
  readonly minReplicas: number;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: number;
}

export interface JobPut extends Put {
  /** Nobody else will ever put an equal envelope. */
  readonly distinct: boolean;
}

interface Asked {
  readonly node: QueueNode;
  readonly life: Life;
  /** For each put; undefined: it wasn't asked to take it. */
  readonly answers: readonly (bigint | NodeError | undefined)[];
}

/** What came of a put so far. */
interface Tally {
  readonly replicas: Replica[];
  readonly refusals: NodeError[];
}

export type WriteResult = Written | TooFewReplicas;

export interface Written {
  readonly replicas: readonly Replica[];
  /** The nodes that refused or couldn't be asked, each with its reason. */
  readonly failed: readonly NodeError[];
}

export interface Replica extends ReplicaOf {
  /** That of the node in which the id means it. */
  readonly life: Life;
}

/** Fewer than `minReplicas` nodes took the job. */
export class TooFewReplicas extends DqError {
  override readonly name = 'TooFewReplicas';
  readonly failed: readonly NodeError[];
  /** A replica may lie somewhere all the same: a reply that never came, or one that couldn't be taken back. */
  readonly mayRun: boolean;

  constructor(wanted: number, written: Written, mayRun: boolean) {
    const { replicas, failed } = written;
    const tooBig = failed.filter(({ fault }) => fault === 'too-big').length;
    const hopeless = tooBig > 0 && replicas.length + failed.length - tooBig < wanted;
    const { message, hint } = aboutRefusal(wanted, written);
    if (hopeless) {
      super('usage', message, {
        hint: hint ?? 'it is larger than its nodes take (beanstalkd -z BYTES)',
      });
    } else {
      const remedy = hint ?? 'try again, or see dq doctor';
      super('unavailable', message, { hint: `nothing was kept; ${remedy}` });
    }
    this.failed = failed;
    this.mayRun = mayRun;
  }
}

/** Whose node is the only one needs no count, and knows what its own remedy means. */
function aboutRefusal(
  wanted: number,
  { replicas, failed }: Written,
): { message: string; hint?: string | undefined } {
  const [only, another] = failed;
  if (only === undefined || another !== undefined || replicas.length > 0) {
    const count = `only ${replicas.length} of at least ${wanted} nodes`;
    return { message: `${count} took the job (${reasonsOf(failed)})` };
  }
  const { node, message, hint } = only;
  return hint === undefined ? { message: `${node} didn't take the job: ${message}` } : only;
}

export class Replicator {
  readonly #options: ReplicatorOptions;
  readonly #rotation: Rotation;

  constructor(options: ReplicatorOptions) {
    this.#options = options;
    this.#rotation = new Rotation(options.nodes, options.random);
  }

  /** For each, in their order, what came of it: where too few nodes took it, what was written has been taken back. */
  async write(puts: readonly JobPut[]): Promise<WriteResult[]> {
    const { nodes, replicas } = this.#options;
    if (nodes.length <= replicas) return this.#writeShare(puts);
    // In as many shares as there are nodes: each begins with another one
    const share = Math.ceil(puts.length / nodes.length);
    const shares: Promise<WriteResult[]>[] = [];
    for (let from = 0; from < puts.length; from += share) {
      shares.push(this.#writeShare(puts.slice(from, from + share)));
    }
    return (await Promise.all(shares)).flat();
  }

  async #writeShare(share: readonly JobPut[]): Promise<WriteResult[]> {
    const { clock, minReplicas } = this.#options;
    const { nodes, shunned } = this.#rotation.next(clock.now(), minReplicas);
    const tallies = await this.#ask(nodes, new Puts(share));
    return allOf(tallies.map((tally, at) => this.#judge(share[at] as JobPut, tally, shunned)));
  }

  /** As many nodes as are wanted, then spare ones in place of those that refuse. */
  async #ask(nodes: readonly QueueNode[], puts: Puts): Promise<readonly Tally[]> {
    const tallies = puts.all.map((): Tally => ({ replicas: [], refusals: [] }));
    const left = [...nodes];
    for (;;) {
      const lacks = tallies.map(({ replicas }) => this.#options.replicas - replicas.length);
      const most = lacks.reduce((one, other) => Math.max(one, other), 0);
      const asked = left
        .splice(0, most)
        .map((node, turn) => this.#askOne(node, puts, (_, at) => (lacks[at] ?? 0) > turn));
      if (asked.length === 0) return tallies;
      for (const each of await Promise.all(asked)) count(tallies, each);
    }
  }

  async #askOne(
    node: QueueNode,
    puts: Puts,
    isWanted: (put: Put, at: number) => boolean,
  ): Promise<Asked> {
    const wanted = puts.only(isWanted);
    const { answers, life } = await node.putAll(wanted);
    for (const answer of answers) {
      if (typeof answer === 'bigint') continue;
      this.#rotation.failed(node, answer, this.#options.clock.now());
    }
    if (wanted === puts) return { node, life, answers };
    const left = [...answers];
    const spread = puts.all.map((put, at) => (isWanted(put, at) ? left.shift() : undefined));
    return { node, life, answers: spread };
  }

  #judge(
    put: JobPut,
    { replicas, refusals }: Tally,
    shunned: readonly NodeError[],
  ): WriteResult | Promise<WriteResult> {
    const written = { replicas, failed: [...shunned, ...refusals] };
    if (replicas.length >= this.#options.minReplicas) return written;
    return this.#refuse(
      put,
      written,
      refusals.some(({ unconfirmed }) => unconfirmed),
    );
  }

  async #refuse(put: JobPut, written: Written, unconfirmed: boolean): Promise<TooFewReplicas> {
    const takenBack = await takeBack(written.replicas, put);
    return new TooFewReplicas(this.#options.minReplicas, written, !takenBack || unconfirmed);
  }
}

function count(tallies: readonly Tally[], { node, life, answers }: Asked): void {
  tallies.forEach(({ replicas, refusals }, at) => {
    const answer = answers[at];
    if (typeof answer === 'bigint') replicas.push({ node, life, id: answer });
    else if (answer !== undefined) refusals.push(answer);
  });
}

/** False when a replica may still be there: its node couldn't be asked, or an equal put may have its id by now. */
export async function takeBack(
  replicas: readonly Replica[],
  put: Pick<JobPut, 'envelope' | 'distinct'>,
): Promise<boolean> {
  const results = await Promise.all(replicas.map((replica) => takeBackOne(replica, put)));
  return !results.includes(false);
}

/** A node that lost its data counts its ids from 1 again: the envelope tells which replica it is, unless others put it too. */
async function takeBackOne(
  { node, life, id }: Replica,
  { envelope, distinct }: Pick<JobPut, 'envelope' | 'distinct'>,
): Promise<boolean> {
  try {
    return await (distinct ? node : life).delete(id, envelope);
  } catch (error) {
    if (error instanceof NodeError) return false;
    throw error;
  }
}
