// Removals: deletes replicas whose jobs are over, all those of one tick together.

import type { QueueNode } from '../queue/node.ts';
import type { Background } from './background.ts';
import type { Kept } from './keeper.ts';
import { settleAgain, type SettleParts } from './settle.ts';

const deletion = { kind: 'delete' } as const;

export class Removals {
  readonly #parts: SettleParts;
  readonly #giveUp: AbortSignal;
  readonly #track: Background;
  #waiting = new Map<QueueNode, Kept[]>();

  /**
   * @param giveUp what isn't deleted by then comes back when the connection closes.
   * @param track is given a promise for each tick's replicas: it resolves when they are settled.
   */
  constructor(parts: SettleParts, giveUp: AbortSignal, track: Background) {
    this.#parts = parts;
    this.#giveUp = giveUp;
    this.#track = track;
  }

  add(replica: Kept): void {
    if (this.#waiting.size === 0) this.#track(this.#removeSoon());
    const { node } = replica.reservation;
    const others = this.#waiting.get(node);
    if (others === undefined) this.#waiting.set(node, [replica]);
    else others.push(replica);
  }

  /** In the tick itself, not after it: so they go out with the next reserves, in one write. */
  #removeSoon(): Promise<void> {
    return new Promise((resolve) => {
      process.nextTick(() => {
        resolve(this.#removeAll());
      });
    });
  }

  async #removeAll(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = new Map<QueueNode, Kept[]>();
    await Promise.all(Array.from(waiting, ([node, replicas]) => this.#remove(node, replicas)));
  }

  async #remove(node: QueueNode, replicas: readonly Kept[]): Promise<void> {
    const reservations = replicas.map(({ reservation }) => reservation);
    const refused = this.#giveUp.aborted ? [] : await node.deleteAll(reservations);
    const errors = new Map(refused.map(({ reservation, error }) => [reservation, error]));
    const again: Promise<boolean>[] = [];
    for (const replica of replicas) {
      const error = errors.get(replica.reservation);
      if (error === undefined) this.#parts.keeper.letGo(replica);
      else again.push(settleAgain(replica, deletion, this.#parts, this.#giveUp, error));
    }
    await Promise.all(again);
  }
}
