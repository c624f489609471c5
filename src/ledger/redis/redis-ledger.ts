// The ledger on Redis: one string per job, one script per transition.

import type { Claim, ClaimAnswer, JobRef, Ledger, Standing, Terms } from '../ledger.ts';
import type { ClaimRequest, Death, GiveBack, KickAnswer, RevokeAnswer } from '../ledger.ts';
import { RedisConnection, type ConnectionOptions } from './connection.ts';
import { claimAnswer, standing, type Reply } from './replies.ts';
import { assembleScripts, type Script, type Scripts } from './scripts.ts';

export interface RedisLedgerOptions extends ConnectionOptions {
  readonly terms: Terms;
  /** Use the keys of go-queue, for a fleet in which its consumers work too. */
  readonly goQueue: boolean;
}

type Word = string | number;

/** So many jobs are looked at by one script: it takes about a millisecond, in which Redis does nothing else. */
const lookedAtOnce = 500;

/** Tokens must be words: no blanks. */
export class RedisLedger implements Ledger {
  readonly #connection: RedisConnection;
  readonly #terms: Terms;
  readonly #goQueue: boolean;
  readonly #scripts: Scripts;

  /**
   * It connects at once, and calls wait for that.
   * @param scripts others than the usual are for tests that bring a clock.
   * @throws DqError (config)
   */
  constructor(options: RedisLedgerOptions, scripts: Scripts = assembleScripts()) {
    this.#terms = options.terms;
    this.#goQueue = options.goQueue;
    this.#scripts = scripts;
    this.#connection = new RedisConnection(options);
  }

  async claim(job: JobRef, { token, maxDeaths, age }: ClaimRequest): Promise<ClaimAnswer> {
    const { lease, suspicion } = this.#terms;
    const words = [token, lease, suspicion, maxDeaths, age ?? -1];
    return claimAnswer(token, (await this.#run(this.#scripts.claim, job, words)) as Reply);
  }

  renew(job: JobRef, claim: Claim): Promise<boolean> {
    return this.#runAsOwner(this.#scripts.renew, job, claim, [this.#terms.lease]);
  }

  async done(job: JobRef, { token }: Claim, exitCode: number): Promise<void> {
    await this.#run(this.#scripts.done, job, [token, exitCode]);
  }

  retry(job: JobRef, claim: Claim, delayMs: number): Promise<boolean> {
    const counted = { ...claim, failures: claim.failures + 1 };
    return this.#runAsOwner(this.#scripts.waitAgain, job, counted, [delayMs]);
  }

  dead(job: JobRef, claim: Claim, { reason, exitCode }: Death): Promise<boolean> {
    const counted = { ...claim, failures: claim.failures + 1 };
    return this.#runAsOwner(this.#scripts.dead, job, counted, [reason, exitCode ?? '-']);
  }

  giveBack(job: JobRef, claim: Claim, { started, delayMs }: GiveBack): Promise<boolean> {
    const counted = { ...claim, attempt: started ? claim.attempt : claim.attempt - 1 };
    return this.#runAsOwner(this.#scripts.waitAgain, job, counted, [delayMs]);
  }

  async revoke(job: JobRef, final: boolean): Promise<RevokeAnswer> {
    return (await this.#run(this.#scripts.revoke, job, [final ? 1 : 0])) as RevokeAnswer;
  }

  async kick(job: JobRef): Promise<KickAnswer> {
    return (await this.#run(this.#scripts.kick, job, [])) as KickAnswer;
  }

  async look(job: JobRef): Promise<Standing | undefined> {
    const [found] = await this.lookAll([job]);
    return found;
  }

  async lookAll(jobs: readonly JobRef[]): Promise<(Standing | undefined)[]> {
    const groups: Promise<(Reply | null)[]>[] = [];
    for (let from = 0; from < jobs.length; from += lookedAtOnce) {
      const keys = jobs.slice(from, from + lookedAtOnce).map((job) => this.#keyOf(job));
      const looked = this.#evaluate(this.#scripts.look, keys, [0, this.#terms.ttl]);
      groups.push(looked as Promise<(Reply | null)[]>);
    }
    const replies = (await Promise.all(groups)).flat();
    return replies.map((reply) => (reply === null ? undefined : standing(reply)));
  }

  /** Writes, because a Redis that is full or a replica answers all the same. */
  async ready(): Promise<void> {
    await this.#connection.ask((redis) => redis.set('dq:ready', '', 'PX', 1));
  }

  close(): void {
    this.#connection.close();
  }

  async #runAsOwner(script: Script, job: JobRef, claim: Claim, words: Word[]): Promise<boolean> {
    const { token, attempt, failures, deaths } = claim;
    return (await this.#run(script, job, [token, attempt, failures, deaths, ...words])) === 1;
  }

  #run(script: Script, job: JobRef, words: Word[]): Promise<unknown> {
    return this.#evaluate(script, [this.#keyOf(job)], [job.dueMs, this.#terms.ttl, ...words]);
  }

  #keyOf({ tube, key }: JobRef): string {
    return this.#goQueue ? key : `dq:${tube}:${key}`;
  }

  #evaluate({ sha, lua }: Script, keys: readonly string[], words: Word[]): Promise<unknown> {
    const all = [...keys, ...words];
    return this.#connection.ask((redis) =>
      redis.evalsha(sha, keys.length, ...all).catch((error: unknown) => {
        // Nothing was done: this Redis hasn't met the script yet, or forgot it.
        if (!String(error).includes('NOSCRIPT')) throw error;
        return redis.eval(lua, keys.length, ...all);
      }),
    );
  }
}
