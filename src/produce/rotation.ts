// The rotation: which nodes get the next job, and which stand in for one that fails.

import type { NodeError } from '../core/errors.ts';
import type { QueueNode } from '../queue/node.ts';

/** A node that didn't answer in time isn't tried for so many ms: its deadline is paid once. */
const shunnedFor = 30_000;

export class Rotation {
  readonly #nodes: readonly QueueNode[];
  readonly #shunned = new Map<QueueNode, { readonly until: number; readonly error: NodeError }>();
  #turn: number;

  /** @param random in [0, 1): where it starts, so that one-shot producers spread their jobs. */
  constructor(nodes: readonly QueueNode[], random: number) {
    this.#nodes = nodes;
    this.#turn = Math.floor(random * nodes.length);
  }

  /**
   * The nodes that may be asked, in order, and why the others may not.
   * @param least with fewer than that the put would fail anyway: then every node is asked.
   */
  next(now: number, least: number): { nodes: QueueNode[]; shunned: NodeError[] } {
    const at = this.#turn;
    this.#turn = (at + 1) % this.#nodes.length;
    for (const [node, { until }] of this.#shunned) if (until <= now) this.#shunned.delete(node);
    const turned = [...this.#nodes.slice(at), ...this.#nodes.slice(0, at)];
    const nodes = turned.filter((node) => !this.#shunned.has(node));
    if (nodes.length < least) return { nodes: turned, shunned: [] };
    return { nodes, shunned: [...this.#shunned.values()].map(({ error }) => error) };
  }

  failed(node: QueueNode, error: NodeError, now: number): void {
    if (error.fault === 'timeout') this.#shunned.set(node, { until: now + shunnedFor, error });
  }
}
