// Where workers agree who runs a job: the interface, whatever remembers it.

import type { StrangeEntry } from '../core/errors.ts';

/** The terms every worker of a cluster must share, in ms. */
export interface Terms {
  /** How long a finished or pending job is remembered after its due instant; at least an hour. */
  readonly ttl: number;
  /** How long a claim holds unless renewed. */
  readonly lease: number;
  /** How long a claim whose lease is over is suspected before it is taken over. */
  readonly suspicion: number;
}

export const defaultTerms: Terms = { ttl: 3 * 86_400_000, lease: 20_000, suspicion: 10_000 };

export interface JobRef {
  /** The logical tube. */
  readonly tube: string;
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly dueMs: number;
}

/** A worker's right to run a job, with the counts that the ledger gave with it. */
export interface Claim {
  readonly token: string;
  /** Counts every claim: above 1, the job may have run before. */
  readonly attempt: number;
  /** Runs whose handler said no. */
  readonly failures: number;
  /** Runs whose worker disappeared. */
  readonly deaths: number;
}

export interface ClaimRequest {
  /** One for each attempt: asking again with the same token grants the same attempt again. */
  readonly token: string;
  /** The job is dead when this many of its workers have disappeared. */
  readonly maxDeaths: number;
  /** How long ago the replica was put, in whole seconds; needed only after an answer `revoked`. */
  readonly age?: number;
}

/**
 * - `failed`: as many failures as the worker allows; `rejected`: the handler said it never will succeed.
 * - `lost`: as many workers disappeared as allowed; `late`: found when the ledger couldn't know of an earlier run.
 */
export type DeathReason = 'failed' | 'rejected' | 'lost' | 'late';

/** Instants are answered as durations in ms: only the ledger's own clock counts. */
export type ClaimAnswer =
  | { readonly kind: 'granted'; readonly claim: Claim }
  /** Another worker runs it, or is suspected dead: release the replica for that long, rounded up. */
  | { readonly kind: 'claimed'; readonly waitMs: number }
  /** It failed before: it may be claimed in that long, not earlier. */
  | { readonly kind: 'retry'; readonly waitMs: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'dead'; readonly reason: DeathReason }
  /** Ask again with the replica's age, if this request had none; else delete the replica. */
  | { readonly kind: 'revoked' };

export type RevokeAnswer = 'revoked' | 'claimed' | 'done';

/**
 * - `kicked`: it was dead, or unknown, and may be claimed at once; `pending`: it waits or runs, kick the replica.
 * - `done`, `revoked`: nothing will run, a buried replica may go.
 */
export type KickAnswer = 'kicked' | 'pending' | 'done' | 'revoked';

/** What the ledger knows of a job; durations in ms. */
export type Standing =
  | {
      readonly state: 'claimed';
      readonly claim: Claim;
      readonly agoMs: number;
      /** Negative when the lease is over. */
      readonly leaseLeftMs: number;
    }
  | {
      readonly state: 'retry';
      readonly attempt: number;
      readonly failures: number;
      readonly deaths: number;
      /** Zero or less: it may be claimed now. */
      readonly inMs: number;
    }
  | {
      readonly state: 'done';
      readonly exitCode: number;
      readonly agoMs: number;
      /** The token of the claim that succeeded; empty when a Go consumer took the job. */
      readonly by: string;
    }
  | {
      readonly state: 'dead';
      readonly reason: DeathReason;
      /** Undefined when the last run had none (a signal, a timeout, no run at all). */
      readonly exitCode: number | undefined;
      readonly attempt: number;
      readonly failures: number;
      readonly deaths: number;
      readonly agoMs: number;
    }
  | { readonly state: 'revoked'; readonly agoMs: number };

/** Every method rejects with LedgerDown when the ledger can't be asked; it may have taken effect all the same. */
export interface Ledger {
  /** For so many ms after a revocation an equal put may be taken for the revoked job. */
  readonly revocationDoubt: number;
  claim(job: JobRef, request: ClaimRequest): Promise<ClaimAnswer>;
  /** False: refused, the job is no longer this worker's and its handler must stop. */
  renew(job: JobRef, claim: Claim): Promise<boolean>;
  /** A success is a success, whoever holds the claim. */
  done(job: JobRef, claim: Claim, exitCode: number): Promise<void>;
  /** One failure more, to be claimed again in `delayMs`. False: no longer this worker's. */
  retry(job: JobRef, claim: Claim, delayMs: number): Promise<boolean>;
  /** Never to be run again unless kicked. False: no longer this worker's. */
  dead(job: JobRef, claim: Claim, death: Death): Promise<boolean>;
  /** The run ended by dq's own doing, or never began: no failure is counted. */
  giveBack(job: JobRef, claim: Claim, giveBack: GiveBack): Promise<boolean>;
  /**
   * @param final nobody will put an equal envelope again: every replica is deleted, whatever its age.
   */
  revoke(job: JobRef, final: boolean): Promise<RevokeAnswer>;
  kick(job: JobRef): Promise<KickAnswer>;
  look(job: JobRef): Promise<Standing | undefined>;
  /** The same for many at once, in their order; a StrangeEntry stands for its own job only. */
  lookAll(jobs: readonly JobRef[]): Promise<(Standing | StrangeEntry | undefined)[]>;
  /** Resolves when a claim could be written now. */
  ready(): Promise<void>;
  close(): void;
}

export interface Death {
  readonly reason: DeathReason;
  readonly exitCode?: number | undefined;
}

export interface GiveBack {
  /** Whether the handler had started: if not, the attempt is uncounted. */
  readonly started: boolean;
  /** How long until it may be claimed again. */
  readonly delayMs: number;
}
