// The rotation: which nodes get the next job, and which stand in for one that fails.

import type { NodeError } from '../core/errors.ts';
import type { QueueNode } from '../queue/node.ts';

/** A node that didn't answer in time isn't tried for so many ms: its deadline is paid once. */
const shunnedFor = 30_000;

export class Rotation {
  /** The nodes, beginning with each of them. */
  readonly #turns: readonly (readonly QueueNode[])[];
  readonly #shunned = new Map<QueueNode, { readonly at: number; readonly error: NodeError }>();
  #turn: number;

  /** @param random in [0, 1): where it starts, so that one-shot producers spread their jobs. */
  constructor(nodes: readonly QueueNode[], random: number) {
    this.#turns = nodes.map((_, at) => [...nodes.slice(at), ...nodes.slice(0, at)]);
    this.#turn = Math.floor(random * nodes.length);
  }

  /**
   * The nodes that may be asked, in order, and why the others may not.
   * @param least with fewer than that the put would fail anyway: then every node is asked.
   */
  next(now: number, least: number): { nodes: readonly QueueNode[]; shunned: NodeError[] } {
    const turned = this.#turns[this.#turn] ?? [];
    this.#turn = (this.#turn + 1) % this.#turns.length;
    if (this.#shunned.size === 0) return { nodes: turned, shunned: [] };
    for (const [node, { at }] of this.#shunned) {
      // A clock that was set back doesn't prolong it
      if (now < at || now - at >= shunnedFor) this.#shunned.delete(node);
    }
    const nodes = turned.filter((node) => !this.#shunned.has(node));
    if (nodes.length < least) return { nodes: turned, shunned: [] };
    return { nodes, shunned: [...this.#shunned.values()].map(({ error }) => error) };
  }

  failed(node: QueueNode, error: NodeError, now: number): void {
    if (error.fault === 'timeout') this.#shunned.set(node, { at: now, error });
  }
}
