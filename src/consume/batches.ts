// Batches: several jobs in one run of the handler. Each keeps its own claim, lease and verdict; only the run is shared.

import { havePassed, type Clock } from '../core/clock.ts';
import type { Handler, Outcome, Task } from './handler.ts';

export interface BatchOptions {
  /** How many jobs a run takes. */
  readonly size: number;
  /** How many runs there are at once. */
  readonly concurrency: number;
  /** How long the first job of a batch waits for others, in ms; 0: for those that are on their way to the handler. */
  readonly wait: number;
  readonly clock: Clock;
  /** Whether a job may share a run. */
  readonly fits: (task: Task) => boolean;
  /** One run of one or more jobs; as a handler, it must not reject, and must end soon after `signal` aborts. */
  readonly run: (tasks: readonly Task[], signal: AbortSignal) => Promise<Outcome>;
}

interface Member {
  readonly task: Task;
  readonly since: number;
  readonly end: (outcome: Outcome) => void;
  /** Ends its run, while that goes on. */
  stop?: AbortController;
}

const notStarted: Outcome = { kind: 'deferred', delayMs: 0, why: 'it did not start' };

export class Batches {
  readonly #options: BatchOptions;
  /** Those that share a run, and those that don't. */
  readonly #sharing = new Set<Member>();
  readonly #alone = new Set<Member>();
  #running = 0;
  /** Those that share a run wait for no others any more. */
  #ripe = false;
  /** The wait for others, while it lasts. */
  #waiting: AbortController | undefined;
  #stopped = false;

  constructor(options: BatchOptions) {
    this.#options = options;
  }

  readonly handle: Handler = (task, run) => {
    if (this.#stopped) return Promise.resolve(notStarted);
    return new Promise((end) => {
      const group = this.#sharesRun(task) ? this.#sharing : this.#alone;
      const member: Member = { task, since: this.#options.clock.now(), end };
      group.add(member);
      run.onStop(() => {
        member.stop?.abort();
        if (!group.delete(member)) return;
        end(notStarted);
        this.#start();
      });
      this.#start();
    });
  };

  /** No further job is on its way to the handler. */
  readonly onLull = (): void => {
    if (this.#options.wait === 0) this.#ripen();
  };

  /** Those that haven't started are given back. */
  readonly stop = (): void => {
    this.#stopped = true;
    this.#endWait();
    for (const group of [this.#alone, this.#sharing]) {
      for (const { end } of group) end(notStarted);
      group.clear();
    }
  };

  /** A run that failed, or whose worker died, is not shared again: one bad job can't hold the others. */
  #sharesRun(task: Task): boolean {
    return task.attempt === 1 && this.#options.fits(task);
  }

  #start(): void {
    const { concurrency, wait } = this.#options;
    while (this.#running < concurrency) {
      const members = this.#next();
      if (members.length === 0) break;
      this.#run(members);
    }
    if (this.#sharing.size === 0) {
      this.#ripe = false;
      this.#endWait();
    } else if (wait > 0 && !this.#ripe) void this.#wait();
  }

  #next(): Member[] {
    const { size } = this.#options;
    if (this.#alone.size > 0) return take(this.#alone, 1);
    return this.#ripe || this.#sharing.size >= size ? take(this.#sharing, size) : [];
  }

  #run(members: readonly Member[]): void {
    const { run } = this.#options;
    this.#running += 1;
    const tasks = members.map(({ task }) => task);
    const stop = new AbortController();
    for (const member of members) member.stop = stop;
    void run(tasks, stop.signal).then((outcome) => {
      this.#running -= 1;
      const each = members.length === 1 ? outcome : outcomeOfEach(outcome, members.length);
      for (const { end } of members) end(each);
      this.#start();
    });
  }

  async #wait(): Promise<void> {
    if (this.#waiting !== undefined) return;
    const { clock, wait } = this.#options;
    const waiting = new AbortController();
    this.#waiting = waiting;
    let [first] = this.#sharing;
    while (first !== undefined && !havePassed(clock, wait, first.since)) {
      await clock.sleep(first.since + wait - clock.now(), waiting.signal);
      if (waiting.signal.aborted) return;
      [first] = this.#sharing;
    }
    this.#waiting = undefined;
    this.#ripen();
  }

  #endWait(): void {
    this.#waiting?.abort();
    this.#waiting = undefined;
  }

  #ripen(): void {
    this.#ripe = this.#sharing.size > 0;
    this.#start();
  }
}

function take(from: Set<Member>, most: number): Member[] {
  const taken = [...from].slice(0, most);
  for (const member of taken) from.delete(member);
  return taken;
}

/** Whose fault a failure was isn't known: it counts as nobody's, and each runs alone as its next attempt. */
function outcomeOfEach(outcome: Outcome, count: number): Outcome {
  if (outcome.kind !== 'failed' && outcome.kind !== 'rejected') return outcome;
  const why = `its batch of ${count}: ${outcome.why}`;
  return { kind: 'deferred', delayMs: 0, counts: true, why };
}
