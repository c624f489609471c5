// The history: what happened to each job, and the promises that are checked while it happens.

import type { Buffer } from 'node:buffer';
import { keyOf } from '../../../src/core/key.ts';
import { defaultTerms } from '../../../src/ledger/ledger.ts';
import { revocationMargin } from '../../../src/ledger/machine.ts';
import { Absences } from './absences.ts';
import { Claims } from './claims.ts';
import { HandlerWatch } from './handler-watch.ts';
import { newJobHistory, type JobHistory } from './job-history.ts';
import { LedgerWatch } from './ledger-watch.ts';
import type { Process } from './process.ts';
import { RepairWatch } from './repair-watch.ts';
import { widow, type Store, type Stored } from './stored.ts';
import type { World } from './world.ts';

/** What a worker of the simulation is bound by. */
export interface Limits {
  readonly concurrency: number;
  readonly attempts: number;
}

/** A replica that is so much younger than a revocation (ms) was put after it, beyond doubt. */
const beyondDoubt = revocationMargin + 1_000;

export class History {
  readonly jobs = new Map<string, JobHistory>();
  readonly absences: Absences;
  readonly handlers: HandlerWatch;
  readonly ledger: LedgerWatch;
  readonly repairs: RepairWatch;
  /** When the first worker came. */
  employedAt = Infinity;
  /** Of any worker. */
  mostAttempts = 0;
  readonly #world: World;
  readonly #claims: Claims;
  readonly #limits = new Map<Process, Limits>();
  readonly #stopped = new Set<Process>();

  constructor(world: World) {
    this.#world = world;
    this.absences = new Absences(world);
    this.#claims = new Claims(world, this.absences);
    this.handlers = new HandlerWatch(world, this, this.#claims);
    this.ledger = new LedgerWatch(world, this, this.#claims);
    this.repairs = new RepairWatch(world, this.absences);
  }

  job(envelope: Buffer): JobHistory {
    const known = this.jobs.get(keyOf(envelope));
    if (known !== undefined) return known;
    const job = newJobHistory(envelope);
    this.jobs.set(job.key, job);
    return job;
  }

  employs(process: Process, limits: Limits): void {
    this.employedAt = Math.min(this.employedAt, this.#world.timeline.now);
    this.mostAttempts = Math.max(this.mostAttempts, limits.attempts);
    this.#limits.set(process, limits);
  }

  limitsOf(process: Process): Limits | undefined {
    return this.#limits.get(process);
  }

  stopAsked(process: Process): void {
    this.#stopped.add(process);
  }

  isStopped(process: Process): boolean {
    return this.#stopped.has(process);
  }

  died(process: Process): void {
    this.#world.trace(process, () => 'DIED');
    this.#claims.excuse(process, 'a death');
    for (const store of this.#world.stores) widow(store, process);
    this.absences.thawed(process);
  }

  /** It exited although the ledger doesn't know how its runs ended. */
  leftUnsettled(process: Process): void {
    this.#claims.excuse(process, 'an end that was not written');
  }

  froze(process: Process): void {
    this.#world.trace(process, () => 'FROZEN');
    this.absences.froze(process);
  }

  thawed(process: Process): void {
    this.#world.trace(process, () => 'THAWED');
    if (this.absences.thawed(process) > defaultTerms.lease) {
      this.#claims.excuse(process, 'a pause');
    }
  }

  accepted(job: JobHistory, replicas: readonly { endpoint: string; id: bigint }[]): void {
    job.acceptedAt = this.#world.timeline.now;
    const put = job.stored.filter(({ by }) => !isRepairer(by));
    const last = put.at(-1)?.by;
    const since = (job.revokedAt ?? Infinity) + beyondDoubt;
    if (put.every(({ by, at }) => by !== last || at > since)) job.deleteAsked = false;
    for (const { endpoint, id } of replicas) {
      const stored = job.stored.find(
        (each) => each.node.name === endpoint && isStill(each, each.node, id),
      );
      if (stored?.takenBack !== true) continue;
      this.#world.violated(`${job.name} was accepted with a replica that was taken back`);
    }
  }

  kicked(job: JobHistory): void {
    job.kicked = true;
    job.failedSinceReset = 0;
  }

  stored(node: Store, stored: Stored, by: Process | undefined): void {
    const { key, id, putAt } = stored;
    const { incarnation } = node;
    const replica = { node, incarnation, id, at: putAt, by, takenBack: false };
    this.jobs.get(key)?.stored.push(replica);
    if (by !== undefined) this.repairs.stored(node, stored, by);
  }

  removed(node: Store, { key, id, putAt }: Stored, by: Process): void {
    const job = this.jobs.get(key);
    if (job === undefined) {
      this.#world.violated(`${by.name} deleted what is no job of dq on ${node.name}`);
      return;
    }
    const replica = job.stored.find((each) => each.node === node && isStill(each, node, id));
    if (replica?.by === by) replica.takenBack = true;
    if (job.done || replica?.by === by) return;
    const { revokedAt, revokedForGood } = job;
    if (revokedAt !== undefined && (revokedForGood || putAt <= revokedAt + beyondDoubt)) return;
    this.#world.violated(`${by.name} deleted a replica of ${job.name} that is not done`);
  }
}

/** What it puts is no new job. */
export function isRepairer(process: Process | undefined): boolean {
  return process?.name.startsWith('repair') === true;
}

/** The node hasn't lost its data since. */
function isStill(
  stored: JobHistory['stored'][number],
  { incarnation }: Store,
  id: bigint,
): boolean {
  return stored.incarnation === incarnation && stored.id === id;
}
