// A process of the simulated world: it can be frozen and killed, and it has a clock of its own.

import type { Clock } from '../../../src/core/clock.ts';
import type { Channel } from './channel.ts';
import type { World } from './world.ts';

/** Virtual time 0, in ms since the epoch: 2026-01-01. */
export const epoch = 1_767_225_600_000;

/** What a process does next: its timers, the bytes that came, and the deadlines that bytes may still meet. */
export type Turn = 'timer' | 'bytes' | 'deadline';

/** Timers fire up to a millisecond early by the wall clock, and somewhat late. */
const timerJitter = 1;

export class Process {
  readonly name: string;
  readonly world: World;
  readonly clock: ProcessClock;
  readonly channels = new Set<Channel>();
  alive = true;
  frozen = false;
  thawedAt = -Infinity;
  #backlog: { turn: Turn; act: () => void }[] = [];

  constructor(world: World, name: string, skew: Skew) {
    this.world = world;
    this.name = name;
    this.clock = new ProcessClock(this, skew);
  }

  /** Happens in this process: never after its death, and after the thaw when it is frozen then. */
  plan(ms: number, turn: Turn, act: () => void): { cancelled: boolean } {
    return this.world.timeline.plan(ms, () => {
      this.enter(turn, act);
    });
  }

  enter(turn: Turn, act: () => void): void {
    if (!this.alive) return;
    if (this.frozen) {
      this.#backlog.push({ turn, act });
      return;
    }
    this.world.entries += 1;
    act();
  }

  freeze(): void {
    if (!this.alive || this.frozen) return;
    this.frozen = true;
    this.world.history.froze(this);
  }

  thaw(): void {
    if (!this.alive || !this.frozen) return;
    this.frozen = false;
    this.thawedAt = this.world.timeline.now;
    this.world.history.thawed(this);
    const timersFirst = this.world.random.chance(0.7);
    const order: Turn[] = timersFirst
      ? ['timer', 'bytes', 'deadline']
      : ['bytes', 'timer', 'deadline'];
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const turn of order) {
      for (const each of backlog) if (each.turn === turn) this.plan(0, each.turn, each.act);
    }
  }

  /** As kill -9: its promises never go on, and the kernel closes its connections. */
  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    this.world.history.died(this);
    this.#leave();
  }

  /** It came to its end by itself. */
  exit(): void {
    if (!this.alive) return;
    this.alive = false;
    this.#leave();
  }

  #leave(): void {
    this.#backlog = [];
    for (const channel of this.channels) channel.abandon();
    this.channels.clear();
  }
}

const mostSkew = 1_500;

/** How far the clock of a machine is ahead of the world. */
export class Skew {
  #ms: number;
  /** What it was before the last step. */
  #before: number;

  constructor(ms: number) {
    this.#ms = ms;
    this.#before = ms;
  }

  get ms(): number {
    return this.#ms;
  }

  /** The most it has been since the step before the last. */
  get most(): number {
    return Math.max(this.#ms, this.#before);
  }

  /** @param most how far it may be from the world's after that, in ms. */
  step(ms: number, most = mostSkew): void {
    this.#before = this.#ms;
    this.#ms = Math.max(-most, Math.min(most, this.#ms + ms));
  }
}

export class ProcessClock implements Clock {
  readonly process: Process;
  readonly skew: Skew;

  constructor(process: Process, skew: Skew) {
    this.process = process;
    this.skew = skew;
  }

  /** The latest it has shown since the step before the last. */
  get latest(): number {
    return Math.floor(epoch + this.process.world.timeline.now + this.skew.most);
  }

  now(): number {
    return Math.floor(epoch + this.process.world.timeline.now + this.skew.ms);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const { process } = this;
      const jitter = process.world.random.between(-timerJitter, timerJitter);
      const wake = (): void => {
        timer.cancelled = true;
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = process.plan(Math.max(0, ms + jitter), 'timer', wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }
}
