// The keeper touches every reservation at a third of its ttr for as long as this process has it.

import type { Clock } from '../core/clock.ts';
import { NodeError } from '../core/errors.ts';
import type { Reservation } from '../queue/node.ts';
import type { Background } from './background.ts';
import { Rounds } from './rounds.ts';

interface Kept {
  readonly reservation: Reservation;
  /** ms; unknown until the first visit, so that short jobs cost nothing. */
  ttr: number | undefined;
  touchAt: number;
  busy: boolean;
}

/** The shortest ttr is a second: it must be touched at least every third of it. */
const step = 150;

export class Keeper {
  readonly #kept = new Map<Reservation, Kept>();
  readonly #rounds: Rounds<Kept>;
  readonly #clock: Clock;

  constructor(clock: Clock, background: Background) {
    this.#clock = clock;
    this.#rounds = new Rounds<Kept>(clock, step, (kept) => {
      if (!kept.busy && kept.touchAt <= clock.now()) background(this.#visit(kept));
    });
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#rounds.run(signal);
  }

  keep(reservation: Reservation): void {
    const kept: Kept = { reservation, ttr: undefined, touchAt: 0, busy: false };
    this.#kept.set(reservation, kept);
    this.#rounds.add(kept);
  }

  letGo(reservation: Reservation): void {
    const kept = this.#kept.get(reservation);
    if (kept === undefined) return;
    this.#kept.delete(reservation);
    this.#rounds.delete(kept);
  }

  async #visit(kept: Kept): Promise<void> {
    kept.busy = true;
    if (!(await this.#touch(kept))) this.letGo(kept.reservation);
    kept.busy = false;
  }

  /** False when the reservation is no longer ours: its replica will turn up again. */
  async #touch(kept: Kept): Promise<boolean> {
    const { reservation } = kept;
    try {
      if (kept.ttr === undefined) {
        const stats = await reservation.stats();
        if (stats === undefined) return false;
        kept.ttr = stats.ttr * 1_000;
      }
      kept.touchAt = this.#clock.now() + kept.ttr / 3;
      if (!this.#kept.has(reservation)) return false;
      return await reservation.touch();
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      return error.fault !== 'down' && error.fault !== 'timeout';
    }
  }
}
