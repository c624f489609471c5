// A scene: a world without weather, in which a test itself brings the faults.

import type { JobHistory } from './job-history.ts';
import type { Plan } from './handlers.ts';
import { epoch } from './process.ts';
import { rest, undisturbed } from './run.ts';
import { Staff, type Hand, type Terms } from './staff.ts';
import { Users } from './users.ts';
import { World } from './world.ts';

const succeeds: Plan = { outcome: { kind: 'succeeded', exitCode: 0 }, ms: 50 };

const usual: Terms = {
  ...{ concurrency: 1, attempts: 2, grace: 5_000, maxJobs: undefined, drains: false },
  plan: succeeds,
};

export class Scene {
  readonly world: World;
  readonly users: Users;
  readonly #staff: Staff;

  /** @param nodes how many; 0: a machine with the embedded queue. */
  constructor(nodes: number, { seed = 1, binlog = true } = {}) {
    this.world = new World(seed, true, { nodes, binlog });
    this.#staff = new Staff(this.world);
    this.users = new Users(this.world);
  }

  hire(terms: Partial<Terms> = {}): Hand {
    return this.#staff.hire({ ...usual, ...terms });
  }

  stop(hand: Hand): void {
    this.#staff.retire(hand);
  }

  /** A node is killed and started again: whoever had its replicas has them no more. */
  restart(node = this.world.nodes[0]!): void {
    node.stop();
    node.restart(0);
  }

  /** For so many ms from now on. */
  ledgerAway(ms: number): void {
    const { redis, timeline } = this.world;
    redis.stop();
    timeline.plan(ms, () => {
      redis.start(timeline.now);
    });
  }

  /** @param dueIn ms from now on. */
  put(dueIn: number): JobHistory {
    return this.#put(this.world.timeline.now + dueIn);
  }

  /** An equal one. */
  putAgain({ dueMs }: JobHistory): void {
    this.#put(dueMs - epoch);
  }

  /** Lets so many ms go by, or as many as it takes until that is so. */
  pass(ms: number, isSo = () => false): Promise<void> {
    const { world } = this;
    const until = world.timeline.now + ms;
    return undisturbed(10, async () => {
      for (let next = world.timeline.take(until); next; next = world.timeline.take(until)) {
        const { entries } = world;
        next.act();
        if (world.entries > entries) await rest();
        if (isSo()) return;
      }
      world.timeline.now = until;
    });
  }

  #put(due: number): JobHistory {
    return this.users.put({ payload: 'job', due, distinct: false, ttr: 60 }, () => undefined);
  }
}

/** What the job's runs came to; undefined: it runs. */
export function outcomesOf({ runs }: JobHistory): (string | undefined)[] {
  return runs.map(({ outcome }) => outcome);
}
