// The history: what happened to each job, and the promises that are checked while it happens.

import type { Buffer } from 'node:buffer';
import type { Outcome, Task } from '../../../src/consume/handler.ts';
import { dueMs, openEnvelope } from '../../../src/core/envelope.ts';
import { keyOf } from '../../../src/core/key.ts';
import { defaultTerms, type JobRef } from '../../../src/ledger/ledger.ts';
import { revocationMargin, type Entry } from '../../../src/ledger/machine.ts';
import type { Beanstalkd, Stored } from './beanstalkd.ts';
import { epoch, type Process } from './process.ts';
import type { World } from './world.ts';

export interface Run {
  readonly process: Process;
  readonly attempt: number;
  readonly startedAt: number;
  endedAt: number | undefined;
  outcome: Outcome['kind'] | undefined;
}

interface StoredReplica {
  readonly node: Beanstalkd;
  readonly incarnation: number;
  readonly id: bigint;
  readonly at: number;
  readonly by: Process | undefined;
  /** By who had put it. */
  takenBack: boolean;
}

export interface JobHistory {
  readonly key: string;
  readonly name: string;
  readonly envelope: Buffer;
  readonly dueMs: number;
  readonly runs: Run[];
  readonly stored: StoredReplica[];
  /** Why it may succeed more than once. */
  readonly excuses: string[];
  acceptedAt: number | undefined;
  /** Puts of it that were not surely refused: none of them, and it must not run. */
  puts: number;
  /** Older than the ledger remembers when it was put. */
  ancient: boolean;
  /** A handler was called for it. */
  called: boolean;
  done: boolean;
  kicked: boolean;
  /** A kick reached the ledger, and not all of the nodes. */
  halfKicked: boolean;
  revokedAt: number | undefined;
  revokedForGood: boolean;
  /** A user asked for its deletion, whatever the answer. */
  deleteAsked: boolean;
  /** When `deleted` was answered. */
  deletedAt: number | undefined;
  forgottenAt: number | undefined;
  /** Who wrote what the ledger holds. */
  writtenBy: Process | undefined;
  failed: number;
  failedSinceReset: number;
  takenOver: number;
}

interface OpenClaim {
  readonly job: JobHistory;
  readonly token: string;
  /** The worker had given up when the ledger granted it: nobody could undo it. */
  readonly late: boolean;
  contactAt: number;
}

/**
 * When the ledger was away for longer than a lease, its return finds every lease over: what is left then is the time of
 * suspicion, less what a worker needs to connect and to renew, in ms.
 */
const longestAfterOutage = defaultTerms.suspicion - 4_000;

/** From being possible to a handler's start, when nothing is in its way, in ms. */
const longestDelay = 20;

/** What a worker of the simulation is bound by. */
export interface Limits {
  readonly concurrency: number;
  readonly attempts: number;
}

export class History {
  readonly jobs = new Map<string, JobHistory>();
  readonly #world: World;
  readonly #claims = new Map<string, Map<string, OpenClaim>>();
  readonly #limits = new Map<Process, Limits>();
  readonly #stopped = new Set<Process>();
  readonly #running = new Map<Process, number>();
  #employedAt = Infinity;
  readonly #frozenAt = new Map<Process, number>();
  /** When each process could not reach the ledger, for a reason of its own. */
  readonly #cuts = new Map<Process, { from: number; to: number }[]>();
  readonly doubles = new Map<string, number>();
  /** A moment at which users are at their most harmful. */
  onTurn: (job: JobHistory, by: Process) => void = () => undefined;
  /** A claim is granted, and its answer on its way. */
  onGrant: (by: Process) => void = () => undefined;

  constructor(world: World) {
    this.#world = world;
  }

