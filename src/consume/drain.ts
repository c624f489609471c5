// The drain tells when a worker has nothing left to wait for: nothing runs here, and no node has a job due soon.

import type { Clock } from '../core/clock.ts';
import { LedgerDown, NodeError, StrangeEntry } from '../core/errors.ts';
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
  /** The ledger is down: nothing may start, and what has run can't be written down. */
  readonly stalled: () => boolean;
}

export interface DrainEnd {
  /** The endpoints that couldn't be asked: jobs may be out of sight there. */
  readonly unseen: readonly string[];
  /** Jobs may be left: the ledger was down for `longestOutage`. */
  readonly ledgerDown: boolean;
  /** What the ledger has of a job that failed here, and that can't be read: it may run again elsewhere. */
  readonly strange: StrangeEntry | undefined;
}

interface Look extends Pick<DrainEnd, 'unseen' | 'ledgerDown'> {
  readonly clean: boolean;
}

/** Between two looks, in ms. A job may be on its way here while one look is taken: two must agree. */
const betweenLooks = 100;
/** In ms: a failover takes less, and who drains waits for an end. */
export const longestOutage = 60_000;

export class Drain {
  readonly #retries = new Map<string, JobRef>();
  /** Since when the ledger is down, as seen from here. */
  #downSince: number | undefined;
  #strange: StrangeEntry | undefined;

  /** Keeps in mind which jobs failed here and will be tried again, wherever. */
  readonly onVerdict = (job: JobRef, verdict: Verdict): void => {
    const name = `${job.tube}:${job.key}`;
    if (verdict.kind === 'retry' || verdict.kind === 'giveBack') this.#retries.set(name, job);
    else this.#retries.delete(name);
  };

  /** Resolves when there is nothing left, when the ledger was down for too long, or `signal` aborts. */
  async wait(parts: DrainParts, signal: AbortSignal): Promise<DrainEnd> {
    const { clock, idle, stalled } = parts;
    let unseen: readonly string[] = [];
    for (let clean = 0; clean < 2 && !signal.aborted;) {
      await clock.sleep(betweenLooks, signal);
      const looks = idle() ? await this.#look(parts) : undefined;
      clean = looks?.clean === true && idle() ? clean + 1 : 0;
      unseen = looks?.unseen ?? [];
      this.#noteOutage(stalled() || looks?.ledgerDown === true, clock.now());
      if (clock.now() - (this.#downSince ?? Infinity) >= longestOutage) {
        return { unseen, ledgerDown: true, strange: this.#strange };
      }
    }
    return { unseen, ledgerDown: false, strange: this.#strange };
  }

  #noteOutage(isDown: boolean, now: number): void {
    if (!isDown) this.#downSince = undefined;
    else this.#downSince ??= now;
  }

  async #look(parts: DrainParts): Promise<Look> {
    const seen = await Promise.all(parts.nodes.map((node) => hasJobs(node, parts.within)));
    const unseen = parts.nodes.filter((_, at) => seen[at] === undefined);
    const isEmpty = !seen.includes(true);
    const areOver = isEmpty ? await this.#retriesAreOver(parts.ledger) : false;
    return {
      ...{ clean: areOver === true, ledgerDown: areOver === undefined },
      unseen: [...new Set(unseen.map(({ endpoint }) => endpoint))],
    };
  }

  /** Undefined when the ledger can't be asked. */
  async #retriesAreOver(ledger: Ledger): Promise<boolean | undefined> {
    for (const [name, job] of this.#retries) {
      try {
        const standing = await ledger.look(job);
        if (standing?.state === 'retry' || standing?.state === 'claimed') return false;
      } catch (error) {
        if (!(error instanceof LedgerDown)) throw error;
        if (!(error instanceof StrangeEntry)) return undefined;
        this.#strange ??= error;
      }
      this.#retries.delete(name);
    }
    return true;
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
