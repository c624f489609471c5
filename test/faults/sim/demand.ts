// The demand: which jobs users put, delete and kick, and when it hurts most.

import { Buffer } from 'node:buffer';
import { sealEnvelope } from '../../../src/core/envelope.ts';
import { defaultTerms } from '../../../src/ledger/ledger.ts';
import type { JobRequest } from '../../../src/produce/producer.ts';
import type { JobHistory } from './job-history.ts';
import { epoch, type Process } from './process.ts';
import { tube } from './opened.ts';
import type { Staff } from './staff.ts';
import { Users } from './users.ts';
import { calm } from './weather.ts';
import type { World } from './world.ts';

export interface Season {
  /** When users go home, in ms of virtual time. */
  readonly until: number;
  /** When workers come back after days; undefined: they stay. */
  readonly sunrise: number | undefined;
}

/** Around the sunrise, in ms. */
const longestStop = 50_000;

export class Demand {
  readonly #world: World;
  readonly #staff: Staff;
  readonly #users: Users;
  readonly #until: number;
  readonly #sunrise: number | undefined;

  constructor(world: World, staff: Staff, { until, sunrise }: Season) {
    this.#world = world;
    this.#staff = staff;
    this.#users = new Users(world);
    this.#until = until;
    this.#sunrise = sunrise;
    world.history.ledger.onTurn = this.#meddle;
    world.history.ledger.onGrant = this.#interrupt;
  }

  begin(): void {
    const { random, timeline } = this.#world;
    for (let left = random.whole(1, 6), count = 1; left > 0; left--, count++) {
      timeline.plan(random.between(0, this.#until * 0.7), () => {
        this.#order(`job${count}`, this.#dueIn());
      });
    }
    if (random.chance(0.1)) this.#plantSomething();
    if (random.chance(0.1)) this.#changeAMind();
    if (random.chance(0.2)) this.#orderTogether();
    if (this.#sunrise !== undefined && this.#world.nodes.length > 0) {
      this.#layANodeToSleep(this.#sunrise);
    }
  }

