// Watches every step of the ledger: who writes what, and whether it is so.

import { defaultTerms, type JobRef } from '../../../src/ledger/ledger.ts';
import type { Entry } from '../../../src/ledger/machine.ts';
import { workerOf, type Claims } from './claims.ts';
import type { History } from './history.ts';
import type { JobHistory } from './job-history.ts';
import { epoch, type Process } from './process.ts';
import type { World } from './world.ts';

export interface Writer {
  readonly by: Process;
  /** It no longer waits for the answer. */
  readonly late: boolean;
}

export class LedgerWatch {
  readonly #world: World;
  readonly #history: History;
  readonly #claims: Claims;
  /** A moment at which users are at their most harmful. */
  onTurn: (job: JobHistory, by: Process) => void = () => undefined;
  /** A claim is granted, and its answer on its way. */
  onGrant: (by: Process) => void = () => undefined;

  constructor(world: World, history: History, claims: Claims) {
    this.#world = world;
    this.#history = history;
    this.#claims = claims;
  }

  written(
    { key }: Pick<JobRef, 'key'>,
    before: Entry | undefined,
    entry: Entry,
    writer: Writer,
  ): void {
    const job = this.#history.jobs.get(key);
    if (job === undefined) return;
    const { by } = writer;
    this.#mayWrite(job, before, entry, by);
    job.writtenBy = by;
    switch (entry.state) {
      case 'claimed':
        this.#claimed(job, before, entry, writer);
        break;
      case 'retry':
        if (before?.state === 'claimed') this.#claims.settled(job, before.claim.token);
        this.#countsAreTrue(job, entry);
        this.onTurn(job, by);
        break;
      case 'done':
        this.#done(job, entry.by);
        break;
      case 'dead':
        this.#dead(job, before, entry, by);
        break;
      case 'revoked':
        job.deleteAsked ||= by.name.startsWith('delete');
        job.revokedAt = this.#world.timeline.now;
        job.revokedForGood = entry.final;
        job.failedSinceReset = 0;
    }
  }

  /** A worker is about to bury a replica. */
  metDead({ key }: JobRef, by: Process): void {
    const job = this.#history.jobs.get(key);
    if (job !== undefined) this.onTurn(job, by);
  }

  forgotten(keys: ReadonlySet<string>): void {
    this.#world.trace(undefined, () => `LEDGER FORGETS ${keys.size}`);
    for (const key of keys) {
      const job = this.#history.jobs.get(key);
      if (job === undefined) continue;
      job.excuses.push('lost ledger data');
      job.forgottenAt = this.#world.timeline.now;
      job.failedSinceReset = 0;
    }
  }

  /** What is done stays done, and a running job is only written by who runs it, unless it is a success. */
  #mayWrite(job: JobHistory, before: Entry | undefined, entry: Entry, by: Process): void {
    if (before?.state === 'done') this.#world.violated(`${job.name} was done, is ${entry.state}`);
    if (before?.state !== 'claimed' || entry.state === 'claimed' || entry.state === 'done') return;
    const { token } = before.claim;
    const lost = entry.state === 'dead' && entry.reason === 'lost';
    if (lost || workerOf(token) === by.name) return;
    this.#world.violated(`${by.name} wrote ${entry.state} for ${job.name} of ${token}`);
  }

  #claimed(
    job: JobHistory,
    before: Entry | undefined,
    entry: Extract<Entry, { state: 'claimed' }>,
    writer: Writer,
  ): void {
    const { claim, leaseUntil } = entry;
    if (before?.state === 'claimed' && before.claim.token !== claim.token) {
      this.#claims.takenOver(job, before.claim.token);
    }
    this.#countsAreTrue(job, claim);
    const extended = before?.state !== 'claimed' || before.leaseUntil !== leaseUntil;
    if (workerOf(claim.token) !== writer.by.name || !extended) return;
    if (this.#claims.held(job, entry, writer)) this.onGrant(writer.by);
  }

  #countsAreTrue(job: JobHistory, counts: { failures: number; deaths: number }): void {
    if (counts.failures > job.failed) {
      this.#world.violated(`${job.name} counts ${counts.failures} failures, it had ${job.failed}`);
    }
    if (counts.deaths > job.takenOver) {
      this.#world.violated(`${job.name} counts ${counts.deaths} deaths, it had ${job.takenOver}`);
    }
  }

  #done(job: JobHistory, token: string): void {
    const worker = workerOf(token);
    const succeeded = job.runs.some(
      ({ process, outcome }) => process.name === worker && outcome === 'succeeded',
    );
    if (!succeeded) this.#world.violated(`${job.name} is done without a success of ${worker}`);
    job.done = true;
    this.#claims.settled(job, token);
  }

  #dead(
    job: JobHistory,
    before: Entry | undefined,
    entry: Extract<Entry, { state: 'dead' }>,
    by: Process,
  ): void {
    if (before?.state === 'claimed') {
      const { token } = before.claim;
      if (entry.reason === 'lost') this.#claims.takenOver(job, token);
      else this.#claims.settled(job, token);
    }
    this.#countsAreTrue(job, entry);
    this.onTurn(job, by);
    const { reason, failures } = entry;
    const attempts = this.#history.limitsOf(by)?.attempts ?? Infinity;
    if (reason === 'failed' && failures < attempts) {
      this.#world.violated(`${job.name} is dead after ${failures} of ${attempts} failures`);
    }
    const age = epoch + this.#world.timeline.now - job.dueMs;
    if (reason === 'late' && age <= defaultTerms.ttl) {
      this.#world.violated(`${job.name} is dead, not late`);
    }
    if (reason === 'rejected' && !job.runs.some(({ outcome }) => outcome === 'rejected')) {
      this.#world.violated(`${job.name} is rejected by nobody`);
    }
  }
}
