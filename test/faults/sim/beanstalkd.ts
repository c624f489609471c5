// A model of beanstalkd 1.12: what its commands do to jobs, and the ways in which it bites.

import type { Buffer } from 'node:buffer';
import type { Command } from '../../../src/beanstalk/command.ts';
import type { Reply } from '../../../src/beanstalk/reply.ts';
import { keyOf } from '../../../src/core/key.ts';
import { Host, type Channel } from './channel.ts';
import { jobStats, notFound, Session, tubeStats, word } from './stored.ts';
import type { Store, Stored } from './stored.ts';
import type { Happening } from './timeline.ts';
import type { World } from './world.ts';

export class Beanstalkd extends Host implements Store {
  readonly binlog: boolean;
  readonly jobs = new Map<bigint, Stored>();
  incarnation = 0;
  full = false;
  draining = false;
  readonly #world: World;
  readonly #waiting: Session[] = [];
  #deleted: Stored[] = [];
  #nextId = 1n;
  #wake: Happening | undefined;

  constructor(world: World, name: string, binlog: boolean) {
    super(name);
    this.#world = world;
    this.binlog = binlog;
  }

  open(channel: Channel): Session {
    const session = new Session(channel);
    channel.onGone = () => {
      this.#close(session);
    };
    return session;
  }

  receive(session: Session, command: Command<unknown>, answer: (reply: Reply) => void): void {
    this.#expireOf(session);
    this.#tick();
    const words = command.line.split(' ');
    const reply = this.#execute(session, words, command.body, answer);
    this.#serveWaiting();
    if (reply !== undefined) answer(reply);
  }

