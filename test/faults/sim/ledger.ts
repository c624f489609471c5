// The ledger of the simulation: the real state machine on a host of its own, and the client that asks it.

import { backoffMs, betweenConnects } from '../../../src/core/backoff.ts';
import { LedgerDown } from '../../../src/core/errors.ts';
import type { JobRef, Ledger, Terms } from '../../../src/ledger/ledger.ts';
import * as machine from '../../../src/ledger/machine.ts';
import { Channel, Host } from './channel.ts';
import { epoch, type Process } from './process.ts';
import type { World } from './world.ts';

interface Kept {
  readonly entry: machine.Entry;
  readonly until: number;
}

interface Asker {
  readonly by: Process;
  /** It no longer waits for the answer. */
  readonly late: boolean;
  readonly connectedMs: number;
}

type Transition<Answer> = (
  entry: machine.Entry | undefined,
  moment: machine.Moment,
) => machine.Step<Answer>;

/** What a ledger shows to those who look from outside. */
export interface LedgerView extends Host {
  readonly terms: Terms;
  /** By its own clock, ms since the epoch. */
  readonly now: number;
  entry(key: string): machine.Entry | undefined;
  /** Whether it couldn't be asked at any time since. */
  wasAway(since: number): boolean;
}

export class LedgerHost extends Host implements LedgerView {
  readonly terms: Terms;
  readonly entries = new Map<string, Kept>();
  readonly #world: World;
  #log: { at: number; key: string; before: Kept | undefined }[] = [];

  constructor(world: World, terms: Terms) {
    super('ledger');
    this.#world = world;
    this.terms = terms;
  }

  wasAway(since: number): boolean {
    return this.state !== 'up' || this.backAt >= since;
  }

  get now(): number {
    return Math.floor(epoch + this.#world.timeline.now);
  }

  entry(key: string): machine.Entry | undefined {
    const kept = this.entries.get(key);
    return kept !== undefined && kept.until > this.now ? kept.entry : undefined;
  }

  apply<Answer>(
    { by, late, connectedMs }: Asker,
    what: string,
    job: JobRef,
    transition: Transition<Answer>,
  ): Answer {
    const moment = { now: this.now, dueMs: job.dueMs, connectedMs };
    const before = this.entry(job.key);
    const { entry, answer } = transition(before, moment);
    this.#world.trace(
      by,
      () => `ledger ${what} ${job.key.slice(0, 6)} => ${JSON.stringify(answer)}`,
    );
    if (entry?.state === 'dead' && what === 'claim') this.#world.history.ledger.metDead(job, by);
    if (entry !== undefined && entry !== before) {
      const until = moment.now + machine.keepFor(entry, moment, this.terms);
      this.#log.push({ at: moment.now, key: job.key, before: this.entries.get(job.key) });
      if (this.#log.length > 500) this.#log = this.#log.slice(-200);
      this.entries.set(job.key, { entry, until });
      this.#world.history.ledger.written(job, before, entry, { by, late });
    }
    return answer;
  }

  /** @param lastMoments how much it forgets, in ms; Infinity: all. */
  forget(lastMoments: number): void {
    const keys = new Set<string>();
    if (lastMoments === Infinity) {
      for (const key of this.entries.keys()) keys.add(key);
      this.entries.clear();
      this.#log = [];
    }
    for (let last = this.#log.at(-1); last !== undefined; last = this.#log.at(-1)) {
      if (this.now - last.at > lastMoments) break;
      this.#log.pop();
      keys.add(last.key);
      if (last.before === undefined) this.entries.delete(last.key);
      else this.entries.set(last.key, last.before);
    }
    this.#world.history.ledger.forgotten(keys);
  }
}

const commandTimeout = 2_000;

/** As ioredis is used: no offline queue, no resending, a deadline for each command. */
export class LedgerClient implements Ledger {
  readonly revocationDoubt = machine.revocationDoubt;
  readonly #process: Process;
  readonly #host: LedgerHost;
  #channel: Channel | undefined;
  readonly #pending = new Set<(error: LedgerDown) => void>();
  #failures = 0;
  /** Whoever has never seen it away takes it for steady. */
  #connectedAt = -Infinity;
  #closed = false;
  #opening: Promise<void> | undefined;
  #opened: (() => void) | undefined;

