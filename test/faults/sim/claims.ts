// Which claims stand, whose they are, and whether they were rightly taken over.

import { defaultTerms } from '../../../src/ledger/ledger.ts';
import type { Entry } from '../../../src/ledger/machine.ts';
import type { Absences } from './absences.ts';
import type { JobHistory } from './job-history.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

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

export class Claims {
  readonly #world: World;
  readonly #absences: Absences;
  readonly #open = new Map<string, Map<string, OpenClaim>>();

  constructor(world: World, absences: Absences) {
    this.#world = world;
    this.#absences = absences;
  }

  /** Whether it is a claim that was not open before. */
  held(
    job: JobHistory,
    { claim }: Extract<Entry, { state: 'claimed' }>,
    { by, late }: { by: Process; late: boolean },
  ): boolean {
    const claims = this.#of(by.name);
    const open = claims.get(job.key);
    const contactAt = this.#world.timeline.now;
    if (open?.token === claim.token) {
      open.contactAt = contactAt;
      return false;
    }
    claims.set(job.key, { job, token: claim.token, late, contactAt });
    return true;
  }

  settled(job: JobHistory, token: string): void {
    const claims = this.#of(workerOf(token));
    if (claims.get(job.key)?.token === token) claims.delete(job.key);
  }

  takenOver(job: JobHistory, token: string): void {
    job.takenOver += 1;
    const name = workerOf(token);
    const claim = this.#of(name).get(job.key);
    const owner = this.#world.processes.find((each) => each.name === name);
    if (owner?.alive !== true || claim?.token !== token || claim.late) return;
    if (job.forgottenAt !== undefined && job.forgottenAt > claim.contactAt) return;
    const alone = this.#absences.since(owner, claim.contactAt);
    const wasAway = this.#world.ledger.wasAway(claim.contactAt);
    if (alone >= (wasAway ? longestAfterOutage : defaultTerms.lease)) {
      job.excuses.push('a worker that was cut off');
      return;
    }
    this.#world.violated(
      `${job.name} was taken from ${name}, which lives and was cut off for ${alone} ms only`,
    );
  }

  /** The jobs that this process has claimed may run once more. */
  excuse({ name }: Process, why: string): void {
    for (const { job } of this.#of(name).values()) job.excuses.push(why);
  }

  /** Why the job may succeed once more; undefined: it may not. */
  excuseFor(job: JobHistory): string | undefined {
    const last = job.excuses.at(-1);
    if (last !== undefined) return last;
    for (const { name } of this.#absences.frozenFor(defaultTerms.lease)) {
      if (this.#of(name).has(job.key)) return 'a pause';
    }
    return undefined;
  }

  #of(worker: string): Map<string, OpenClaim> {
    const claims = this.#open.get(worker) ?? new Map<string, OpenClaim>();
    this.#open.set(worker, claims);
    return claims;
  }
}

/** The name of the worker that made it. */
export function workerOf(token: string): string {
  return token.slice(0, Math.max(0, token.indexOf('/')));
}