  get #now(): number {
    return this.#world.timeline.now;
  }

  job(envelope: Buffer): JobHistory {
    const key = keyOf(envelope);
    let job = this.jobs.get(key);
    if (job !== undefined) return job;
    const { dueNs, payload } = openEnvelope(envelope)!;
    job = {
      ...{ key, envelope, name: payload.toString(), dueMs: dueMs(dueNs) },
      ...{ runs: [], stored: [], excuses: [], acceptedAt: undefined, puts: 0 },
      ...{
        ancient: false,
        called: false,
        done: false,
        kicked: false,
        halfKicked: false,
        revokedAt: undefined,
        revokedForGood: false,
      },
      ...{ deleteAsked: false, deletedAt: undefined, forgottenAt: undefined, writtenBy: undefined },
      ...{ failed: 0, failedSinceReset: 0, takenOver: 0 },
    };
    this.jobs.set(key, job);
    return job;
  }

  accepted(job: JobHistory, replicas: readonly { endpoint: string; id: bigint }[]): void {
    job.acceptedAt = this.#now;
    if (this.#isPutAfterDelete(job)) job.deleteAsked = false;
    for (const { endpoint, id } of replicas) {
      const taken = job.stored.some(({ node, incarnation, id: other, takenBack }) => {
        const named = node.name === endpoint && node.incarnation === incarnation && other === id;
        return named && takenBack;
      });
      if (taken)
        this.#world.violated(`${job.name} was accepted with a replica that was taken back`);
    }
  }

  /** All its replicas are younger than the mark that deletes the older ones, beyond doubt. */
  #isPutAfterDelete({ revokedAt, stored }: JobHistory): boolean {
    const last = stored.at(-1)?.by;
    const since = (revokedAt ?? Infinity) + revocationMargin + 1_000;
    return stored.every(({ by, at }) => by !== last || at > since);
  }

  employs(process: Process, limits: Limits): void {
    this.#employedAt = Math.min(this.#employedAt, this.#now);
    this.#limits.set(process, limits);
  }

  stopAsked(process: Process): void {
    this.#stopped.add(process);
  }

  // What befalls processes

  died(process: Process): void {
    this.#world.trace(process, () => 'DIED');
    this.#excuseClaims(process, 'a death');
    if (this.#frozenAt.has(process)) this.#endFreeze(process);
  }

  /** It exited although the ledger doesn't know how its runs ended. */
  leftUnsettled(process: Process): void {
    this.#excuseClaims(process, 'an end that was not written');
  }

  froze(process: Process): void {
    this.#world.trace(process, () => 'FROZEN');
    this.#frozenAt.set(process, this.#now);
  }

  thawed(process: Process): void {
    this.#world.trace(process, () => 'THAWED');
    this.#endFreeze(process);
  }

  cut(process: Process, from: number): void {
    this.#cutsOf(process).push({ from, to: this.#now });
  }

  #endFreeze(process: Process): void {
    const from = this.#frozenAt.get(process) ?? this.#now;
    this.#frozenAt.delete(process);
    this.#cutsOf(process).push({ from, to: this.#now });
    if (this.#now - from > defaultTerms.lease) this.#excuseClaims(process, 'a pause');
  }

  #cutsOf(process: Process): { from: number; to: number }[] {
    const cuts = this.#cuts.get(process) ?? [];
    this.#cuts.set(process, cuts);
    return cuts;
  }

  #claimsOf(worker: string): Map<string, OpenClaim> {
    const claims = this.#claims.get(worker) ?? new Map<string, OpenClaim>();
    this.#claims.set(worker, claims);
    return claims;
  }

  #excuseClaims({ name }: Process, why: string): void {
    for (const { job } of this.#claimsOf(name).values()) job.excuses.push(why);
  }

  // What nodes do

  stored(node: Beanstalkd, { key, id, putAt }: Stored, by: Process | undefined): void {
    const { incarnation } = node;
    const replica = { node, incarnation, id, at: putAt, by, takenBack: false };
    this.jobs.get(key)?.stored.push(replica);
  }

  removed(node: Beanstalkd, { key, id, putAt }: Stored, by: Process): void {
    const job = this.jobs.get(key);
    if (job === undefined) {
      this.#world.violated(`${by.name} deleted what is no job of dq on ${node.name}`);
      return;
    }
    const replica = job.stored.find(
      (each) => each.node === node && each.incarnation === node.incarnation && each.id === id,
    );
    const { revokedAt, revokedForGood } = job;
    if (replica?.by === by) replica.takenBack = true;
    if (job.done || replica?.by === by) return;
    const latest = (revokedAt ?? -Infinity) + revocationMargin + 1_000;
    if (revokedAt !== undefined && (revokedForGood || putAt <= latest)) return;
    this.#world.violated(`${by.name} deleted a replica of ${job.name} that is not done`);
  }

  // What the ledger is told

  /** @param late the asker no longer waits for the answer. */
  written(
    ref: JobRef,
    before: Entry | undefined,
    entry: Entry,
    { by, late }: { by: Process; late: boolean },
  ): void {
    const job = this.jobs.get(ref.key);
    if (job === undefined) return;
    this.#mayWrite(job, before, entry, by);
    job.writtenBy = by;
    switch (entry.state) {
      case 'claimed':
        this.#claimed(job, before, entry, by, late);
        break;
      case 'retry':
        if (before?.state === 'claimed') this.#closed(job, before.claim.token);
        this.#countsAreTrue(job, entry);
        this.onTurn(job, by);
        break;
      case 'done':
        this.#wroteDone(job, entry.by);
        break;
      case 'dead':
        this.#wroteDead(job, before, entry, by);
        break;
      case 'revoked':
        job.deleteAsked ||= by.name.startsWith('delete');
        job.revokedAt = this.#now;
        job.revokedForGood = entry.final;
    }
  }

  /** A worker is about to bury a replica. */
  metDead({ key }: JobRef, by: Process): void {
    const job = this.jobs.get(key);
    if (job !== undefined) this.onTurn(job, by);
  }

  /** What is done stays done, and a running job is only written by who runs it, unless it is a success. */
  #mayWrite(job: JobHistory, before: Entry | undefined, entry: Entry, by: Process): void {
    if (before?.state === 'done') this.#world.violated(`${job.name} was done, is ${entry.state}`);
    if (before?.state !== 'claimed' || entry.state === 'claimed' || entry.state === 'done') return;
    const lost = entry.state === 'dead' && entry.reason === 'lost';
    if (lost || before.claim.token.startsWith(`${by.name}/`)) return;
    this.#world.violated(
      `${by.name} wrote ${entry.state} for ${job.name} of ${before.claim.token}`,
    );
  }

  forgotten(keys: ReadonlySet<string>): void {
    this.#world.trace(undefined, () => `LEDGER FORGETS ${keys.size}`);
    for (const key of keys) {
      const job = this.jobs.get(key);
      if (job === undefined) continue;
      job.excuses.push('lost ledger data');
      job.forgottenAt = this.#now;
      job.failedSinceReset = 0;
    }
  }

  kicked(job: JobHistory): void {
    job.kicked = true;
    job.failedSinceReset = 0;
  }

  #claimed(
    job: JobHistory,
    before: Entry | undefined,
    { claim, leaseUntil }: Extract<Entry, { state: 'claimed' }>,
    by: Process,
    late: boolean,
  ): void {
    const [worker = ''] = claim.token.split('/');
    if (before?.state === 'claimed' && before.claim.token !== claim.token) {
      this.#takenOver(job, before.claim.token);
    }
    this.#countsAreTrue(job, claim);
    const extended = before?.state !== 'claimed' || before.leaseUntil !== leaseUntil;
    if (by.name !== worker || !extended) return;
    const claims = this.#claimsOf(worker);
    const open = claims.get(job.key);
    if (open?.token === claim.token) {
      open.contactAt = this.#now;
      return;
    }
    claims.set(job.key, { job, token: claim.token, late, contactAt: this.#now });
    this.onGrant(by);
  }

  #countsAreTrue(job: JobHistory, counts: { failures: number; deaths: number }): void {
    if (counts.failures > job.failed) {
      this.#world.violated(`${job.name} counts ${counts.failures} failures, it had ${job.failed}`);
    }
    if (counts.deaths > job.takenOver) {
      this.#world.violated(`${job.name} counts ${counts.deaths} deaths, it had ${job.takenOver}`);
    }
  }

  #closed(job: JobHistory, token: string): void {
    const [worker = ''] = token.split('/');
    const claims = this.#claimsOf(worker);
    if (claims.get(job.key)?.token === token) claims.delete(job.key);
  }

  #takenOver(job: JobHistory, token: string): void {
    job.takenOver += 1;
    const [name = ''] = token.split('/');
    const claim = this.#claimsOf(name).get(job.key);
    const owner = this.#world.processes.find((each) => each.name === name);
    if (owner?.alive !== true || claim?.token !== token || claim.late) return;
    if (job.forgottenAt !== undefined && job.forgottenAt > claim.contactAt) return;
    const alone = this.#cutTime(owner, claim.contactAt);
    const { ledger } = this.#world;
    const bearable = ledger.wasAway(claim.contactAt) ? longestAfterOutage : defaultTerms.lease;
    if (alone >= bearable) {
      job.excuses.push('a worker that was cut off');
      return;
    }
    this.#world.violated(
      `${job.name} was taken from ${name}, which lives and was cut off for ${alone} ms only`,
    );
  }

  #cutTime(process: Process, since: number): number {
    let total = 0;
    const frozen = this.#frozenAt.get(process);
    const open = frozen === undefined ? [] : [{ from: frozen, to: this.#now }];
    const blocked = this.#world.blockedSince(process, this.#world.ledger);
    if (blocked !== undefined) open.push({ from: blocked, to: this.#now });
    for (const { from, to } of [...(this.#cuts.get(process) ?? []), ...open]) {
      total += Math.max(0, to - Math.max(from, since));
    }
    return total;
  }

  #wroteDone(job: JobHistory, token: string): void {
    const [worker = ''] = token.split('/');
    const succeeded = job.runs.some(
      ({ process, outcome }) => process.name === worker && outcome === 'succeeded',
    );
    if (!succeeded) this.#world.violated(`${job.name} is done without a success of ${worker}`);
    job.done = true;
    this.#claimsOf(worker).delete(job.key);
  }

  #wroteDead(
    job: JobHistory,
    before: Entry | undefined,
    entry: Extract<Entry, { state: 'dead' }>,
    by: Process,
  ): void {
    const late = epoch + this.#now - job.dueMs > defaultTerms.ttl;
    if (entry.reason === 'lost' && before?.state === 'claimed') {
      this.#takenOver(job, before.claim.token);
    } else if (before?.state === 'claimed') this.#closed(job, before.claim.token);
    this.#countsAreTrue(job, entry);
    this.onTurn(job, by);
    const attempts = this.#limits.get(by)?.attempts ?? Infinity;
    if (entry.reason === 'failed' && entry.failures < attempts) {
      this.#world.violated(`${job.name} is dead after ${entry.failures} of ${attempts} failures`);
    }
    if (entry.reason === 'late' && !late) this.#world.violated(`${job.name} is dead, not late`);
    if (entry.reason === 'rejected' && !job.runs.some(({ outcome }) => outcome === 'rejected')) {
      this.#world.violated(`${job.name} is rejected by nobody`);
    }
  }

  // What handlers do

  /** A handler is called; whether it starts is seen then. */
  called({ key }: Task): void {
    const job = this.jobs.get(key);
    if (job === undefined) throw new Error(`ran what nobody put: ${key}`);
    if (this.#world.roomy && !job.called) this.#calledInTime(job);
    job.called = true;
  }

  started(process: Process, task: Task): Run {
    const job = this.jobs.get(task.key)!;
    const { attempt } = task;
    if (attempt > 1 + job.runs.length + job.takenOver && job.forgottenAt === undefined) {
      this.#world.violated(`${job.name} counts ${attempt} attempts, ${job.runs.length} started`);
    }
    this.#world.trace(process, () => `STARTS ${job.name} attempt ${attempt}`);
    const run = { process, attempt, startedAt: this.#now, endedAt: undefined, outcome: undefined };
    job.runs.push(run);
    this.#mayStart(job, process);
    const running = (this.#running.get(process) ?? 0) + 1;
    this.#running.set(process, running);
    if (running > (this.#limits.get(process)?.concurrency ?? 0)) {
      this.#world.violated(`${process.name} runs ${running} handlers`);
    }
    return run;
  }

  ended(run: Run, { key }: Task, outcome: Outcome): void {
    const job = this.jobs.get(key)!;
    run.endedAt = this.#now;
    run.outcome = outcome.kind;
    this.#running.set(run.process, this.#running.get(run.process)! - 1);
    this.#world.trace(run.process, () => `ENDS ${job.name}: ${outcome.kind}`);
    if (outcome.kind === 'failed' || outcome.kind === 'rejected') {
      job.failed += 1;
      job.failedSinceReset += 1;
      this.#failedTooOften(job);
    }
    if (outcome.kind !== 'succeeded') return;
    const successes = job.runs.filter((each) => each.outcome === 'succeeded').length;
    if (successes < 2) return;
    const excuse = this.#excuseFor(job);
    if (excuse === undefined) this.#world.violated(`${job.name} succeeded ${successes} times`);
    else this.doubles.set(excuse, (this.doubles.get(excuse) ?? 0) + 1);
  }

  #failedTooOften(job: JobHistory): void {
    let most = 0;
    for (const { attempts } of this.#limits.values()) most = Math.max(most, attempts);
    if (job.failedSinceReset <= most + job.excuses.length || this.isExcused(job)) return;
    this.#world.violated(`${job.name} failed ${job.failedSinceReset} times of ${most}`);
  }

  isExcused(job: JobHistory): boolean {
    return this.#excuseFor(job) !== undefined;
  }

  #excuseFor(job: JobHistory): string | undefined {
    const last = job.excuses.at(-1);
    if (last !== undefined) return last;
    for (const [process, at] of this.#frozenAt) {
      if (this.#now - at <= defaultTerms.lease) continue;
      if (this.#claimsOf(process.name).has(job.key)) return 'a pause';
    }
    return undefined;
  }

  /** Nothing is in its way: no fault, no lack of slots. */
  #calledInTime(job: JobHistory): void {
    const possible = Math.max(job.dueMs - epoch, job.stored.at(-1)?.at ?? 0, this.#employedAt);
    const late = this.#now - possible;
    if (late > longestDelay) this.#world.violated(`${job.name} started ${late} ms late`);
  }

  #mayStart(job: JobHistory, process: Process): void {
    const early = job.dueMs - process.clock.latest;
    if (early > 0) this.#world.violated(`${job.name} started ${early} ms early`);
    if (this.#stopped.has(process)) {
      this.#world.violated(`${process.name} started ${job.name} after it was stopped`);
    }
    if (job.ancient && !job.kicked) this.#world.violated(`${job.name} was run too late`);
    const storedSince = (at: number): boolean => job.stored.some((replica) => replica.at > at);
    const { deletedAt, puts, forgottenAt } = job;
    const forgotten = (at: number): boolean => forgottenAt !== undefined && forgottenAt >= at;
    if (deletedAt !== undefined && !storedSince(job.revokedAt!) && !forgotten(job.revokedAt!)) {
      if (!this.isExcused(job)) this.#world.violated(`${job.name} started after it was deleted`);
    }
    if (puts === 0 && forgottenAt === undefined) {
      this.#world.violated(`${job.name} started after it was refused`);
    }
  }
}
