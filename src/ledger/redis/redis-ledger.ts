// The ledger on Redis: one string per job, one script per transition, and one call of it for all that a tick asks.

import { StrangeEntry } from '../../core/errors.ts';
import type { Claim, ClaimAnswer, JobRef, Ledger, Standing, Terms } from '../ledger.ts';
import type { ClaimRequest, Death, GiveBack, KickAnswer, RevokeAnswer } from '../ledger.ts';
import { revocationDoubt } from '../machine.ts';
import { RedisConnection, type ConnectionOptions } from './connection.ts';
import { mostAtOnce, Questions, type Reply, type SoundReply, type Word } from './questions.ts';
import { claimAnswer, standing } from './replies.ts';
import { assembleScripts, type Script, type Scripts, type Transition } from './scripts.ts';

export interface RedisLedgerOptions extends ConnectionOptions {
  readonly terms: Terms;
  /** Use the keys of go-queue, for a fleet in which its consumers work too. */
  readonly goQueue: boolean;
}

/** Tokens must be words: no blanks. */
export class RedisLedger implements Ledger {
  readonly revocationDoubt = revocationDoubt;
  readonly #connection: RedisConnection;
  readonly #terms: Terms;
  readonly #goQueue: boolean;
  readonly #scripts: Scripts;
  readonly #questions: Readonly<Record<Transition, Questions>>;

  /**
   * It connects at once, and calls wait for that.
   * @param scripts others than the usual are for tests that bring a clock.
   * @throws DqError (config)
   */
  constructor(options: RedisLedgerOptions, scripts: Scripts = assembleScripts()) {
    this.#terms = options.terms;
    this.#goQueue = options.goQueue;
    this.#connection = new RedisConnection(options);
    const questions = (script: Script): Questions =>
      new Questions((keys, words) => this.#evaluate(script, keys, words));
    this.#scripts = scripts;
    this.#questions = {
      claim: questions(scripts.claim),
      renew: questions(scripts.renew),
      done: questions(scripts.done),
      waitAgain: questions(scripts.waitAgain),
      dead: questions(scripts.dead),
      revoke: questions(scripts.revoke),
      kick: questions(scripts.kick),
      look: questions(scripts.look),
    };
  }

  claim(job: JobRef, { token, maxDeaths, age }: ClaimRequest): Promise<ClaimAnswer> {
    const connectedMs = Math.min(Math.floor(this.#connection.connectedMs), this.#terms.suspicion);
    const words = [job.dueMs, token, maxDeaths, age ?? -1, connectedMs];
    return this.#ask('claim', job, words, (reply) => claimAnswer(token, reply));
  }

  renew(job: JobRef, claim: Claim): Promise<boolean> {
    return this.#askAsOwner('renew', job, claim, []);
  }

  done(job: JobRef, { token }: Claim, exitCode: number): Promise<void> {
    return this.#ask('done', job, [job.dueMs, token, exitCode], nothing);
  }

  retry(job: JobRef, claim: Claim, delayMs: number): Promise<boolean> {
    const counted = { ...claim, failures: claim.failures + 1 };
    return this.#askAsOwner('waitAgain', job, counted, [delayMs]);
  }

  dead(job: JobRef, claim: Claim, { reason, exitCode }: Death): Promise<boolean> {
    const counted = { ...claim, failures: claim.failures + 1 };
    return this.#askAsOwner('dead', job, counted, [reason, exitCode ?? '-']);
  }

  giveBack(job: JobRef, claim: Claim, { started, delayMs }: GiveBack): Promise<boolean> {
    const counted = { ...claim, attempt: started ? claim.attempt : claim.attempt - 1 };
    return this.#askAsOwner('waitAgain', job, counted, [delayMs]);
  }

  revoke(job: JobRef, final: boolean): Promise<RevokeAnswer> {
    const read = (reply: SoundReply): RevokeAnswer => reply as RevokeAnswer;
    return this.#ask('revoke', job, [job.dueMs, final ? 1 : 0], read);
  }

  kick(job: JobRef): Promise<KickAnswer> {
    return this.#ask('kick', job, [job.dueMs], (reply) => reply as KickAnswer);
  }

  look(job: JobRef): Promise<Standing | undefined> {
    return this.#ask('look', job, [job.dueMs], standing);
  }

  async lookAll(jobs: readonly JobRef[]): Promise<(Standing | StrangeEntry | undefined)[]> {
    const groups: Promise<readonly Reply[]>[] = [];
    for (let from = 0; from < jobs.length; from += mostAtOnce) {
      const keys = jobs.slice(from, from + mostAtOnce).map((job) => this.#keyOf(job));
      groups.push(this.#evaluate(this.#scripts.look, keys, []));
    }
    const replies = (await Promise.all(groups)).flat();
    return replies.map((reply) => {
      if (!(reply instanceof Error)) return standing(reply);
      const meaning = this.#connection.meaningOf(reply);
      if (meaning instanceof StrangeEntry) return meaning;
      throw meaning;
    });
  }

  /** Asks for a write, because a Redis that is full or a replica answers all else; of a key that isn't there. */
  async ready(): Promise<void> {
    await this.#connection.ask((redis) => redis.set('dq:ready', '', 'PX', 1, 'XX'));
  }

  close(): void {
    this.#connection.close();
  }

  #askAsOwner(
    transition: Transition,
    job: JobRef,
    { token, attempt, failures, deaths }: Claim,
    words: readonly Word[],
  ): Promise<boolean> {
    const all = [job.dueMs, token, attempt, failures, deaths, ...words];
    return this.#ask(transition, job, all, (reply) => reply === 1);
  }

  #ask<Answer>(
    transition: Transition,
    job: JobRef,
    words: readonly Word[],
    read: (reply: SoundReply) => Answer,
  ): Promise<Answer> {
    return this.#questions[transition].put(this.#keyOf(job), words, (reply) =>
      read(this.#sound(reply)),
    );
  }

  #sound(reply: Reply): SoundReply {
    if (reply instanceof Error) throw this.#connection.meaningOf(reply);
    return reply;
  }

  #keyOf({ tube, key }: JobRef): string {
    return this.#goQueue ? key : `dq:${tube}:${key}`;
  }

  #evaluate(
    { sha, lua }: Script,
    keys: readonly string[],
    words: readonly Word[],
  ): Promise<readonly Reply[]> {
    const { ttl, lease, suspicion } = this.#terms;
    const all = [...keys, ttl, lease, suspicion, ...words];
    return this.#connection.ask((redis) => {
      const replies = redis.evalsha(sha, keys.length, ...all).catch((error: unknown) => {
        // Nothing was done: this Redis hasn't met the script yet, or forgot it.
        if (!String(error).includes('NOSCRIPT')) throw error;
        return redis.eval(lua, keys.length, ...all);
      });
      return replies as Promise<Reply[]>;
    });
  }
}

function nothing(): void {
  // The answer is that it was done.
}
