// Ends a handler that runs too long or is no longer wanted, with all its process group: TERM, then KILL.

import { setTimeout as sleep } from 'node:timers/promises';
import { longestTimer } from '../core/clock.ts';
import { runsGroup, signalGroup } from './process-group.ts';

export interface Limits {
  /** From the start on; none: as long as it takes. */
  readonly timeoutMs?: number | undefined;
  /** How long the group may take to end after TERM; 5 s by default. */
  readonly killAfterMs?: number | undefined;
}

type EndReason = 'timeout' | 'stopped';

const defaultKillAfterMs = 5_000;
/** There is no event for the end of a process that isn't our child: the group is looked at, ever less often. */
const firstLookMs = 10;
const lastLookMs = 500;

export class Leash {
  readonly #group: number;
  readonly #killAfterMs: number;
  readonly #signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;
  #onExit: (() => void) | undefined;
  #ending: { readonly reason: EndReason; readonly over: Promise<void> } | undefined;

  constructor(group: number, { timeoutMs, killAfterMs }: Limits, signal: AbortSignal) {
    this.#group = group;
    this.#killAfterMs = killAfterMs ?? defaultKillAfterMs;
    this.#signal = signal;
    if (timeoutMs !== undefined) this.#setTimer(timeoutMs);
    signal.addEventListener('abort', this.#stop, { once: true });
    if (signal.aborted) this.#stop();
  }

  /**
   * To be called when the handler has exited: nothing more is done to its group, unless the end of it was
   * begun. Resolves when that is over and nothing of the group runs any more, to why it was begun.
   */
  async release(): Promise<EndReason | undefined> {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#stop);
    this.#onExit?.();
    await this.#ending?.over;
    return this.#ending?.reason;
  }

  #setTimer(ms: number): void {
    const now = Math.min(ms, longestTimer);
    this.#timer = setTimeout(() => {
      if (ms > now) this.#setTimer(ms - now);
      else this.#end('timeout');
    }, now);
  }

  readonly #stop = (): void => {
    this.#end('stopped');
  };

  #end(reason: EndReason): void {
    if (this.#ending !== undefined) return;
    const exited = new Promise<void>((resolve) => {
      this.#onExit = resolve;
    });
    this.#ending = { reason, over: endGroup(this.#group, this.#killAfterMs, exited) };
  }
}

/**
 * The whole group gets the time, as systemd gives it: a shell dies of TERM at once, while what it started
 * may have something to finish.
 */
async function endGroup(group: number, killAfterMs: number, exited: Promise<void>): Promise<void> {
  const begun = performance.now();
  const last = begun + killAfterMs;
  signalGroup(group, 'SIGTERM');
  // Who looks before that finds the handler itself, at the cost of a look at all processes
  await Promise.race([exited, sleep(killAfterMs, undefined, { ref: false })]);
  for (let wait = firstLookMs; runsGroup(group, begun); wait = Math.min(wait * 2, lastLookMs)) {
    const left = last - performance.now();
    if (left <= 0) {
      signalGroup(group, 'SIGKILL');
      return;
    }
    await sleep(Math.min(wait, left));
  }
}