  /** @param lastMoments how much of what it did last it forgets, in ms (a machine's crash). */
  restart(lastMoments: number): void {
    this.full = false;
    this.draining = false;
    this.#waiting.length = 0;
    if (this.binlog) this.#replay(lastMoments);
    else {
      this.incarnation += 1;
      this.jobs.clear();
      this.#nextId = 1n;
    }
    this.#deleted = [];
    this.start(this.#now);
  }

  *replicasOf(key: string): Iterable<Stored> {
    for (const job of this.jobs.values()) if (job.key === key) yield job;
  }

  plant(body: Buffer, tube: string, ttr: number): void {
    const id = this.#nextId++;
    const job: Stored = {
      ...{ id, body, key: keyOf(body), tube, ttr, putAt: this.#now, priority: 0, state: 'ready' },
      ...{ until: this.#now, holder: undefined, forgotten: false, changedAt: this.#now },
      ...{ changedBy: undefined, stranded: false, unattended: false },
    };
    this.jobs.set(id, job);
    this.#world.history.stored(this, job, undefined);
    this.#serveWaiting();
  }

  /** The reply to a bury has arrived: its sender will look again. */
  buryKnown(line: string): void {
    const [name, id = ''] = line.split(' ');
    const job = name === 'bury' ? this.jobs.get(BigInt(id)) : undefined;
    if (job !== undefined) job.unattended = false;
  }

  get hasGhosts(): boolean {
    return [...this.jobs.values()].some(({ state }) => state === 'ghost');
  }

  /** Brings every state up to now. */
  settle(): void {
    this.#tick();
    if (this.state === 'up') this.#serveWaiting();
  }

  get #now(): number {
    return this.#world.timeline.now;
  }

  #execute(
    session: Session,
    [name = '', ...words]: string[],
    body: Buffer | undefined,
    answer: (reply: Reply) => void,
  ): Reply | undefined {
    switch (name) {
      case 'use':
        session.used = words[0]!;
        return { word: 'USING', rest: session.used, body: undefined };
      case 'watch':
        session.watched.add(words[0]!);
        return { word: 'WATCHING', rest: String(session.watched.size), body: undefined };
      case 'ignore':
        session.watched.delete(words[0]!);
        return { word: 'WATCHING', rest: String(session.watched.size), body: undefined };
      case 'put':
        return this.#put(session, words.map(Number), body!);
      case 'reserve-with-timeout':
        return this.#reserve(session, Number(words[0]), answer);
      case 'stats-tube':
        return this.#statsTube(words[0]!);
      case 'peek-delayed':
        return this.#peekDelayed(session);
      default:
        return this.#executeOnJob(session, name, words);
    }
  }

  #executeOnJob(session: Session, name: string, [id = '', ...words]: string[]): Reply {
    const job = this.jobs.get(BigInt(id));
    if (job === undefined || job.state === 'ghost') return notFound;
    switch (name) {
      case 'delete':
        return this.#delete(session, job);
      case 'release':
        return this.#release(session, job, Number(words[0]), Number(words[1]));
      case 'bury':
        return this.#bury(session, job, Number(words[0]));
      case 'touch':
        if (job.holder !== session) return notFound;
        job.until = this.#now + job.ttr * 1_000;
        return word('TOUCHED');
      case 'peek':
        return { word: 'FOUND', rest: id, body: job.body };
      case 'stats-job':
        return jobStats(job, this.#now);
      case 'kick-job':
        if (job.state !== 'buried' && job.state !== 'delayed') return notFound;
        this.#change(job, 'ready');
        return word('KICKED');
      default:
        throw new Error(`the model knows no ${name}`);
    }
  }

  #put(session: Session, [priority = 0, delay = 0, ttr = 1]: number[], body: Buffer): Reply {
    if (this.draining) return word('DRAINING');
    if (this.full && this.#world.random.chance(0.6)) return word('OUT_OF_MEMORY');
    const id = this.#nextId++;
    const state = this.full ? 'buried' : delay > 0 ? 'delayed' : 'ready';
    const until = this.#now + delay * 1_000;
    const job: Stored = {
      ...{
        id,
        body,
        key: keyOf(body),
        tube: session.used,
        ttr,
        putAt: this.#now,
        priority,
        state,
        until,
      },
      ...{ holder: undefined, forgotten: false, changedAt: this.#now },
      ...{ changedBy: undefined, stranded: this.full, unattended: false },
    };
    this.jobs.set(id, job);
    this.#world.history.stored(this, job, session.channel.process);
    this.#wakeUp();
    return { word: state === 'buried' ? 'BURIED' : 'INSERTED', rest: String(id), body: undefined };
  }

  #reserve(session: Session, seconds: number, answer: (reply: Reply) => void): Reply | undefined {
    const job = this.#nextReady(session);
    if (job !== undefined) return this.#give(session, job);
    if (this.#isNearDeadline(session)) return word('DEADLINE_SOON');
    if (seconds === 0) return word('TIMED_OUT');
    session.waiting = { answer, until: this.#now + seconds * 1_000 };
    this.#waiting.push(session);
    this.#wakeUp();
    return undefined;
  }

  #give(session: Session, job: Stored): Reply {
    job.state = 'reserved';
    job.holder = session;
    job.until = this.#now + job.ttr * 1_000;
    job.forgotten = this.#world.weather.forgetsTtr();
    return { word: 'RESERVED', rest: String(job.id), body: job.body };
  }

  #nextReady(session: Session): Stored | undefined {
    let next: Stored | undefined;
    for (const job of this.jobs.values()) {
      if (job.state !== 'ready' || !session.watched.has(job.tube)) continue;
      if (next === undefined || job.priority < next.priority) next = job;
    }
    return next;
  }

  #isNearDeadline(session: Session): boolean {
    for (const job of this.jobs.values()) {
      if (job.holder === session && job.until - this.#now < 1_000) return true;
    }
    return false;
  }

  #delete(session: Session, job: Stored): Reply {
    if (job.state === 'reserved' && job.holder !== session) return notFound;
    this.jobs.delete(job.id);
    job.changedAt = this.#now;
    job.holder = undefined;
    if (this.binlog) this.#deleted.push(job);
    this.#world.history.removed(this, job, session.channel.process);
    return word('DELETED');
  }

  #release(session: Session, job: Stored, priority: number, delay: number): Reply {
    if (job.holder !== session) return notFound;
    if (this.full) {
      if (delay > 0 && this.binlog && this.#world.random.chance(0.3)) return this.#lose(job);
      if (this.#world.random.chance(0.5)) {
        this.#change(job, 'buried');
        job.stranded = true;
        return word('BURIED');
      }
    }
    job.priority = priority;
    job.until = this.#now + delay * 1_000;
    this.#change(job, delay > 0 ? 'delayed' : 'ready');
    job.changedBy = session.channel.process;
    this.#wakeUp();
    return word('RELEASED');
  }

