// Endings: waits until jobs that were put are over, by looking into the ledger from their due instants on.

import { Buffer } from 'node:buffer';
import { backoffMs, type Backoff } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { LedgerDown, StrangeEntry } from '../core/errors.ts';
import { newController } from '../core/signals.ts';
import type { JobRef, Ledger, Standing } from '../ledger/ledger.ts';

export type Ending = Extract<Standing, { readonly state: 'done' | 'dead' | 'revoked' }>;

export interface AwaitedJob {
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly dueMs: number;
  /** What its user knows it by. */
  readonly number: number;
}

export interface EndingsParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** The logical tube. */
  readonly tube: string;
  /**
   * Called once for each job, in the order in which they end.
   * @param ending undefined: the waiting is over, the job isn't.
   */
  readonly onEnding: (job: AwaitedJob, ending: Ending | undefined) => unknown;
  /** Called once a change: with the reason when the ledger can't be asked (of all jobs, or one), with undefined when it can again. */
  readonly onLedger: (reason: string | undefined) => void;
}

/** A short job is seen at once, and a long one costs two questions a second. */
const betweenLooks: Backoff = { first: 20, most: 500 };

/** So many jobs are looked at in turn; the others, of which there may be millions, wait until one of these is over. */
const mostWatched = 64;

export class Endings {
  readonly #parts: EndingsParts;
  readonly #waiting = new AwaitedJobs();
  readonly #watchers = new Set<Promise<void>>();
  readonly #putting = newController();
  #signal = this.#putting.signal;
  #until = Infinity;
  #ledgerIsDown = false;
  #givenUp = false;
  #toldStrange = false;

  constructor(parts: EndingsParts) {
    this.#parts = parts;
  }

  add(job: AwaitedJob): void {
    this.#waiting.push(job);
    if (this.#watchers.size >= mostWatched) return;
    const watcher = this.#watchInTurn().then(() => {
      this.#watchers.delete(watcher);
    });
    watcher.catch(() => undefined); // whoever waits for the end is told
    this.#watchers.add(watcher);
  }

  /**
   * Resolves when every job that was added is over, or `signal` aborts.
   * @param until ms since the epoch, when the waiting is over.
   */
  async end(until: number, signal: AbortSignal): Promise<void> {
    this.#until = until;
    this.#signal = signal;
    this.#putting.abort();
    await Promise.all(this.#watchers);
  }

  async #watchInTurn(): Promise<void> {
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      await this.#parts.onEnding(job, await this.#watch(job));
    }
  }

  async #watch(job: AwaitedJob): Promise<Ending | undefined> {
    const { clock, tube } = this.#parts;
    let nextLook = job.dueMs;
    for (let looks = 1; ; looks++) {
      await this.#sleepUntil(nextLook);
      if (this.#isStopped) return undefined;
      const isLast = clock.now() >= this.#until;
      const standing = await this.#look({ tube, ...job });
      if (isOver(standing)) return standing;
      if (isLast) return undefined;
      nextLook = clock.now() + backoffMs(betweenLooks, looks, Math.random());
    }
  }

  async #sleepUntil(instant: number): Promise<void> {
    const { clock } = this.#parts;
    for (;;) {
      const left = Math.min(instant, this.#until) - clock.now();
      if (left <= 0 || this.#isStopped) return;
      await clock.sleep(left, this.#signal);
    }
  }

  get #isStopped(): boolean {
    return this.#givenUp || (this.#signal !== this.#putting.signal && this.#signal.aborted);
  }

  async #look(job: JobRef): Promise<Standing | undefined> {
    const { ledger, clock } = this.#parts;
    try {
      const standing = await ledger.look(job);
      this.#ledgerIs(undefined);
      return standing;
    } catch (error) {
      if (!(error instanceof LedgerDown)) throw error;
      if (error instanceof StrangeEntry) {
        this.#entryIsStrange(error.message);
        return undefined;
      }
      this.#ledgerIs(error.message);
      this.#givenUp ||= clock.now() >= this.#until;
      return undefined;
    }
  }

  /** Others can be asked: the ledger isn't down. */
  #entryIsStrange(reason: string): void {
    if (!this.#toldStrange) this.#parts.onLedger(reason);
    this.#toldStrange = true;
  }

  #ledgerIs(reason: string | undefined): void {
    const isDown = reason !== undefined;
    if (isDown === this.#ledgerIsDown) return;
    this.#ledgerIsDown = isDown;
    this.#parts.onLedger(reason);
  }
}

/** Until somebody kicks a dead one. */
export function isOver(standing: Standing | undefined): standing is Ending {
  const state = standing?.state;
  return state === 'done' || state === 'dead' || state === 'revoked';
}

const keyBytes = 16;
const numberBytes = 8;
const jobBytes = keyBytes + 2 * numberBytes;
const chunkJobs = 1_024;

/** A queue that holds a job in 32 bytes: its key, its due instant, its number. */
class AwaitedJobs {
  readonly #chunks: Buffer[] = [];
  #added = 0;
  #taken = 0;

  push({ key, dueMs, number }: AwaitedJob): void {
    const at = (this.#added++ % chunkJobs) * jobBytes;
    if (at === 0) this.#chunks.push(Buffer.alloc(chunkJobs * jobBytes));
    const chunk = this.#chunks.at(-1);
    chunk?.write(key, at, 'hex');
    chunk?.writeDoubleLE(dueMs, at + keyBytes);
    chunk?.writeDoubleLE(number, at + keyBytes + numberBytes);
  }

  shift(): AwaitedJob | undefined {
    const [chunk] = this.#chunks;
    if (chunk === undefined || this.#taken === this.#added) return undefined;
    const from = (this.#taken++ % chunkJobs) * jobBytes;
    if (this.#taken % chunkJobs === 0) this.#chunks.shift();
    const due = from + keyBytes;
    return {
      key: chunk.toString('hex', from, due),
      dueMs: chunk.readDoubleLE(due),
      number: chunk.readDoubleLE(due + numberBytes),
    };
  }
}
