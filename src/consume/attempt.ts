// One job in this process: held until due, claimed, run, and settled with every replica of it that is here.

import { sleepUntil, type Clock } from '../core/clock.ts';
import type { Job } from '../core/envelope.ts';
import { LedgerDown, NodeError, StrangeEntry } from '../core/errors.ts';
import { longestDelay } from '../core/job-defaults.ts';
import type { Claim, ClaimAnswer, JobRef, Ledger, Standing } from '../ledger/ledger.ts';
import { isPutAfter } from '../ledger/machine.ts';
import type { Reservation } from '../queue/node.ts';
import { addressOf } from '../queue/replica-of.ts';
import type { Report, WorkEvent } from './events.ts';
import type { Gate } from './gate.ts';
import type { Admit, Drop, FactsOf, Handler, Outcome, Run, Task } from './handler.ts';
import type { Keeper, Kept } from './keeper.ts';
import { Lease, type Leases } from './lease.ts';
import type { Removals } from './removals.ts';
import { kickUntilTaken, settle, type Fate } from './settle.ts';
import type { Slots } from './slots.ts';
import type { Tokens } from './tokens.ts';
import { judge, maxDeaths, type Verdict } from './verdict.ts';

/** A job that may start within so many ms waits here for it; a longer wait is left to the node. */
const longestHold = 2_000;
/** A claim is asked for so many ms before its job is due, so that the answer is here at that instant. */
const claimAhead = 5;
/** For a replica that meets a ledger or a node which can't be asked, or a lost claim. */
const comeBackSoon: Fate = { kind: 'release', delay: 1 };
/** A job whose entry can't be read is looked at again after so many ms. */
const strangeWait = 30_000;
/** A revocation, and then an age, that were asked for within so many ms can be compared: half the margin, the other is the age's rounding. */
const longestLook = 1_000;
/** A grant that was asked for so many ms ago may be void: this process stood still, and its lease ran out. */
const oldestGrant = 5_000;
/** A job that no worker has claimed for so many ms although one could is of use to none. */
const longestDesertion = 5 * 60_000;

export interface NamedJob extends JobRef {
  /** No other job of the worker has it, whatever their tubes. */
  readonly name: string;
}

/** What the attempts of a worker share. */
export interface AttemptParts {
  readonly ledger: Ledger;
  readonly handler: Handler;
  readonly admit: Admit;
  readonly factsOf: FactsOf;
  readonly clock: Clock;
  readonly random: () => number;
  readonly report: Report;
  readonly attempts: number;
  readonly slots: Slots;
  readonly gate: Gate;
  readonly keeper: Keeper;
  readonly removals: Removals;
  readonly leases: Leases;
  readonly tokens: Tokens;
  /** Nothing new starts after it aborts. */
  readonly stopping: AbortSignal;
  /** What isn't settled when it aborts stays unsettled. */
  readonly giveUp: AbortSignal;
  /** One job more (1) or less (-1) is held. */
  readonly onHold: (change: 1 | -1) => void;
  /** One job more (1) or less (-1) is being claimed, or waits with its claim until it is due. */
  readonly onClaim: (change: 1 | -1) => void;
  /** Called at once before the replicas are settled: no more are adopted. */
  readonly onSettling: (attempt: Attempt) => void;
  /** The ledger says that the job is done. */
  readonly onDone: (job: NamedJob) => void;
  /** The ledger took this verdict. */
  readonly onVerdict: (job: NamedJob, verdict: Verdict, outcome: Outcome) => void;
  /** The ledger says the job is dead. Whether that is news to this worker: its other replicas say it too. */
  readonly onDead: (job: NamedJob) => boolean;
  /** A run came to its end and the ledger doesn't know. */
  readonly onUnsettled: (job: NamedJob) => void;
  /** A due job was sent away for `comeBackSoon`. */
  readonly onPostponed: () => void;
}

/** What is to happen next: the replicas' fate, or another hold until the instant (ms) comes. */
type Next = Fate | { readonly kind: 'hold'; readonly until: number };

export class Attempt implements Run {
  readonly job: NamedJob;
  readonly #content: Job;
  readonly #parts: AttemptParts;
  readonly #replicas: Kept[];
  #ran = false;
  #writing = false;
  #stopped = false;
  #stop: AbortController | undefined;
  #onStop: (() => void) | undefined;
  /** When the ledger was last asked for the claim, ms since the epoch. */
  #askedAt = 0;

  constructor(job: NamedJob, content: Job, replica: Reservation, parts: AttemptParts) {
    this.job = job;
    this.#content = content;
    this.#replicas = [parts.keeper.keep(replica)];
    this.#parts = parts;
  }

