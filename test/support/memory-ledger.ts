// The pure state machine behind the ledger's interface: for tests that need no Redis.

import type { Clock } from '../../src/core/clock.ts';
import type { JobRef, Ledger, Terms } from '../../src/ledger/ledger.ts';
import * as machine from '../../src/ledger/machine.ts';
import { defaultTerms } from '../../src/ledger/ledger.ts';

export class MemoryLedger implements Ledger {
  readonly revocationDoubt = machine.revocationDoubt;
  readonly entries = new Map<string, { entry: machine.Entry; until: number }>();
  readonly #clock: Clock;
  readonly #terms: Terms;

  constructor(clock: Clock, terms: Terms = defaultTerms) {
    this.#clock = clock;
    this.#terms = terms;
  }

  claim: Ledger['claim'] = (job, request) =>
    this.#apply(job, (entry, moment) => machine.claim(entry, request, moment, this.#terms));
  renew: Ledger['renew'] = (job, claim) =>
    this.#apply(job, (entry, moment) => machine.renew(entry, claim, moment, this.#terms));
  done: Ledger['done'] = (job, claim, exitCode) =>
    this.#apply(job, (entry, moment) => machine.done(entry, claim, exitCode, moment));
  retry: Ledger['retry'] = (job, claim, delayMs) =>
    this.#apply(job, (entry, moment) => machine.retry(entry, claim, delayMs, moment));
  dead: Ledger['dead'] = (job, claim, death) =>
    this.#apply(job, (entry, moment) => machine.dead(entry, claim, death, moment));
  giveBack: Ledger['giveBack'] = (job, claim, giveBack) =>
    this.#apply(job, (entry, moment) => machine.giveBack(entry, claim, giveBack, moment));
  revoke: Ledger['revoke'] = (job, final) =>
    this.#apply(job, (entry, moment) => machine.revoke(entry, final, moment));
  kick: Ledger['kick'] = (job) => this.#apply(job, machine.kick);

  look: Ledger['look'] = (job) => Promise.resolve(machine.look(this.entry(job), this.#clock.now()));
  lookAll: Ledger['lookAll'] = (jobs) => Promise.all(jobs.map(this.look));

  ready: Ledger['ready'] = () => Promise.resolve();

  close(): void {
    this.entries.clear();
  }

  entry(job: JobRef): machine.Entry | undefined {
    const kept = this.entries.get(name(job));
    return kept !== undefined && kept.until > this.#clock.now() ? kept.entry : undefined;
  }

  #apply<Answer>(
    job: JobRef,
    transition: (entry: machine.Entry | undefined, moment: machine.Moment) => machine.Step<Answer>,
  ): Promise<Answer> {
    const moment = { now: this.#clock.now(), dueMs: job.dueMs };
    const before = this.entry(job);
    const { entry, answer } = transition(before, moment);
    if (entry !== undefined && entry !== before) {
      const until = moment.now + machine.keepFor(entry, moment, this.#terms);
      this.entries.set(name(job), { entry, until });
    }
    return Promise.resolve(answer);
  }
}

function name({ tube, key }: JobRef): string {
  return `${tube}:${key}`;
}
