// The ledger in the queue file: the pure machine, run in a transaction by the machine's clock.

import type { JobRef, Ledger, Terms } from '../ledger/ledger.ts';
import * as machine from '../ledger/machine.ts';
import type { Database, WriteTerms } from './database.ts';
import { orLedgerDown } from './trouble.ts';

/**
 * A ledger whose ttl is infinite forgets an ended job (200 bytes) that long after its due instant all the same, in
 * ms: nothing puts an equal envelope when its instant has long passed. One that was put before stays in the file,
 * and what is known of the job with it.
 */
const endedIsKept = 7 * 86_400_000;

/** How many entries whose time is over are removed with each entry written: more than are added. */
const removedAtOnce = 2;

const inFile = 'EXISTS (SELECT 1 FROM replica WHERE tube = job.tube AND key = job.key)';

const isKnown = `(forget_at IS NULL OR forget_at > ? OR ${inFile})`;

interface Row {
  readonly entry: string | null;
}

const kept: WriteTerms = { durable: true, rings: false };
/** If a power failure undoes it, its worker is gone as well. */
const renewed: WriteTerms = { durable: false, rings: false };

type Transition<Answer> = (
  entry: machine.Entry | undefined,
  moment: machine.Moment,
) => machine.Step<Answer>;

export class EmbeddedLedger implements Ledger {
  readonly revocationDoubt: number;
  readonly #database: Database;
  readonly #terms: Terms;
  /** Before each tube's name. */
  readonly #realm: string;
  /** At that instant, which is that of a transaction, no entry more was to be removed. */
  #cleanAt = NaN;

  constructor(database: Database, terms: Terms, realm = '') {
    this.#database = database;
    this.#terms = terms;
    this.#realm = realm;
    // A put into this file forgets the revocation in its own transaction
    this.revocationDoubt = realm === '' ? 0 : machine.revocationDoubt;
  }

  claim: Ledger['claim'] = (job, request) =>
    this.#apply(kept, job, (entry, moment) => machine.claim(entry, request, moment, this.#terms));
  renew: Ledger['renew'] = (job, claim) =>
    this.#apply(renewed, job, (entry, moment) => machine.renew(entry, claim, moment, this.#terms));
  retry: Ledger['retry'] = (job, claim, delayMs) =>
    this.#apply(kept, job, (entry, moment) => machine.retry(entry, claim, delayMs, moment));
  dead: Ledger['dead'] = (job, claim, death) =>
    this.#apply(kept, job, (entry, moment) => machine.dead(entry, claim, death, moment));
  giveBack: Ledger['giveBack'] = (job, claim, giveBack) =>
    this.#apply(kept, job, (entry, moment) => machine.giveBack(entry, claim, giveBack, moment));
  revoke: Ledger['revoke'] = (job, final) =>
    this.#apply(kept, job, (entry, moment) => machine.revoke(entry, final, moment));
  kick: Ledger['kick'] = (job) => this.#apply(kept, job, machine.kick);

  /** The job's replicas in this file go with it, in one transaction. */
  done: Ledger['done'] = (job, claim, exitCode) =>
    this.#apply(kept, job, (entry, moment) => {
      const sql = 'DELETE FROM replica WHERE tube = ? AND key = ?';
      this.#database.run(sql, this.#realm + job.tube, job.key);
      return machine.done(entry, claim, exitCode, moment);
    });

  look: Ledger['look'] = (job) =>
    orLedgerDown(this.#database.read((now) => machine.look(this.#entry(job, now), now)));
  lookAll: Ledger['lookAll'] = (jobs) =>
    orLedgerDown(
      this.#database.read((now) => {
        return this.#entries(jobs, now).map((entry) => machine.look(entry, now));
      }),
    );

  /** Writes, because a full disk can be read all the same. */
  async ready(): Promise<void> {
    const write = this.#database.write(kept, (now) => {
      this.#put('', '', '', now);
    });
    await orLedgerDown(write);
  }

  /** The file is closed by who opened it. */
  close(): void {
    return;
  }

  #apply<Answer>(terms: WriteTerms, job: JobRef, transition: Transition<Answer>): Promise<Answer> {
    const written = this.#database.write(terms, (now) => {
      const moment = { now, dueMs: job.dueMs };
      const before = this.#entry(job, now);
      const { entry, answer } = transition(before, moment);
      if (entry !== undefined && entry !== before) this.#store(job, entry, moment);
      return answer;
    });
    return orLedgerDown(written);
  }

  #entry({ tube, key }: JobRef, now: number): machine.Entry | undefined {
    const row = this.#database.get(
      `SELECT entry FROM job WHERE tube = ? AND key = ? AND ${isKnown}`,
      this.#realm + tube,
      key,
      now,
    ) as Row | undefined;
    return entryOf(row?.entry ?? null);
  }

  /** In one statement: each costs as much as what it does. */
  #entries(jobs: readonly JobRef[], now: number): (machine.Entry | undefined)[] {
    const rows = this.#database.all(
      `SELECT entry FROM json_each(?) AS asked LEFT JOIN job
       ON job.tube = asked.value ->> 0 AND job.key = asked.value ->> 1 AND ${isKnown} ORDER BY asked.key`,
      JSON.stringify(jobs.map(({ tube, key }) => [this.#realm + tube, key])),
      now,
    ) as Row[];
    return rows.map(({ entry }) => entryOf(entry));
  }

  #store({ tube, key }: JobRef, entry: machine.Entry, moment: machine.Moment): void {
    this.#put(this.#realm + tube, key, JSON.stringify(entry), this.#forgetAt(entry, moment));
    if (this.#cleanAt !== moment.now) this.#removeOver(moment.now);
  }

  #removeOver(now: number): void {
    const removed = this.#database.run(
      `DELETE FROM job WHERE (tube, key) IN
         (SELECT tube, key FROM job WHERE forget_at <= ? AND NOT ${inFile}
          ORDER BY forget_at LIMIT ?)`,
      now,
      removedAtOnce,
    );
    if (removed < removedAtOnce) this.#cleanAt = now;
  }

  #put(tube: string, key: string, entry: string, forgetAt: number | null): void {
    const sql = 'INSERT OR REPLACE INTO job (tube, key, entry, forget_at) VALUES (?, ?, ?, ?)';
    this.#database.run(sql, tube, key, entry, forgetAt);
  }

  /** Null: never, because its replica lies in the file. */
  #forgetAt(entry: machine.Entry, moment: machine.Moment): number | null {
    if (this.#terms.ttl !== Infinity) {
      return Math.ceil(moment.now + machine.keepFor(entry, moment, this.#terms));
    }
    const ended = entry.state === 'done' || entry.state === 'revoked';
    return ended ? Math.max(moment.now, moment.dueMs) + endedIsKept : null;
  }
}

function entryOf(text: string | null): machine.Entry | undefined {
  return text === null ? undefined : (JSON.parse(text) as machine.Entry);
}
