// A connection between a process and a host, with whatever the weather does to it.

import type { Process } from './process.ts';

/** A server of the world: what comes to it waits while it hangs, and nothing comes while it is down. */
export class Host {
  readonly name: string;
  state: 'up' | 'down' | 'hung' = 'up';
  /** When it came back last. */
  backAt = -Infinity;
  readonly channels = new Set<Channel>();
  readonly #parked = new Map<Channel, (() => void)[]>();

  constructor(name: string) {
    this.name = name;
  }

  park(channel: Channel, act: () => void): void {
    const parked = this.#parked.get(channel);
    if (parked === undefined) this.#parked.set(channel, [act]);
    else parked.push(act);
  }

  hang(): void {
    if (this.state === 'up') this.state = 'hung';
  }

  /** What waited is served in order within each connection; connections come in any order. */
  resume(lastFirst: boolean, now: number): void {
    if (this.state !== 'hung') return;
    this.state = 'up';
    this.backAt = now;
    const parked = [...this.#parked.values()];
    this.#parked.clear();
    if (lastFirst) parked.reverse();
    for (const acts of parked) for (const act of acts) act();
  }

  stop(): void {
    this.state = 'down';
    this.#parked.clear();
    for (const channel of [...this.channels]) channel.cutByHost();
    this.channels.clear();
  }

  start(now: number): void {
    this.state = 'up';
    this.backAt = now;
  }
}

/** The way between a process and a host. */
export class Path {
  /** In ms of virtual time; undefined: it is free. */
  blockedSince: number | undefined;
  #parked: (() => void)[] = [];

  get blocked(): boolean {
    return this.blockedSince !== undefined;
  }

  block(now: number): void {
    this.blockedSince ??= now;
  }

  /** What was sent meanwhile is sent again by the kernels, and arrives. */
  unblock(): void {
    this.blockedSince = undefined;
    const parked = this.#parked;
    this.#parked = [];
    for (const act of parked) act();
  }

  /** Runs it now, or when the way is free again. */
  pass(act: () => void): void {
    if (this.blocked) {
      this.#parked.push(() => {
        this.pass(act);
      });
    } else act();
  }
}

export type Serve<Reply> = (answer: (reply: Reply) => void) => void;

export class Channel {
  readonly process: Process;
  readonly host: Host;
  /** Called at the client when the other side ended it. */
  onCut: () => void = () => undefined;
  /** Called at the host when it is over. */
  onGone: () => void = () => undefined;
  /** As the client sees it. */
  #open = true;
  /** As the host sees it. */
  #served = true;
  /** The client's kernel dropped what wasn't sent yet. */
  #dropped = false;
  #lastArrival = 0;
  #lastReturn = 0;

  constructor(process: Process, host: Host) {
    this.process = process;
    this.host = host;
    process.channels.add(this);
    host.channels.add(this);
  }

  get served(): boolean {
    return this.#served;
  }

  ask<Reply>(what: string, serve: Serve<Reply>, receive: (reply: Reply) => void): void {
    if (!this.process.alive) return;
    const { weather } = this.process.world;
    const fate = weather.fateOf(this, what);
    if (fate === 'killed before') {
      this.process.kill();
      return;
    }
    this.#send(() => {
      if (fate === 'reply lost before') {
        this.#reset();
        return;
      }
      serve((reply) => {
        if (fate === 'reply lost after') this.#reset();
        else this.#return(receive, reply);
      });
    });
    if (fate === 'killed after') this.process.kill();
  }

  /** Closed by the client. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.process.channels.delete(this);
    const { world } = this.process;
    if (world.pathOf(this.process, this.host).blocked) this.#dropped = world.random.chance(0.5);
    this.#send(() => {
      this.#end();
    });
  }

  /** The process is gone: the kernel closes it, or, when the machine died, nobody does for a while. */
  abandon(): void {
    this.#open = false;
    const { random, timeline, weather } = this.process.world;
    const silence = weather.machineDied() ? random.between(5_000, 60_000) : 0;
    timeline.plan(silence, () => {
      this.#send(() => {
        this.#end();
      });
    });
  }

  cutByHost(): void {
    if (!this.#served) return;
    this.#end();
    this.#back(() => {
      this.#cut();
    });
  }

  #reset(): void {
    this.cutByHost();
  }

  #send(act: () => void): void {
    const { world } = this.process;
    const latency = world.weather.latency();
    const arrival = Math.max(this.#lastArrival, world.timeline.now + latency);
    this.#lastArrival = arrival;
    const path = world.pathOf(this.process, this.host);
    const serve = (): void => {
      if (!this.#served || this.#dropped) {
        if (this.#dropped && !this.#open) this.#end();
      } else if (this.host.state === 'hung') this.host.park(this, serve);
      else act();
    };
    world.timeline.planAt(arrival, () => {
      path.pass(serve);
    });
  }

  #return<Reply>(receive: (reply: Reply) => void, reply: Reply): void {
    if (!this.#served) return;
    this.#back(() => {
      receive(reply);
    });
  }

  #back(act: () => void): void {
    const { world } = this.process;
    const at = Math.max(this.#lastReturn, world.timeline.now + world.weather.latency());
    this.#lastReturn = at;
    const path = world.pathOf(this.process, this.host);
    world.timeline.planAt(at, () => {
      path.pass(() => {
        this.process.enter('bytes', () => {
          if (this.#open) act();
        });
      });
    });
  }

  #end(): void {
    if (!this.#served) return;
    this.#served = false;
    this.host.channels.delete(this);
    this.onGone();
  }

  #cut(): void {
    this.#open = false;
    this.process.channels.delete(this);
    this.onCut();
  }
}
