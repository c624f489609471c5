// The worker: takes what the nodes bring, runs each job once on its slots, and ends in order.

import type { Backlog } from '../core/backlog.ts';
import { backoffMs, type Backoff } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { dueMs, openEnvelope } from '../core/envelope.ts';
import { DqError, StrangeEntry } from '../core/errors.ts';
import { keyOf } from '../core/key.ts';
import { aborted, newController } from '../core/signals.ts';
import type { JobRef, Ledger } from '../ledger/ledger.ts';
import type { QueueNode, Reservation } from '../queue/node.ts';
import { Attempt, type AttemptParts, type NamedJob } from './attempt.ts';
import type { Background } from './background.ts';
import type { Report } from './events.ts';
import { Fetcher } from './fetcher.ts';
import { Finished } from './finished.ts';
import { Gate } from './gate.ts';
import type { Admit, FactsOf, Handler, Outcome } from './handler.ts';
import { Keeper } from './keeper.ts';
import { Leases } from './lease.ts';
import { Removals } from './removals.ts';
import { settle } from './settle.ts';
import { Slots } from './slots.ts';
import { Source } from './source.ts';
import { Tokens } from './tokens.ts';
import { maxDeaths, type Verdict } from './verdict.ts';

export interface WorkerOptions {
  /** Without blanks, and no other worker's: it names this worker in the ledger. */
  readonly name: string;
  readonly tubes: readonly WorkTube[];
  readonly ledger: Ledger;
  readonly handler: Handler;
  /** Asked about each job before it is claimed; without it, every job is run. */
  readonly admit?: Admit;
  /** What events tell of a job besides its tube and key. */
  readonly factsOf?: FactsOf;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly report: Report;
  readonly concurrency: number;
  /** How many failures a job may have before it is buried. */
  readonly attempts: number;
  /** How long handlers may finish after a stop, in ms. */
  readonly grace: number;
  /** The worker stops after so many runs. */
  readonly maxJobs?: number;
  /** Tells at the start that the ledger is down, and reserves nothing until it is back: else that shows at the first job. */
  readonly asksLedger?: boolean;
  /** Called whenever no job is on its way to the handler: every node and the ledger have answered. */
  readonly onLull?: () => void;
  /** That of the reports: while it is too much, nothing new is taken. */
  readonly backlog?: Backlog;
  /** Told what became of each run, once the ledger knows. */
  readonly onVerdict?: (job: JobRef, verdict: Verdict) => void;
  /** Called once, when nothing new starts any more: it was stopped, or has failed. */
  readonly onStopping?: () => void;
}

interface WorkTube {
  /** The logical tube. */
  readonly name: string;
  readonly nodes: readonly QueueNode[];
}

export interface WorkSummary {
  readonly succeeded: number;
  /** Jobs that were buried, or found to be dead. */
  readonly buried: number;
  /** Jobs whose end isn't written down: they will be run again. */
  readonly unsettled: number;
}

/** After its signal aborted a handler has this long (ms) to end: TERM, then KILL, and what follows. */
const lastChance = 10_000;
/** Beyond that, a worker begins to forget which dead jobs it has seen. */
const mostDeadKnown = 10_000;
/** A job that couldn't be claimed is back after a second, and here soon after that: in ms. */
const longestPostponement = 1_500;
/** A handler that can't be run here is tried again after so many ms. */
const betweenStarts: Backoff = { first: 1_000, most: 30_000 };
/** So many runs that nobody heard, one rest after the other, and the worker ends: it can't get its reader back. */
const mostUnheard = 3;

export class Worker {
  readonly #options: WorkerOptions;
  readonly #stopping = newController();
  readonly #giveUp = newController();
  readonly #slots: Slots;
  readonly #fetcher: Fetcher;
  readonly #keeper: Keeper;
  readonly #removals: Removals;
  readonly #leases: Leases;
  readonly #gate: Gate;
  readonly #tokens: Tokens;
  readonly #finished: Finished;
  readonly #parts: AttemptParts;
  /** By tube and key: the attempts that still adopt replicas. */
  readonly #current = new Map<string, Attempt>();
  /** How many jobs are held, run or settled, and who waits for the last of them. */
  #working = 0;
  readonly #onRest: (() => void)[] = [];
  /** Jobs that were found dead, so that each is told and counted once. */
  readonly #dead = new Set<string>();
  #held = 0;
  #claiming = 0;
  /** Replicas that were sent away from here, and are about to come back. */
  #postponed = 0;
  /** Times in a row that no handler could be run here, and those of them that were unheard. */
  #troubles = 0;
  #unheard = 0;
  #resting = false;
  #awaitsReader = false;
  #succeeded = 0;
  #buried = 0;
  /** The names of jobs that came to an end which isn't written down. */
  readonly #unsettled = new Set<string>();
  #defect: Error | undefined;

