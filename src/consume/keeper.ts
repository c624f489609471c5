// The keeper touches every reservation at a third of its ttr for as long as this process has it.

import { havePassed, type Clock } from '../core/clock.ts';
import { NodeError } from '../core/errors.ts';
import type { Reservation } from '../queue/node.ts';
import type { Background } from './background.ts';
import { Rounds } from './rounds.ts';

interface Visits {
  /** ms; unknown until the first visit. */
  ttr: number | undefined;
  /** ms since the epoch; it is touched a third of its ttr later. */
  touchedAt: number;
  busy: boolean;
}

/** The shortest ttr is a second: it must be touched at least every third of it. */
const step = 150;

export class Keeper {
  readonly #rounds: Rounds<Reservation>;
  /** From the first visit on, so that short jobs cost nothing. */
  readonly #visits = new WeakMap<Reservation, Visits>();
  readonly #clock: Clock;

  constructor(clock: Clock, background: Background) {
    this.#clock = clock;
    this.#rounds = new Rounds<Reservation>(clock, step, (reservation) => {
      const visits = this.#visitsOf(reservation);
      const wait = (visits.ttr ?? 0) / 3;
      if (visits.busy || !havePassed(clock, wait, visits.touchedAt)) return;
      background(this.#visit(reservation, visits));
    });
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#rounds.run(signal);
  }

  keep(reservation: Reservation): void {
    this.#rounds.add(reservation);
  }

  letGo(reservation: Reservation): void {
    this.#rounds.delete(reservation);
  }

  #visitsOf(reservation: Reservation): Visits {
    const before = this.#visits.get(reservation);
    if (before !== undefined) return before;
    const visits: Visits = { ttr: undefined, touchedAt: 0, busy: false };
    this.#visits.set(reservation, visits);
    return visits;
  }

  async #visit(reservation: Reservation, visits: Visits): Promise<void> {
    visits.busy = true;
    if (!(await this.#touch(reservation, visits))) this.letGo(reservation);
    visits.busy = false;
  }

  /** False when the reservation is no longer ours: its replica will turn up again. */
  async #touch(reservation: Reservation, visits: Visits): Promise<boolean> {
    try {
      if (visits.ttr === undefined) {
        const stats = await reservation.stats();
        if (stats === undefined) return false;
        visits.ttr = stats.ttr * 1_000;
      }
      visits.touchedAt = this.#clock.now();
      if (!this.#rounds.has(reservation)) return false;
      return await reservation.touch();
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      return error.fault !== 'down' && error.fault !== 'timeout';
    }
  }
}