  #order(payload: string, dueIn: number): void {
    const { random, timeline } = this.#world;
    const distinct = random.chance(0.5);
    const due = timeline.now + dueIn;
    const job = this.#users.put({ payload, due, distinct }, this.#retry);
    if (!distinct && random.chance(0.6)) {
      this.#later(random.between(0, 2_000), () => {
        this.#users.put({ payload, due, distinct }, this.#retry);
      });
    }
    const soon = due - timeline.now + 8_000;
    if (random.chance(0.25))
      this.#later(random.between(0, soon), () => {
        this.#users.delete(job);
      });
    for (let repairs = random.pick([0, 1, 2]); repairs > 0; repairs--) {
      this.#later(random.between(0, soon + 10_000), () => {
        this.#users.repair(job);
      });
    }
    for (let kicks = random.pick([0, 0, 1, 2]); kicks > 0; kicks--) {
      this.#later(random.between(0, soon + 40_000), () => {
        this.#users.kick(job);
      });
    }
  }

  /** Of one put some may be refused. */
  #orderTogether(): void {
    const { random, timeline } = this.#world;
    timeline.plan(random.between(0, 0.7) * this.#until, () => {
      const plans = Array.from({ length: random.whole(2, 6) }, (_, at) => {
        const due = timeline.now + this.#dueIn();
        return { payload: `together${at}`, due, distinct: random.chance(0.5) };
      });
      for (const job of this.#users.putTogether(plans, this.#retry)) {
        if (!random.chance(0.25)) continue;
        this.#later(random.between(0, 8_000), () => {
          this.#users.delete(job);
        });
      }
    });
  }

  /** While the ledger is away jobs are put, and somebody comes who wants to leave as soon as there are none. */
  readonly workInTheDark = (length: number): void => {
    const { random } = this.#world;
    if (!random.chance(0.4)) return;
    this.#later(random.between(0.3, 1) * Math.min(length, 2_000), () => {
      this.#staff.hireDraining();
      this.#order('dark1', 0);
      this.#order('dark2', 0);
    });
  };

  /** Users strike while workers are between two steps. */
  readonly #meddle = (job: JobHistory, by: Process): void => {
    const { random, weather } = this.#world;
    if (!random.chance(0.25) || !weather.stormy) return;
    const act = random.chance(0.7) ? this.#users.kick : this.#users.delete;
    this.#later(random.between(0, 4), () => {
      act(job);
    });
    if (random.chance(0.3)) this.#users.repair(job);
    if (weather.climate !== calm && random.chance(0.5))
      this.#world.freezeFor(by, random.between(2, 40));
  };

  /** A worker is told to stop while the answer to its claim is on its way. */
  readonly #interrupt = (by: Process): void => {
    const { random, weather } = this.#world;
    const { retire = Infinity } = weather.climate.gaps;
    if (retire === Infinity || !weather.stormy || !random.chance(0.03)) return;
    const hand = this.#staff.present.find(({ process }) => process === by);
    if (hand === undefined) return;
    this.#staff.retire(hand);
    this.#staff.hire();
  };

  /** A user whose job was refused tries the same again. */
  readonly #retry = (request: JobRequest): void => {
    if (this.#world.timeline.now > this.#until) return;
    if (request.distinct || !this.#world.random.chance(0.5)) return;
    this.#later(this.#world.random.between(100, 4_000), () => {
      this.#users.putAgain(request, this.#retry);
    });
  };

  #later(ms: number, act: () => void): void {
    const { timeline } = this.#world;
    timeline.plan(ms, () => {
      if (timeline.now < this.#until) act();
    });
  }

  #dueIn(): number {
    const { random } = this.#world;
    const roll = random.next();
    if (this.#sunrise !== undefined && random.chance(0.4)) {
      return random.between(0, this.#sunrise - this.#until + longestStop);
    }
    if (roll < 0.4) return 0;
    return roll < 0.75 ? random.between(0, 3_500) : random.between(3_500, 40_000);
  }

  /** What lay in a node for long: a job older than the ledger's memory, or no job at all. */
  #plantSomething(): void {
    const world = this.#world;
    const { random, timeline } = world;
    timeline.plan(random.between(0, this.#until * 0.7), () => {
      const store = random.pick(world.stores);
      if (random.chance(0.4)) {
        store.plant(Buffer.from('no job'), tube, 5);
        return;
      }
      const late = random.chance(0.7) ? 3_600_000 : -3_600_000;
      const due = epoch + timeline.now - defaultTerms.ttl - late;
      const envelope = sealEnvelope({
        dueNs: BigInt(Math.floor(due)) * 1_000_000n,
        payload: Buffer.from('old'),
      });
      const job: JobHistory = world.history.job(envelope);
      job.ancient = late > 0 && world.ledger.terms.ttl !== Infinity;
      job.acceptedAt = timeline.now;
      job.puts = 1;
      store.plant(envelope, tube, 5);
      this.#later(random.between(0, 5_000), () => {
        this.#users.repair(job);
      });
    });
  }

  /** A node goes down with its data until the sun rises. */
  #layANodeToSleep(sunrise: number): void {
    const { random, timeline, nodes } = this.#world;
    const node = random.pick(nodes);
    timeline.plan(random.between(0.3, 0.9) * this.#until, () => {
      if (!node.binlog || node.state !== 'up') return;
      this.#world.trace(undefined, () => `SLEEPS ${node.name}`);
      const due = sunrise + random.between(-longestStop, longestStop);
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
    const { random, timeline } = this.#world;
    timeline.plan(random.between(0, 0.4) * this.#until, () => {
      const due = timeline.now + random.between(6_000, 12_000);
      const job = this.#users.put({ payload: 'again', due, distinct: false }, this.#retry);
      this.#later(random.between(20, 1_500), () => {
        this.#users.delete(job, this.#putAgain);
      });
    });
  }

  readonly #putAgain = (request: JobRequest): void => {
    const { random } = this.#world;
    if (!random.chance(0.7)) return;
    this.#later(random.between(3_500, 12_000), () => {
      this.#users.putAgain(request, this.#retry);
    });
  };
}