  constructor(options: WorkerOptions) {
    const { clock, random, report, ledger } = options;
    const stopping = this.#stopping.signal;
    const giveUp = this.#giveUp.signal;
    this.#options = options;
    this.#slots = new Slots(options.concurrency, options.maxJobs ?? Infinity, () => {
      this.#onSlotFree();
    });
    const background: Background = (work) => {
      work.catch(this.#fail.bind(this));
    };
    this.#keeper = new Keeper(clock, background);
    const settleParts = { clock, random, keeper: this.#keeper, report };
    this.#removals = new Removals(settleParts, giveUp, (work) => {
      this.#track(work);
    });
    this.#leases = new Leases(ledger, clock, background);
    this.#tokens = new Tokens(options.name);
    this.#finished = new Finished(clock);
    const onChange = (): void => {
      this.#fetcher.pump();
    };
    const onBack = (): Promise<void> => this.#giveBackLost();
    const gateParts = { ledger, clock, random, report, background, onBack, onOpen: onChange };
    this.#gate = new Gate(gateParts, giveUp);
    const onReservation = this.#arrive.bind(this);
    const sourceParts = { clock, random, report, background, onReservation, onChange };
    const sources = options.tubes.flatMap(({ name, nodes }) =>
      nodes.map((node) => new Source(node, name, sourceParts, stopping)),
    );
    const wanted = (): boolean => this.#wanted();
    let asksLedger = options.asksLedger === true;
    const onAsked = (): void => {
      if (asksLedger && !this.#fetcher.asking) {
        asksLedger = false;
        background(this.#gate.ask(() => ledger.ready()));
      }
      if (this.#claiming === 0 && !this.#fetcher.asking) options.onLull?.();
    };
    const fetcherParts = { clock, slots: this.#slots, wanted, onAsked };
    this.#fetcher = new Fetcher(sources, fetcherParts, stopping);
    this.#parts = {
      ...{ ledger, clock, random, report, stopping, giveUp },
      ...{ handler: options.handler, attempts: options.attempts },
      admit: options.admit ?? (() => 'run'),
      factsOf: options.factsOf ?? (() => undefined),
      ...{
        slots: this.#slots,
        keeper: this.#keeper,
        removals: this.#removals,
        leases: this.#leases,
      },
      ...{ gate: this.#gate, tokens: this.#tokens },
      onHold: (change) => {
        this.#held += change;
        if (change < 0) this.#fetcher.pump();
      },
      onClaim: (change) => {
        this.#claiming += change;
        if (change < 0) this.#fetcher.pump();
      },
      onSettling: ({ job }) => this.#current.delete(job.name),
      onVerdict: (job, verdict, outcome) => {
        options.onVerdict?.(job, verdict);
        if (verdict.kind === 'done') this.#finished.add(job.name);
        if (verdict.kind === 'dead') this.#noteDead(job);
        this.#count(verdict, outcome);
      },
      onDone: (job) => {
        this.#finished.add(job.name);
      },
      onDead: (job) => this.#noteDead(job),
      onUnsettled: ({ name }) => {
        this.#unsettled.add(name);
      },
      onPostponed: () => {
        background(this.#notePostponed());
      },
    };
  }

  /**
   * Nothing is held, running or being settled here, nothing that was sent away from here is about to come back,
   * and every node that is up had nothing ready.
   */
  get idle(): boolean {
    if (this.#working > 0 || this.#postponed > 0) return false;
    return this.#gate.open && this.#fetcher.idle;
  }

  /** Nothing runs here, and nothing comes or goes as long as the ledger is down. */
  get stalled(): boolean {
    return !this.#gate.open && [...this.#current.values()].every((each) => each.isUnwritten);
  }

  /**
   * Works until `stop` aborts (or `maxJobs` have run), then lets handlers finish for `grace`, ends the rest,
   * and gives back what it can.
   * @param hurry ends the handlers without waiting for `grace`.
   */
  async run(stop: AbortSignal, hurry: AbortSignal): Promise<WorkSummary> {
    void aborted(stop).then(() => {
      this.#stopping.abort();
    });
    void aborted(this.#stopping.signal).then(this.#options.onStopping);
    const upkeep = [this.#keeper, this.#leases].map((each) => each.run(this.#giveUp.signal));
    this.#fetcher.pump();
    await aborted(this.#stopping.signal);
    await this.#finish(hurry);
    this.#giveUp.abort();
    await Promise.all(upkeep);
    if (this.#defect !== undefined) throw this.#defect;
    const { size: unsettled } = new Set([...this.#unsettled, ...this.#current.keys()]);
    return { succeeded: this.#succeeded, buried: this.#buried, unsettled };
  }

  async #finish(hurry: AbortSignal): Promise<void> {
    const { clock, grace, report } = this.#options;
    const running = this.#slots.taken;
    if (running > 0) report({ level: 'info', event: 'stopping', running });
    if (await this.#endsWithin(grace, hurry)) return;
    for (const attempt of this.#current.values()) attempt.stop();
    if (await this.#endsWithin(lastChance)) return;
    this.#giveUp.abort();
    await clock.sleep(0);
  }

  async #endsWithin(ms: number, hurry?: AbortSignal): Promise<boolean> {
    const cut = newController();
    const skip = hurry === undefined ? cut.signal : AbortSignal.any([cut.signal, hurry]);
    const all = this.#allSettled().finally(() => {
      cut.abort();
    });
    await Promise.race([all, this.#options.clock.sleep(ms, skip)]);
    return this.#working === 0;
  }

  #allSettled(): Promise<void> {
    if (this.#working === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onRest.push(resolve);
    });
  }

  #wanted(): boolean {
    const mostHeld = 4 * this.#options.concurrency + 16;
    return this.#gate.open && !this.#resting && this.#held < mostHeld && this.#isRead();
  }

  #isRead(): boolean {
    const backlog = this.#options.backlog?.();
    if (backlog !== undefined && !this.#awaitsReader) {
      this.#awaitsReader = true;
      void backlog.then(() => {
        this.#awaitsReader = false;
        this.#fetcher.pump();
      });
    }
    return backlog === undefined;
  }

  #onSlotFree(): void {
    if (this.#slots.exhausted) this.#stopping.abort();
    else this.#fetcher.refill();
  }

  #arrive(replica: Reservation, source: Source): void {
    const { tube } = source;
    const key = keyOf(replica.envelope);
    const name = `${tube}:${key}`;
    const current = this.#current.get(name);
    if (current !== undefined) {
      current.adopt(replica);
      return;
    }
    if (this.#finished.has(name)) {
      const node = replica.node.endpoint;
      const reason = 'done';
      this.#options.report({ level: 'debug', event: 'removed', tube, key, node, reason });
      this.#removals.add(this.#keeper.keep(replica));
      return;
    }
    const content = openEnvelope(replica.envelope);
    if (content === undefined) {
      this.#buryForeign(replica, tube);
      return;
    }
    const job = { name, tube, key, dueMs: dueMs(content.dueNs) };
    const attempt = new Attempt(job, content, replica, this.#parts);
    this.#current.set(name, attempt);
    this.#track(attempt.live());
  }

  #buryForeign(replica: Reservation, tube: string): void {
    const about = { tube, node: replica.node.endpoint, id: String(replica.id) };
    const reason = 'it is no envelope <due ns>/<payload>';
    this.#options.report({ level: 'error', event: 'no-envelope', ...about, reason });
    this.#buried += 1;
    const kept = this.#keeper.keep(replica);
    this.#track(settle(kept, { kind: 'bury' }, this.#parts, this.#giveUp.signal));
  }

  /** By a timer: a wall clock may be set while it is away. */
  async #notePostponed(): Promise<void> {
    this.#postponed += 1;
    await this.#options.clock.sleep(longestPostponement, this.#giveUp.signal);
    this.#postponed -= 1;
  }

  #track(work: Promise<unknown>): void {
    this.#working += 1;
    void work.then(this.#worked, (defect: unknown) => {
      this.#fail(defect);
      this.#worked();
    });
  }

  readonly #worked = (): void => {
    this.#working -= 1;
    if (this.#working > 0) return;
    this.#fetcher.pump();
    for (const resolve of this.#onRest.splice(0)) resolve();
  };

  /** What no part of the worker can deal with ends it. */
  #fail(defect: unknown): void {
    this.#defect ??= defect instanceof Error ? defect : new Error(String(defect));
    this.#stopping.abort();
  }

  #noteDead({ name }: NamedJob): boolean {
    if (this.#dead.has(name)) return false;
    if (this.#dead.size >= mostDeadKnown) this.#dead.clear();
    this.#dead.add(name);
    this.#buried += 1;
    return true;
  }

  #count(verdict: Verdict, outcome: Outcome): void {
    if (verdict.kind === 'done') this.#succeeded += 1;
    if (outcome.kind === 'unstartable' || outcome.kind === 'unheard') {
      void this.#rest(outcome);
    } else {
      this.#troubles = 0;
      this.#unheard = 0;
    }
  }

  /** Handlers can't be run here just now: other workers may have the jobs. */
  async #rest({ kind, why }: Extract<Outcome, { kind: 'unstartable' | 'unheard' }>): Promise<void> {
    if (this.#resting) return;
    this.#resting = true;
    this.#troubles += 1;
    if (kind === 'unheard') this.#unheard += 1;
    if (this.#unheard >= mostUnheard) this.#fail(new DqError('unavailable', why));
    const { clock, random } = this.#options;
    const wait = backoffMs(betweenStarts, this.#troubles, random());
    await clock.sleep(wait, this.#stopping.signal);
    this.#resting = false;
    this.#fetcher.pump();
  }

  /** A claim whose answer was lost may stand in the ledger: nobody runs it, so it is undone. */
  async #giveBackLost(): Promise<void> {
    const { ledger } = this.#options;
    for (let lost = this.#tokens.takeLost(); lost !== undefined; lost = this.#tokens.takeLost()) {
      const { job, token } = lost;
      try {
        const answer = await ledger.claim(job, { token, maxDeaths });
        if (answer.kind !== 'granted') continue;
        await ledger.giveBack(job, answer.claim, { started: false, delayMs: 0 });
      } catch (error) {
        if (error instanceof StrangeEntry) continue;
        this.#tokens.lost(lost);
        throw error;
      }
    }
  }
}