  #bury(session: Session, job: Stored, priority: number): Reply {
    if (job.holder !== session) return notFound;
    if (this.full && this.#world.random.chance(0.5)) return word('OUT_OF_MEMORY');
    job.priority = priority;
    this.#change(job, 'buried');
    job.changedBy = session.channel.process;
    job.unattended = true;
    return word('BURIED');
  }

  /** With a full binlog the job drops out of every list until the server is restarted. */
  #lose(job: Stored): Reply {
    this.#change(job, 'ghost');
    return word('OUT_OF_MEMORY');
  }

  #change(job: Stored, state: Stored['state']): void {
    job.state = state;
    job.holder = undefined;
    job.changedAt = this.#now;
    job.changedBy = undefined;
    job.stranded = false;
    job.unattended = false;
  }

  #statsTube(tube: string): Reply {
    const jobs = [...this.jobs.values()].filter((job) => job.tube === tube);
    const waiting = this.#waiting.filter(({ watched }) => watched.has(tube));
    return tubeStats(tube, jobs, waiting.length);
  }

  #peekDelayed(session: Session): Reply {
    let next: Stored | undefined;
    for (const job of this.jobs.values()) {
      if (job.state !== 'delayed' || job.tube !== session.used) continue;
      if (next === undefined || job.until < next.until) next = job;
    }
    if (next === undefined) return notFound;
    return { word: 'FOUND', rest: String(next.id), body: next.body };
  }

  /** What is due, or ran out of its ttr, is ready; a forgotten ttr is forgotten until its connection speaks. */
  #tick(): void {
    for (const job of this.jobs.values()) {
      if (job.until > this.#now) continue;
      if (job.state === 'delayed') job.state = 'ready';
      if (job.state === 'reserved' && !job.forgotten) this.#change(job, 'ready');
    }
  }

  #expireOf(session: Session): void {
    for (const job of this.jobs.values()) {
      if (job.holder === session && job.until <= this.#now) this.#change(job, 'ready');
    }
  }

  #serveWaiting(): void {
    for (const session of [...this.#waiting]) {
      const { waiting } = session;
      if (waiting === undefined) continue;
      const job = this.#nextReady(session);
      if (job === undefined && waiting.until > this.#now) continue;
      session.waiting = undefined;
      this.#waiting.splice(this.#waiting.indexOf(session), 1);
      waiting.answer(job === undefined ? word('TIMED_OUT') : this.#give(session, job));
    }
    this.#wakeUp();
  }

  /** Only while somebody waits does the passing of time matter by itself. */
  #wakeUp(): void {
    if (this.#wake !== undefined) this.#wake.cancelled = true;
    this.#wake = undefined;
    if (this.#waiting.length === 0) return;
    let next = Infinity;
    for (const { waiting } of this.#waiting) next = Math.min(next, waiting?.until ?? Infinity);
    for (const { state, until, forgotten } of this.jobs.values()) {
      const timed = state === 'delayed' || (state === 'reserved' && !forgotten);
      if (timed) next = Math.min(next, until);
    }
    this.#wake = this.#world.timeline.plan(Math.max(0, next - this.#now), () => {
      if (this.state !== 'up') return;
      this.#tick();
      this.#serveWaiting();
    });
  }

  #close(session: Session): void {
    const at = this.#waiting.indexOf(session);
    if (at !== -1) this.#waiting.splice(at, 1);
    session.waiting = undefined;
    for (const job of this.jobs.values()) {
      if (job.holder === session) this.#change(job, 'ready');
    }
    if (this.state === 'up') this.#serveWaiting();
  }

  #replay(lastMoments: number): void {
    for (const job of this.#deleted) {
      if (this.#now - job.changedAt > lastMoments) continue;
      job.state = 'ready';
      this.jobs.set(job.id, job);
    }
    for (const job of [...this.jobs.values()].sort((one, other) => Number(one.id - other.id))) {
      this.jobs.delete(job.id);
      this.jobs.set(job.id, job);
      const lately = this.#now - job.changedAt <= lastMoments;
      if (job.state === 'reserved' || job.state === 'ghost') this.#change(job, 'ready');
      if (job.state === 'buried' && lately) this.#change(job, 'ready');
    }
    this.#tick();
  }
}