  constructor(process: Process, host: LedgerHost) {
    this.#process = process;
    this.#host = host;
    this.#opening = new Promise((resolve) => {
      this.#opened = resolve;
    });
    process.plan(commandTimeout, 'deadline', () => {
      this.#firstTried();
    });
    this.#dial();
  }

  claim: Ledger['claim'] = (job, request) =>
    this.#ask('claim', job, (entry, moment) =>
      machine.claim(entry, request, moment, this.#host.terms),
    );
  renew: Ledger['renew'] = (job, claim) =>
    this.#ask('renew', job, (entry, moment) =>
      machine.renew(entry, claim, moment, this.#host.terms),
    );
  done: Ledger['done'] = (job, claim, exitCode) =>
    this.#ask('done', job, (entry, moment) => machine.done(entry, claim, exitCode, moment));
  retry: Ledger['retry'] = (job, claim, delayMs) =>
    this.#ask('retry', job, (entry, moment) => machine.retry(entry, claim, delayMs, moment));
  dead: Ledger['dead'] = (job, claim, death) =>
    this.#ask('dead', job, (entry, moment) => machine.dead(entry, claim, death, moment));
  giveBack: Ledger['giveBack'] = (job, claim, giveBack) =>
    this.#ask('giveBack', job, (entry, moment) => machine.giveBack(entry, claim, giveBack, moment));
  revoke: Ledger['revoke'] = (job, final) =>
    this.#ask('revoke', job, (entry, moment) => machine.revoke(entry, final, moment));
  kick: Ledger['kick'] = (job) => this.#ask('kick', job, machine.kick);
  look: Ledger['look'] = (job) =>
    this.#ask('look', job, (entry, { now }) => ({ entry, answer: machine.look(entry, now) }));
  lookAll: Ledger['lookAll'] = (jobs) => Promise.all(jobs.map(this.look));
  ready: Ledger['ready'] = () =>
    this.#ask('ready', { tube: '', key: '', dueMs: 0 }, (entry) => ({ entry, answer: undefined }));

  close(): void {
    this.#closed = true;
    this.#channel?.close();
    this.#fail();
  }

  async #ask<Answer>(what: string, job: JobRef, transition: Transition<Answer>): Promise<Answer> {
    if (this.#opening !== undefined) await this.#opening;
    this.#process.world.meter.count(this.#process);
    const channel = this.#channel;
    if (channel === undefined) throw new LedgerDown('not connected');
    const connectedMs = this.#process.world.timeline.now - this.#connectedAt;
    return new Promise((resolve, reject) => {
      const deadline = this.#process.plan(commandTimeout, 'deadline', () => {
        this.#pending.delete(fail);
        reject(new LedgerDown('no reply in time'));
        // The socket was silent as long: it is replaced
        if (this.#channel === channel) {
          channel.close();
          this.#lost();
        }
      });
      const fail = (error: LedgerDown): void => {
        deadline.cancelled = true;
        reject(error);
      };
      this.#pending.add(fail);
      channel.ask<Answer>(
        what,
        (answer) => {
          const late = !this.#pending.has(fail);
          const asker = { by: this.#process, late, connectedMs };
          answer(this.#host.apply(asker, what, job, transition));
        },
        (reply) => {
          deadline.cancelled = true;
          this.#pending.delete(fail);
          resolve(reply);
        },
      );
    });
  }

  #dial(): void {
    const { world } = this.#process;
    const roundTrip = world.weather.latency() + world.weather.latency();
    let waiting = true;
    const end = (): void => {
      waiting = false;
      deadline.cancelled = true;
    };
    const deadline = this.#process.plan(commandTimeout, 'deadline', () => {
      end();
      this.#again();
    });
    world.timeline.plan(roundTrip, () => {
      world.pathOf(this.#process, this.#host).pass(() => {
        this.#process.enter('bytes', () => {
          if (!waiting || this.#closed) return;
          end();
          if (this.#host.state === 'down') this.#again();
          else this.#connected();
        });
      });
    });
  }

  #connected(): void {
    const channel = new Channel(this.#process, this.#host);
    channel.onCut = () => {
      if (this.#channel === channel) this.#lost();
    };
    this.#channel = channel;
    if (this.#failures > 0) this.#connectedAt = this.#process.world.timeline.now;
    this.#failures = 0;
    this.#firstTried();
  }

  #lost(): void {
    this.#process.world.trace(this.#process, () => 'ledger connection lost');
    this.#channel = undefined;
    this.#fail();
    this.#again();
  }

  #fail(): void {
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const fail of pending) fail(new LedgerDown('the connection was lost'));
  }

  #again(): void {
    this.#firstTried();
    if (this.#closed) return;
    this.#failures += 1;
    const wait = backoffMs(betweenConnects, this.#failures, this.#process.world.random.next());
    this.#process.plan(wait, 'timer', () => {
      this.#dial();
    });
  }

  #firstTried(): void {
    this.#opening = undefined;
    this.#opened?.();
  }
}
