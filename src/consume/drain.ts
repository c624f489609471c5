// The drain tells when a worker has nothing left to wait for: nothing runs here, and no node has a job due soon.

import type { Clock } from '../core/clock.ts';
import { LedgerDown, NodeError } from '../core/errors.ts';
import type { JobRef, Ledger } from '../ledger/ledger.ts';
import type { QueueNode } from '../queue/node.ts';
import type { Verdict } from './verdict.ts';

export interface DrainParts {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly nodes: readonly QueueNode[];
  /** A delayed job is waited for when it is due within so many ms. */
  readonly within: number;
  /** Nothing is held, running or being settled here. */
  readonly idle: () => boolean;
}

/** Between two looks, in ms. A job may be on its way here while one look is taken: two must agree. */
const betweenLooks = 100;

export class Drain {
  readonly #retries = new Map<string, JobRef>();

  /** Keeps in mind which jobs failed here and will be tried again, wherever. */
  readonly onVerdict = (job: JobRef, verdict: Verdict): void => {
    const name = `${job.tube}:${job.key}`;
    if (verdict.kind === 'retry' || verdict.kind === 'giveBack') this.#retries.set(name, job);
    else this.#retries.delete(name);
  };

  /**
   * Resolves when there is nothing left, or `signal` aborts.
   * @returns the endpoints that couldn't be asked: jobs may be out of sight there.
   */
  async wait(parts: DrainParts, signal: AbortSignal): Promise<string[]> {
    let unseen: string[] = [];
    for (let clean = 0; clean < 2 && !signal.aborted;) {
      await parts.clock.sleep(betweenLooks, signal);
      const looks = parts.idle() ? await this.#look(parts) : undefined;
      clean = looks?.clean === true && parts.idle() ? clean + 1 : 0;
      unseen = looks?.unseen ?? [];
    }
    return unseen;
  }

  async #look(parts: DrainParts): Promise<{ clean: boolean; unseen: string[] }> {
    const seen = await Promise.all(parts.nodes.map((node) => hasJobs(node, parts.within)));
    const unseen = parts.nodes.filter((_, at) => seen[at] === undefined);
    const clean = !seen.includes(true) && (await this.#retriesAreOver(parts.ledger));
    return { clean, unseen: [...new Set(unseen.map(({ endpoint }) => endpoint))] };
  }

  async #retriesAreOver(ledger: Ledger): Promise<boolean> {
    try {
      for (const [name, job] of this.#retries) {
        const standing = await ledger.look(job);
        if (standing?.state === 'retry' || standing?.state === 'claimed') return false;
        this.#retries.delete(name);
      }
      return true;
    } catch (error) {
      if (error instanceof LedgerDown) return false;
      throw error;
    }
  }
}

/** Undefined when the node can't be asked. */
async function hasJobs(node: QueueNode, within: number): Promise<boolean | undefined> {
  try {
    const { ready, delayed } = await node.counts();
    if (ready > 0) return true;
    const seconds = delayed > 0 && within > 0 ? await node.nextReady() : undefined;
    return seconds !== undefined && seconds * 1_000 < within;
  } catch (error) {
    if (error instanceof NodeError) return undefined;
    throw error;
  }
}
