// The storm: disasters that befall workers, nodes, the ledger and the ways between them, until it is over.

import type { Beanstalkd } from './beanstalkd.ts';
import type { Staff } from './staff.ts';
import type { Disaster } from './weather.ts';
import type { World } from './world.ts';

export class Storm {
  readonly #world: World;
  readonly #staff: Staff;
  readonly #until: number;
  /** The ledger has just gone down, for so many ms. */
  onOutage: (length: number) => void = () => undefined;
  /** What ends each disaster that still lasts. */
  readonly #ends = new Set<() => void>();

  constructor(world: World, staff: Staff, until: number) {
    this.#world = world;
    this.#staff = staff;
    this.#until = until;
  }

  begin(): void {
    for (const kind of Object.keys(this.#world.weather.climate.gaps)) this.#next(kind as Disaster);
  }

  /** Everything heals. */
  end(): void {
    this.#world.weather.clear();
    for (const end of [...this.#ends]) end();
    for (const process of this.#world.processes) process.thaw();
    for (const node of this.#world.nodes) if (node.hasGhosts) this.#restart(node, 0);
  }

  #next(kind: Disaster): void {
    const world = this.#world;
    const { random, timeline, weather } = world;
    const gap = weather.climate.gaps[kind] ?? Infinity;
    if (gap === Infinity) return;
    const wait = -Math.log(1 - random.next()) * gap;
    if (timeline.now + wait > this.#until) return;
    timeline.plan(wait, () => {
      if (!weather.stormy) return;
      world.inject(kind);
      this.#strike(kind);
      this.#next(kind);
    });
  }

  #strike(kind: Disaster): void {
    const world = this.#world;
    const { random, redis } = world;
    switch (kind) {
      case 'kill':
        this.#withWorker(({ process }) => {
          process.kill();
          this.#replaceLater();
        });
        break;
      case 'freeze':
        this.#withWorker(({ process }) => {
          const longer = random.between(25_000, 60_000);
          world.freezeFor(process, random.pick([random.spread(50, 90_000), longer]));
        });
        break;
      case 'retire':
        this.#withWorker((hand) => {
          this.#staff.retire(hand);
          this.#replaceLater();
        });
        break;
      case 'node-restart':
        this.#withNode((node) => {
          this.#restart(node, random.spread(5, 20_000));
        });
        break;
      case 'node-hang':
        this.#withNode((node) => {
          this.#say(`HANGS ${node.name}`);
          node.hang();
          this.#lasting(random.spread(100, 20_000), () => {
            this.#say(`resumes ${node.name}`);
            node.resume(random.chance(0.5), world.timeline.now);
            node.settle();
          });
        });
        break;
      case 'node-full':
        this.#withNode((node) => {
          this.#say(`FULL ${node.name}`);
          node.full = true;
          this.#lasting(random.spread(1_000, 20_000), () => {
            node.full = false;
          });
        });
        break;
      case 'node-drain':
        this.#withNode((node) => {
          this.#say(`DRAINS ${node.name}`);
          node.draining = true;
          this.#lasting(random.spread(1_000, 20_000), () => {
            this.#restart(node, 10);
          });
        });
        break;
      case 'path':
        this.#blockAPath();
        break;
      case 'ledger-restart':
        this.#outage();
        break;
      case 'ledger-hang':
        if (redis.state !== 'up') return;
        this.#say('HANGS ledger');
        redis.hang();
        this.#lasting(random.spread(100, 40_000), () => {
          this.#say('resumes ledger');
          redis.resume(random.chance(0.5), world.timeline.now);
        });
        break;
      case 'ledger-forget':
        this.#stopLedger(
          random.spread(10, 5_000),
          random.chance(0.5) ? Infinity : random.spread(10, 5_000),
        );
        break;
      case 'disk-full':
        this.#fillDisk();
        break;
      case 'power-failure':
        this.#say('POWER FAILS');
        world.file?.powerFails();
        this.#replaceLater();
        break;
      case 'clock-step':
        this.#withWorker(({ process: { clock } }) => {
          clock.skew.step(random.between(-1_000, 1_000));
        });
    }
  }

  /** A blink, longer than a lease, or of any length. */
  #outage(): void {
    const { random, redis } = this.#world;
    if (redis.state !== 'up') return;
    const [blink, long] = [random.between(200, 1_200), random.between(20_000, 45_000)];
    const length = random.pick([blink, long, random.spread(10, 60_000)]);
    this.#stopLedger(length, 0);
    this.onOutage(length);
  }

  #fillDisk(): void {
    const { file, random } = this.#world;
    if (file?.full !== false) return;
    this.#say('FULL disk');
    file.full = true;
    this.#lasting(random.spread(500, 60_000), () => {
      this.#say('room on the disk');
      file.makeRoom();
    });
  }

  #withWorker(strike: (hand: Staff['hands'][number]) => void): void {
    const { present } = this.#staff;
    if (present.length > 0) strike(this.#world.random.pick(present));
  }

  #withNode(strike: (node: Beanstalkd) => void): void {
    const node = this.#world.random.pick(this.#world.nodes);
    if (node.state === 'up') strike(node);
  }

  #replaceLater(): void {
    const { random, timeline, weather } = this.#world;
    timeline.plan(random.spread(10, 10_000), () => {
      if (weather.stormy) this.#staff.hire();
    });
  }

  #restart(node: Beanstalkd, downFor: number): void {
    const { random } = this.#world;
    this.#say(`STOPS ${node.name}`);
    const lastMoments = random.chance(0.3) ? 50 : 0;
    node.stop();
    this.#lasting(downFor, () => {
      this.#say(`starts ${node.name}${node.binlog ? '' : ' without its data'}`);
      node.restart(lastMoments);
    });
  }

  #stopLedger(downFor: number, forgets: number): void {
    const { redis } = this.#world;
    if (redis.state !== 'up') return;
    this.#say('STOPS ledger');
    redis.stop();
    if (forgets > 0) redis.forget(forgets);
    this.#lasting(downFor, () => {
      this.#say('starts ledger');
      redis.start(this.#world.timeline.now);
    });
  }

  #blockAPath(): void {
    const world = this.#world;
    const { random, redis, timeline } = world;
    this.#withWorker(({ process }) => {
      const host = random.chance(0.5) ? redis : random.pick(world.nodes);
      const path = world.pathOf(process, host);
      if (path.blocked) return;
      this.#say(`BLOCKS ${process.name} - ${host.name}`);
      const from = timeline.now;
      path.block(from);
      this.#lasting(random.spread(100, 60_000), () => {
        this.#say(`unblocks ${process.name} - ${host.name}`);
        if (host === redis) world.history.absences.cut(process, from);
        path.unblock();
      });
    });
  }

  #lasting(ms: number, end: () => void): void {
    const once = (): void => {
      if (!this.#ends.delete(once)) return;
      end();
    };
    this.#ends.add(once);
    this.#world.timeline.plan(ms, once);
  }

  #say(what: string): void {
    this.#world.trace(undefined, () => what);
  }
}
