// A simulation: one seed from its first job to the end of its last worker.

import type { JobRequest } from '../../../src/produce/producer.ts';
import { defaultTerms } from '../../../src/ledger/ledger.ts';
import { sealEnvelope } from '../../../src/core/envelope.ts';
import { Buffer } from 'node:buffer';
import type { JobHistory } from './history.ts';
import { epoch, type Process } from './process.ts';
import { checkEnd, isQuiet } from './promises.ts';
import { Staff, tube } from './staff.ts';
import { Storm } from './storm.ts';
import { Users } from './users.ts';
import { calm } from './weather.ts';
import { World } from './world.ts';

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
  readonly #users: Users;
  readonly #storm: Storm;
  readonly #stormEnds: number;
  /** After the storm everybody goes home, and comes back after so many ms (days); 0: nobody goes. */
  readonly #night: number;
  #over = false;
  #steps = 0;

  constructor(seed: number, tracing = false) {
    this.world = new World(seed, tracing);
    const { random } = this.world;
    this.#staff = new Staff(this.world);
    this.#users = new Users(this.world);
    this.#night = random.chance(0.12) && !this.world.roomy ? random.pick(nights) : 0;
    this.#stormEnds = random.spread(15_000, this.#night > 0 ? 30_000 : 120_000);
    this.#storm = new Storm(this.world, this.#staff, this.#stormEnds);
    this.world.history.onTurn = this.#meddle;
    this.world.history.onGrant = this.#interrupt;
    this.#storm.onOutage = this.#workInTheDark;
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
      ...{ jobs: history.jobs.size, runs, doubles: history.doubles, injected },
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
    for (let left = random.whole(1, 6), count = 1; left > 0; left--, count++) {
      timeline.plan(random.between(0, this.#stormEnds * 0.7), () => {
        this.#order(`job${count}`, this.#dueIn());
      });
    }
    if (random.chance(0.1)) this.#plantSomething();
    if (random.chance(0.1)) this.#changeAMind();
    if (this.#night > 0) this.#layANodeToSleep();
    timeline.plan(this.#stormEnds, () => {
      if (this.#night > 0) this.#sunset();
      else this.#heal();
    });
  }

  #order(payload: string, dueIn: number): void {
    const { random, timeline } = this.world;
    const distinct = random.chance(0.5);
    const due = timeline.now + dueIn;
    const job = this.#users.put({ payload, due, distinct }, this.#retry);
    if (!distinct && random.chance(0.6)) {
      timeline.plan(random.between(0, 2_000), () => {
        this.#users.put({ payload, due, distinct }, this.#retry);
      });
    }
    const soon = due - timeline.now + 8_000;
    if (random.chance(0.25))
      this.#later(random.between(0, soon), () => {
        this.#users.delete(job);
      });
    for (let kicks = random.pick([0, 0, 1, 2]); kicks > 0; kicks--) {
      this.#later(random.between(0, soon + 40_000), () => {
        this.#users.kick(job);
      });
    }
  }

  /** While the ledger is away jobs are put, and somebody comes who wants to leave as soon as there are none. */
  readonly #workInTheDark = (length: number): void => {
    const { random } = this.world;
    if (!random.chance(0.4)) return;
    this.#later(random.between(0.3, 1) * Math.min(length, 2_000), () => {
      this.#staff.hireDraining();
      this.#order('dark1', 0);
      this.#order('dark2', 0);
    });
  };

  /** Users strike while workers are between two steps. */
  readonly #meddle = (job: JobHistory, by: Process): void => {
    const { random, weather } = this.world;
    if (!random.chance(0.25) || !weather.stormy) return;
    const act = random.chance(0.7) ? this.#users.kick : this.#users.delete;
    this.#later(random.between(0, 4), () => {
      act(job);
    });
    if (weather.climate !== calm && random.chance(0.5))
      this.world.freezeFor(by, random.between(2, 40));
  };

  /** A worker is told to stop while the answer to its claim is on its way. */
  readonly #interrupt = (by: Process): void => {
    const { random, weather } = this.world;
    if (weather.climate.gaps.retire === Infinity || !weather.stormy || !random.chance(0.03)) return;
    const hand = this.#staff.present.find(({ process }) => process === by);
    if (hand === undefined) return;
    this.#staff.retire(hand);
    this.#staff.hire();
  };

  /** A user whose job was refused tries the same again. */
  readonly #retry = (request: JobRequest): void => {
    if (this.world.timeline.now > this.#stormEnds) return;
    if (request.distinct || !this.world.random.chance(0.5)) return;
    this.#later(this.world.random.between(100, 4_000), () => {
      this.#users.putAgain(request, this.#retry);
    });
  };

  #later(ms: number, act: () => void): void {
    const { timeline } = this.world;
    timeline.plan(ms, () => {
      if (timeline.now < this.#stormEnds) act();
    });
  }

  #dueIn(): number {
    const { random } = this.world;
    const roll = random.next();
    if (this.#night > 0 && random.chance(0.4))
      return random.between(0, this.#night + 2 * longestStop);
    if (roll < 0.4) return 0;
    return roll < 0.75 ? random.between(0, 3_500) : random.between(3_500, 40_000);
  }

  /** What lay in a node for long: a job older than the ledger's memory, or no job at all. */
  #plantSomething(): void {
    const { world } = this;
    const { random, timeline } = world;
    timeline.plan(random.between(0, this.#stormEnds * 0.7), () => {
      const node = random.pick(world.nodes);
      if (random.chance(0.4)) {
        node.plant(Buffer.from('no job'), tube, 5);
        return;
      }
      const late = random.chance(0.7) ? 3_600_000 : -3_600_000;
      const due = epoch + timeline.now - defaultTerms.ttl - late;
      const envelope = sealEnvelope({
        dueNs: BigInt(Math.floor(due)) * 1_000_000n,
        payload: Buffer.from('old'),
      });
      const job: JobHistory = world.history.job(envelope);
      job.ancient = late > 0;
      job.acceptedAt = timeline.now;
      job.puts = 1;
      node.plant(envelope, tube, 5);
    });
  }

  /** A node goes down with its data until the sun rises. */
  #layANodeToSleep(): void {
    const { random, timeline, nodes } = this.world;
    const node = random.pick(nodes);
    timeline.plan(random.between(0.3, 0.9) * this.#stormEnds, () => {
      if (!node.binlog || node.state !== 'up') return;
      this.world.trace(undefined, () => `SLEEPS ${node.name}`);
      const due = timeline.now + this.#night + random.between(0, 2 * longestStop);
      const plan = { payload: 'sleeper', due, distinct: random.chance(0.5) };
      const job = this.#users.put(plan, this.#retry);
      this.#later(20, () => {
        node.stop();
      });
      this.#later(random.between(100, 2_000), () => {
        this.#users.delete(job);
      });
    });
  }

  /** A job is deleted, and put again in time. */
  #changeAMind(): void {
    const { random, timeline } = this.world;
    timeline.plan(random.between(0, 0.4) * this.#stormEnds, () => {
      const due = timeline.now + random.between(6_000, 12_000);
      const job = this.#users.put({ payload: 'again', due, distinct: false }, this.#retry);
      this.#later(random.between(20, 1_500), () => {
        this.#users.delete(job, this.#putAgain);
      });
    });
  }

  readonly #putAgain = (request: JobRequest): void => {
    const { random } = this.world;
    if (!random.chance(0.7)) return;
    this.#later(random.between(3_500, 12_000), () => {
      this.#users.putAgain(request, this.#retry);
    });
  };

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

  #waitForQuiet(until: number): void {
    const { world } = this;
    world.timeline.plan(500, () => {
      for (const node of world.nodes) node.settle();
      if (isQuiet(world) || world.timeline.now > until || world.violations.length > 0)
        this.#close();
      else this.#waitForQuiet(until);
    });
  }

  #close(): void {
    const { world } = this;
    world.trace(undefined, () => 'EVERYBODY STOPS');
    const last = this.#staff.present;
    for (const hand of last) this.#staff.retire(hand);
    const until = world.timeline.now + longestStop;
    const look = (): void => {
      if (this.#staff.present.length > 0 && world.timeline.now < until) {
        world.timeline.plan(100, look);
        return;
      }
      for (const { process, ended, summary } of last) {
        if (!ended) world.violated(`${process.name} doesn't end`);
        else if (summary?.unsettled !== 0) {
          world.violated(`${process.name} left ${String(summary?.unsettled)} unsettled`);
        }
      }
      checkEnd(world);
      this.#over = true;
    };
    world.timeline.plan(100, look);
  }
}