  /** One more replica of the same job: it shares the fate of the others. */
  adopt(replica: Reservation): void {
    this.#replicas.push(this.#parts.keeper.keep(replica));
  }

  /** Ends the handler, because dq stops or the job is no longer this worker's. */
  stop(): void {
    this.#stopped = true;
    this.#stop?.abort();
    this.#onStop?.();
  }

  /** Nothing runs any more, and only the ledger has still to be told. */
  get isUnwritten(): boolean {
    return this.#writing;
  }

  get signal(): AbortSignal {
    this.#stop ??= new AbortController();
    if (this.#stopped) this.#stop.abort();
    return this.#stop.signal;
  }

  onStop(act: () => void): void {
    if (this.#stopped) act();
    else this.#onStop = act;
  }

  /** Runs synchronously up to the taking of a slot when the job is due. */
  async live(): Promise<void> {
    let next: Next = { kind: 'hold', until: this.job.dueMs - claimAhead };
    while (next.kind === 'hold') next = await this.#startAt(next.until);
    const fate = next;
    this.#parts.onSettling(this);
    if (fate.kind !== 'delete') {
      await Promise.all(this.#replicas.map((replica) => this.#settle(replica, fate)));
    } else for (const replica of this.#replicas) this.#parts.removals.add(replica);
  }

  #startAt(instant: number): Next | Promise<Next> {
    const left = instant - this.#parts.clock.now();
    if (left > longestHold) return releaseFor(left);
    const { dueNs, payload } = this.#content;
    const admission = this.#parts.admit({ tube: this.job.tube, dueNs, payload });
    if (admission === 'pass') return comeBackSoon;
    if (admission !== 'run') return this.#dropUseless(admission);
    return left > 0 ? this.#holdUntil(instant) : this.#start(instant);
  }

  async #holdUntil(instant: number): Promise<Next> {
    const { clock, stopping, onHold } = this.#parts;
    onHold(1);
    await sleepUntil(clock, instant, stopping);
    onHold(-1);
    return this.#start(instant);
  }

  #start(instant: number): Next | Promise<Next> {
    const { clock, gate, slots, stopping } = this.#parts;
    if (stopping.aborted) return releaseFor(instant - clock.now());
    if (!gate.open) return comeBackSoon;
    if (!slots.take()) return releaseFor(0);
    return this.#claimAndRun();
  }

  /** Writes nothing; a job that another worker has, or had lately, stays. */
  async #dropUseless({ drop: reason, isWanted }: Drop): Promise<Fate> {
    if (await isWanted()) return comeBackSoon;
    const looked = await this.#look();
    if (looked === undefined || isAlive(looked.answer)) return comeBackSoon;
    this.#tell('warn', 'removed', { reason });
    return { kind: 'delete' };
  }

  /** On a slot, which it gives back. */
  async #claimAndRun(): Promise<Next> {
    try {
      const answer = await this.#claim();
      if (answer === undefined) return comeBackSoon;
      return await (answer.kind === 'revoked' ? this.#claimPutAgain() : this.#follow(answer));
    } finally {
      this.#parts.slots.give(this.#ran);
    }
  }

