// The keeper touches every reservation at a third of its ttr for as long as this process has it.

import { havePassed, type Clock } from '../core/clock.ts';
import { NodeError } from '../core/errors.ts';
import type { Reservation } from '../queue/node.ts';
import type { Background } from './background.ts';
import { nowhere, Rounds, type Visited } from './rounds.ts';

/** A reservation that this process has, and when it was touched. */
export class Kept implements Visited {
  readonly reservation: Reservation;
  place = nowhere;
  /** ms; unknown until the first visit. */
  ttr: number | undefined;
  /** ms since the epoch; it is touched a third of its ttr later. */
  touchedAt = 0;
  busy = false;

  constructor(reservation: Reservation) {
    this.reservation = reservation;
  }
}

/** The shortest ttr is a second: it must be touched at least every third of it. */
const step = 150;

export class Keeper {
  readonly #rounds: Rounds<Kept>;
  readonly #clock: Clock;

  constructor(clock: Clock, background: Background) {
    this.#clock = clock;
    this.#rounds = new Rounds<Kept>(clock, step, (kept) => {
      const wait = (kept.ttr ?? 0) / 3;
      if (kept.busy || !havePassed(clock, wait, kept.touchedAt)) return;
      background(this.#visit(kept));
    });
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#rounds.run(signal);
  }

  keep(reservation: Reservation): Kept {
    const kept = new Kept(reservation);
    this.#rounds.add(kept);
    return kept;
  }

  letGo(kept: Kept): void {
    this.#rounds.delete(kept);
  }

  async #visit(kept: Kept): Promise<void> {
    kept.busy = true;
    if (!(await this.#touch(kept))) this.letGo(kept);
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
      kept.touchedAt = this.#clock.now();
      if (!this.#rounds.has(kept)) return false;
      return await reservation.touch();
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      return error.fault !== 'down' && error.fault !== 'timeout';
    }
  }
}
