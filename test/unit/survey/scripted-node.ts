// A node whose scan gives what the test put into it; pages are as small as the test likes.

import { Buffer } from 'node:buffer';
import { sealEnvelope } from '../../../src/core/envelope.ts';
import { NodeError } from '../../../src/core/errors.ts';
import type { FoundReplica, QueueNode, ReplicaStats } from '../../../src/queue/node.ts';

export class ScriptedNode {
  readonly endpoint: string;
  readonly tube = 'mail';
  /** The newest first. */
  readonly replicas: FoundReplica[] = [];
  /** What `peek` was asked for. */
  readonly peeked: bigint[] = [];
  pageSize = 2;
  /** After so many pages it is down. */
  failsAfter = Infinity;
  closedScans = 0;
  takenPages = 0;

  constructor(endpoint: string) {
    this.endpoint = endpoint;
  }

  get node(): QueueNode {
    return this as unknown as QueueNode;
  }

  put(envelope: Buffer, stats: Partial<ReplicaStats> = {}): this {
    const id = BigInt(this.replicas.length + 1);
    const usual = { tube: 'mail', state: 'ready', priority: 1024, age: 1, ttr: 60, timeLeft: 0 };
    this.replicas.unshift({ id, envelope, stats: { ...usual, ...stats } as ReplicaStats });
    return this;
  }

  peek(id: bigint): Promise<Buffer | undefined> {
    this.peeked.push(id);
    return Promise.resolve(this.replicas.find((replica) => replica.id === id)?.envelope);
  }

  async *scan() {
    try {
      for (let from = 0; from < this.replicas.length; from += this.pageSize) {
        await Promise.resolve();
        this.#assertUp();
        this.takenPages += 1;
        const page = this.replicas.slice(from, from + this.pageSize);
        const replicas = page.map(({ envelope, ...replica }) => {
          return { ...replica, envelope: envelope.toString('latin1') };
        });
        yield { replicas, progress: (from + replicas.length) / this.replicas.length };
      }
      this.#assertUp();
    } finally {
      this.closedScans += 1;
    }
  }

  #assertUp(): void {
    if (this.takenPages >= this.failsAfter) throw new NodeError(this.endpoint, 'down', 'gone');
  }
}

/** @param due ns since the epoch. */
export function envelopeOf(payload: string | Buffer, due = 1_767_225_600_000_000_000n): Buffer {
  return sealEnvelope({ dueNs: due, payload: Buffer.from(payload) });
}