  /** The job was deleted: only a replica that was put after that still counts. */
  async #claimPutAgain(): Promise<Next> {
    const { clock } = this.#parts;
    for (let replica = this.#replicas[0]; replica !== undefined; replica = this.#replicas[0]) {
      const askedAt = clock.now();
      const looked = await this.#look();
      if (looked === undefined) return comeBackSoon;
      if (looked.answer?.state !== 'revoked') return { kind: 'hold', until: clock.now() };
      const age = await ageOf(replica.reservation);
      const passed = clock.now() - askedAt;
      if (passed < 0 || passed > longestLook) continue;
      // The revocation has aged as well: else one that was put again is taken for older, and lost
      if (age !== undefined && isPutAfter(age, looked.answer.agoMs + passed)) {
        const answer = await this.#claim(age);
        if (answer === undefined) return comeBackSoon;
        if (answer.kind !== 'revoked') return this.#follow(answer);
      }
      await this.#drop(replica, age === undefined ? comeBackSoon : { kind: 'delete' });
    }
    return releaseFor(0);
  }

  async #drop(replica: Kept, fate: Fate): Promise<void> {
    this.#replicas.splice(this.#replicas.indexOf(replica), 1);
    const { endpoint } = replica.reservation.node;
    if (fate.kind === 'delete')
      this.#tell('info', 'removed', { reason: 'revoked', node: endpoint });
    await this.#settle(replica, fate);
  }

  /** Undefined when the ledger couldn't be asked. */
  async #look(): Promise<{ answer: Standing | undefined } | undefined> {
    const { ledger, gate } = this.#parts;
    try {
      return { answer: await ledger.look(this.job) };
    } catch (error) {
      if (!(error instanceof LedgerDown)) throw error;
      if (!(error instanceof StrangeEntry)) gate.shut(error);
      return undefined;
    }
  }

  /** Undefined when the ledger couldn't be asked. */
  async #claim(age?: number, token = this.#parts.tokens.next()): Promise<ClaimAnswer | undefined> {
    const { ledger, clock, tokens, gate, onClaim } = this.#parts;
    this.#askedAt = clock.now();
    onClaim(1);
    try {
      const request = age === undefined ? { token, maxDeaths } : { token, maxDeaths, age };
      return await ledger.claim(this.job, request);
    } catch (error) {
      if (!(error instanceof LedgerDown)) throw error;
      if (error instanceof StrangeEntry) {
        this.#tell('error', 'refused', { reason: error.message });
        return { kind: 'claimed', waitMs: strangeWait };
      }
      tokens.lost({ job: this.job, token });
      gate.shut(error);
      return undefined;
    } finally {
      onClaim(-1);
    }
  }

  #follow(answer: Exclude<ClaimAnswer, { kind: 'revoked' }>): Next | Promise<Next> {
    switch (answer.kind) {
      case 'granted':
        return this.#runWhenDue(answer.claim);
      case 'claimed':
        return { kind: 'release', delay: Math.ceil(answer.waitMs / 1_000) };
      case 'retry':
        return { kind: 'hold', until: this.#parts.clock.now() + answer.waitMs };
      case 'done':
        this.#parts.onDone(this.job);
        this.#tell('debug', 'removed', { reason: 'done' });
        return { kind: 'delete' };
      case 'dead':
        if (this.#parts.onDead(this.job)) {
          this.#tell('error', 'buried', { reason: answer.reason });
        }
        return { kind: 'bury' };
    }
  }

  /** The worker was stopped while the claim was on its way. */
  async #undo(claim: Claim): Promise<Fate> {
    await this.#write(claim, { kind: 'giveBack', giveBack: { started: false, delayMs: 0 } });
    return releaseFor(0);
  }

  /** The same token is granted the same attempt again, unless another has taken it over. */
  async #confirm({ token }: Claim): Promise<Next> {
    const answer = await this.#claim(undefined, token);
    if (answer === undefined || answer.kind === 'revoked') return comeBackSoon;
    return this.#follow(answer);
  }

  #runWhenDue(claim: Claim): Promise<Next> {
    const { clock, leases } = this.#parts;
    const lease = new Lease(this.job, claim, clock.now(), () => {
      this.#tell('warn', 'lost', { attempt: claim.attempt });
      this.stop();
    });
    leases.hold(lease);
    return clock.now() < this.job.dueMs
      ? this.#waitAndRun(claim, lease)
      : this.#runIfOwn(claim, lease);
  }

  async #waitAndRun(claim: Claim, lease: Lease): Promise<Next> {
    const { clock, stopping, onClaim } = this.#parts;
    onClaim(1);
    await sleepUntil(clock, this.job.dueMs, stopping);
    onClaim(-1);
    return this.#runIfOwn(claim, lease);
  }

  #runIfOwn(claim: Claim, lease: Lease): Promise<Next> {
    const { clock, leases, stopping } = this.#parts;
    if (!stopping.aborted && clock.now() - this.#askedAt <= oldestGrant) {
      return this.#run(claim, lease);
    }
    leases.letGo(lease);
    return stopping.aborted ? this.#undo(claim) : this.#confirm(claim);
  }

  async #run(claim: Claim, lease: Lease): Promise<Fate> {
    const { clock, handler, leases } = this.#parts;
    const startedAt = clock.now();
    this.#tell('debug', 'started', { attempt: claim.attempt });
    const outcome = await handler(this.#task(claim), this);
    const ms = clock.now() - startedAt;
    this.#ran = outcome.kind !== 'unstartable' && outcome.kind !== 'deferred';
    const verdict = judge(outcome, claim, this.#parts.attempts, this.#parts.random());
    const accepted = await this.#write(claim, verdict);
    leases.letGo(lease);
    if (accepted === undefined) return releaseFor(0);
    if (!accepted) return comeBackSoon;
    this.#tellVerdict(verdict, outcome, { attempt: claim.attempt, ms });
    this.#parts.onVerdict(this.job, verdict, outcome);
    return fateOf(verdict);
  }

  #task({ attempt, failures, deaths }: Claim): Task {
    const { tube, key } = this.job;
    const { dueNs, payload } = this.#content;
    const [replica] = this.#replicas;
    if (replica === undefined) throw new Error('a job without a replica can not run');
    const address = addressOf(replica.reservation);
    return { tube, key, dueNs, payload, attempt, failures, deaths, replica: address };
  }

  /** Ledger first, replicas second. False: refused; undefined: the worker gave up before it could be written. */
  async #write(claim: Claim, verdict: Verdict): Promise<boolean | undefined> {
    const { ledger, gate } = this.#parts;
    const { job } = this;
    this.#writing = true;
    const written = await gate.ask(() => {
      switch (verdict.kind) {
        case 'done':
          return ledger.done(job, claim, verdict.exitCode).then(taken);
        case 'retry':
          return ledger.retry(job, claim, verdict.delayMs);
        case 'dead':
          return ledger.dead(job, claim, verdict.death);
        case 'giveBack':
          return ledger.giveBack(job, claim, verdict.giveBack);
      }
    });
    if (written === undefined) this.#parts.onUnsettled(this.job);
    return written?.answer;
  }

  #tellVerdict(
    verdict: Verdict,
    outcome: Outcome,
    run: { readonly attempt: number; readonly ms: number },
  ): void {
    const exit = exitCodeOf(outcome);
    const why = 'why' in outcome ? { reason: outcome.why } : {};
    switch (verdict.kind) {
      case 'done':
        this.#tell('info', 'done', { ...run, ...exit, ...why });
        break;
      case 'retry':
        this.#tell('warn', 'failed', { ...run, ...exit, ...why, retryMs: verdict.delayMs });
        break;
      case 'dead':
        this.#tell('error', 'buried', { ...run, ...exit, ...why });
        break;
      case 'giveBack':
        this.#tell('warn', outcome.kind === 'unstartable' ? 'unstartable' : 'given-back', {
          ...run,
          ...why,
        });
        break;
    }
  }

  async #settle(replica: Kept, fate: Fate): Promise<void> {
    const settled = await settle(replica, fate, this.#parts, this.#parts.giveUp);
    if (fate === comeBackSoon) this.#parts.onPostponed();
    if (settled && fate.kind === 'bury') await this.#lookAgain(replica.reservation);
  }

  /** Whoever kicked the job while its replica was being buried couldn't find that replica: kick it for them. */
  async #lookAgain(replica: Reservation): Promise<void> {
    const looked = await this.#parts.gate.ask(() => this.#parts.ledger.look(this.job));
    if (looked === undefined || looked.answer?.state === 'dead') return;
    await kickUntilTaken(replica, this.#parts, this.#parts.giveUp);
  }

  #tell(level: WorkEvent['level'], event: WorkEvent['event'], facts: Partial<WorkEvent>): void {
    const { tube, key } = this.job;
    const { factsOf, report } = this.#parts;
    report({ level, event, tube, key, ...factsOf(this.#content), ...facts });
  }
}

function isAlive(standing: Standing | undefined): boolean {
  switch (standing?.state) {
    case 'claimed':
      return standing.leaseLeftMs > -longestDesertion;
    case 'retry':
      return standing.inMs > -longestDesertion;
    default:
      return false;
  }
}

/** Beanstalkd counts whole seconds, and not all that an envelope can: the rest is waited for when the replica returns. */
function releaseFor(ms: number): Fate {
  const delay = Math.max(0, Math.floor(ms / 1_000));
  return { kind: 'release', delay: Math.min(delay, longestDelay) };
}

function fateOf(verdict: Verdict): Fate {
  switch (verdict.kind) {
    case 'done':
      return { kind: 'delete' };
    case 'retry':
      return releaseFor(verdict.delayMs);
    case 'dead':
      return { kind: 'bury' };
    case 'giveBack':
      return { kind: 'release', delay: Math.ceil(verdict.giveBack.delayMs / 1_000) };
  }
}

/** A success is taken from whoever tells it. */
function taken(): boolean {
  return true;
}

function exitCodeOf(outcome: Outcome): { exitCode?: number } {
  return 'exitCode' in outcome ? { exitCode: outcome.exitCode } : {};
}

/** How old a replica is, in whole seconds, asked anew because an age goes stale; undefined when it is no longer ours. */
async function ageOf(replica: Reservation): Promise<number | undefined> {
  try {
    const stats = await replica.node.stats(replica.id);
    // Still ours on the connection that reserved it: the node wasn't restarted, and the id names this replica
    return (await replica.touch()) ? stats?.age : undefined;
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    return undefined;
  }
}
