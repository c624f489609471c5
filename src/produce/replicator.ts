// The replicator writes each job to several nodes at once, counts, and takes back what is too little.

import type { Buffer } from 'node:buffer';
import type { Clock } from '../core/clock.ts';
import { DqError, NodeError } from '../core/errors.ts';
import type { ReplicaAddress } from '../core/receipt.ts';
import type { PutOptions, QueueNode } from '../queue/node.ts';
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

export interface Written {
  readonly replicas: readonly Replica[];
  /** The nodes that refused or couldn't be asked, each with its reason. */
  readonly failed: readonly NodeError[];
}

export interface Replica {
  readonly node: QueueNode;
  readonly id: bigint;
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
    const reasons = failed.map(({ node, message }) => `${node}: ${message}`).join('; ');
    return {
      message: `only ${replicas.length} of at least ${wanted} nodes took the job (${reasons})`,
    };
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

  /** @throws TooFewReplicas after what was written has been taken back. */
  async write(envelope: Buffer, options: PutOptions): Promise<Written> {
    const { clock, replicas, minReplicas } = this.#options;
    const { nodes: candidates, shunned } = this.#rotation.next(clock.now(), minReplicas);
    const written: Replica[] = [];
    const refusals: NodeError[] = [];
    let asked = Math.min(replicas, candidates.length);
    const write = (node: QueueNode): Promise<void> =>
      node.put(envelope, options).then(
        (id) => {
          written.push({ node, id });
        },
        (error: unknown) => {
          if (!(error instanceof NodeError)) throw error;
          refusals.push(error);
          this.#rotation.failed(node, error, clock.now());
          const spare = candidates[asked++];
          return spare === undefined ? undefined : write(spare);
        },
      );
    await Promise.all(candidates.slice(0, replicas).map(write));
    const result = { replicas: written, failed: [...shunned, ...refusals] };
    if (written.length >= minReplicas) return result;
    const unconfirmed = refusals.some((refusal) => refusal.unconfirmed);
    const takenBack = await takeBack(written, envelope);
    throw new TooFewReplicas(minReplicas, result, !takenBack || unconfirmed);
  }
}

/** False when a replica may still be there: its node couldn't be asked. */
export async function takeBack(replicas: readonly Replica[], envelope: Buffer): Promise<boolean> {
  const results = await Promise.all(replicas.map((replica) => takeBackOne(replica, envelope)));
  return !results.includes(false);
}

async function takeBackOne({ node, id }: Replica, envelope: Buffer): Promise<boolean> {
  try {
    return await node.delete(id, envelope);
  } catch (error) {
    if (error instanceof NodeError) return false;
    throw error;
  }
}

export function addressesOf(replicas: readonly Replica[]): ReplicaAddress[] {
  return replicas.map(({ node, id }) => ({ endpoint: node.endpoint, tube: node.tube, id }));
}
