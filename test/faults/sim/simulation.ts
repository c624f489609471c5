// A simulation: one seed from its first job to the end of its last worker.

import { defaultTerms } from '../../../src/ledger/ledger.ts';
import { Demand } from './demand.ts';
import { checkEnd, isQuiet } from './promises.ts';
import { Staff } from './staff.ts';
import { Storm } from './storm.ts';
import { World, type Place } from './world.ts';

export interface Result {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly lines: readonly string[];
  readonly facts: Facts;
}

interface Facts {
  readonly jobs: number;
  readonly runs: number;
  /** Jobs that succeeded once more, by the reason why they may. */
  readonly doubles: Counts;
  /** What was done to the world. */
  readonly injected: Counts;
  readonly steps: number;
  /** The most requests of one process in one second. */
  readonly busiest: number;
  /** Virtual ms. */
  readonly end: number;
}

export type Counts = ReadonlyMap<string, number>;

/** After the storm everything must come to rest within this time, in ms. */
const calmDown = 20 * 60_000;
/** In ms: a worker that has just buried a replica may be about to kick it again, when the replies it waits for are slow. */
const quietFor = 3_000;
const betweenLooks = 500;
/** A worker that was told to stop must be gone within this time, in ms: grace, the last chance, and replies. */
const longestStop = 50_000;
const hour = 3_600_000;
/** Around the time that the ledger remembers a job, and far beyond. */
const { ttl } = defaultTerms;
const nights = [ttl - 2 * hour, ttl + hour / 2, ttl + 2 * hour, 2 * ttl, 4 * ttl];
const mostSteps = 100_000;

export class Simulation {
  readonly world: World;
  readonly #staff: Staff;
  readonly #demand: Demand;
  readonly #storm: Storm;
  readonly #stormEnds: number;
  /** After the storm everybody goes home, and comes back after so many ms (days); 0: nobody goes. */
  readonly #night: number;
  #over = false;
  #steps = 0;

  constructor(seed: number, place: Place, tracing = false) {
    this.world = new World(seed, tracing, place);
    const { random } = this.world;
    this.#staff = new Staff(this.world);
    this.#night = random.chance(0.12) && !this.world.roomy ? random.pick(nights) : 0;
    this.#stormEnds = random.spread(15_000, this.#night > 0 ? 30_000 : 120_000);
    this.#storm = new Storm(this.world, this.#staff, this.#stormEnds);
    this.#demand = new Demand(this.world, this.#staff, {
      until: this.#stormEnds,
      sunrise: this.#night === 0 ? undefined : this.#stormEnds + longestStop + this.#night,
    });
    this.#storm.onOutage = this.#demand.workInTheDark;
    this.#prepare();
  }

  /** Goes on until code of a process has run, whose promises must come to rest before the next call. False: it is over. */
  step(): boolean {
    const { world } = this;
    const { entries } = world;
    while (!this.#over && world.entries === entries) {
      if (++this.#steps > mostSteps) {
        world.violated('it takes too many steps');
        this.#over = true;
      }
      const next = world.timeline.take();
      if (next === undefined) this.#over = true;
      else next.act();
    }
    return !this.#over;
  }

  get result(): Result {
    const { seed, violations, lines, history, meter, timeline, injected } = this.world;
    let runs = 0;
    for (const job of history.jobs.values()) runs += job.runs.length;
    const facts = {
      ...{ jobs: history.jobs.size, runs, doubles: history.handlers.doubles, injected },
      ...{ steps: this.#steps, busiest: meter.highest, end: timeline.now },
    };
    return { seed, violations, lines: lines ?? [], facts };
  }

  #prepare(): void {
    const { random, timeline } = this.world;
    this.#storm.begin();
    for (let left = random.whole(1, 3); left > 0; left--) {
      timeline.plan(random.between(0, 3_000), () => {
        this.#staff.hire();
      });
    }
    this.#demand.begin();
    timeline.plan(this.#stormEnds, () => {
      if (this.#night > 0) this.#sunset();
      else this.#heal();
    });
  }

  #sunset(): void {
    const { world } = this;
    const { timeline } = world;
    this.#storm.end();
    world.trace(undefined, () => 'THE SUN SETS');
    for (const hand of this.#staff.present) this.#staff.retire(hand);
    timeline.plan(longestStop + this.#night, () => {
      world.trace(undefined, () => 'THE SUN RISES');
      for (const node of world.nodes) if (node.state === 'down') node.restart(0);
      this.#heal();
    });
  }

  #heal(): void {
    const { world } = this;
    world.trace(undefined, () => 'THE STORM IS OVER');
    this.#storm.end();
    if (this.#staff.lasting.length === 0) this.#staff.hireLasting();
    this.#waitForQuiet(world.timeline.now + calmDown);
  }

  #waitForQuiet(until: number, quietLooks = 0): void {
    const { world } = this;
    world.timeline.plan(betweenLooks, () => {
      for (const node of world.nodes) node.settle();
      const quiet = isQuiet(world) ? quietLooks + 1 : 0;
      const isOver = quiet * betweenLooks >= quietFor;
      if (isOver || world.timeline.now > until || world.violations.length > 0) this.#close();
      else this.#waitForQuiet(until, quiet);
    });
  }

  #close(): void {
    const { world } = this;
    world.trace(undefined, () => 'EVERYBODY STOPS');
    const last = this.#staff.present;
    // Who was told to stop in the storm may have spent its last chance there
    const calm = new Set(last.filter(({ process }) => !world.history.isStopped(process)));
    for (const hand of last) this.#staff.retire(hand);
    const until = world.timeline.now + longestStop;
    const look = (): void => {
      if (this.#staff.present.length > 0 && world.timeline.now < until) {
        world.timeline.plan(100, look);
        return;
      }
      for (const hand of last) {
        const { process, ended, summary } = hand;
        if (!ended) world.violated(`${process.name} doesn't end`);
        else if (calm.has(hand) && summary?.unsettled !== 0) {
          world.violated(`${process.name} left ${String(summary?.unsettled)} unsettled`);
        }
      }
      checkEnd(world);
      world.file?.close();
      this.#over = true;
    };
    world.timeline.plan(100, look);
  }
}
