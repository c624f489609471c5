// The ledger's state machine: an entry, a request and the time in; the next entry and the answer out. Pure.

import type {
  Claim,
  ClaimAnswer,
  ClaimRequest,
  Death,
  DeathReason,
  GiveBack,
  KickAnswer,
  RevokeAnswer,
  Standing,
  Terms,
} from './ledger.ts';

/** Instants are ms since the epoch, on the ledger's own clock. */
export type Entry =
  | {
      readonly state: 'claimed';
      readonly claim: Claim;
      readonly claimedAt: number;
      readonly leaseUntil: number;
      /** When a worker first found the lease over; 0: nobody has. */
      readonly suspectAt: number;
    }
  | {
      readonly state: 'retry';
      readonly attempt: number;
      readonly failures: number;
      readonly deaths: number;
      readonly notBefore: number;
    }
  | {
      readonly state: 'done';
      readonly exitCode: number;
      readonly at: number;
      readonly by: string;
    }
  | {
      readonly state: 'dead';
      readonly reason: DeathReason;
      readonly exitCode: number | undefined;
      readonly at: number;
      readonly attempt: number;
      readonly failures: number;
      readonly deaths: number;
    }
  | { readonly state: 'revoked'; readonly at: number; readonly final: boolean };

export interface Step<Answer> {
  readonly entry: Entry | undefined;
  readonly answer: Answer;
}

/** The moment of a transition: the ledger's clock, and the job's due instant (ms since the epoch). */
export interface Moment {
  readonly now: number;
  readonly dueMs: number;
  /** How long whoever asks has been connected without a break, in ms; left out: it has never seen the ledger away. */
  readonly connectedMs?: number;
}

/** A replica whose age in whole seconds comes this close to a revocation counts as older than it, in ms. */
export const revocationMargin = 2_000;

/** One that is put so many ms after a revocation is known to be, though the clocks of node and ledger drift apart a little. */
export const revocationDoubt = revocationMargin + 500;

/**
 * Whether a replica was surely put after the revocation of its job.
 * @param age in whole seconds.
 */
export function isPutAfter(age: number, revokedAgoMs: number): boolean {
  return age * 1_000 + revocationMargin < revokedAgoMs;
}

/** A spare replica of a job that runs isn't looked at more often, in ms. */
export const shortestSpareWait = 1_000;

const hour = 3_600_000;
/** So that an entry is still there when its job is found late, in ms. */
export const keptBeyondTtl = hour;
export const deadStaysLonger = 30 * 24 * hour;

/** How long an entry is kept from now on, in ms. */
export function keepFor(entry: Entry, { now, dueMs }: Moment, terms: Terms): number {
  const kept = Math.max(now, dueMs) - now + terms.ttl + keptBeyondTtl;
  return entry.state === 'dead' ? kept + deadStaysLonger : kept;
}

export function claim(
  entry: Entry | undefined,
  request: ClaimRequest,
  moment: Moment,
  terms: Terms,
): Step<ClaimAnswer> {
  const { now } = moment;
  switch (entry?.state) {
    case undefined:
      return claimUnknown(request, moment, terms);
    case 'claimed':
      return claimClaimed(entry, request, moment, terms);
    case 'retry':
      if (entry.notBefore > now) {
        return { entry, answer: { kind: 'retry', waitMs: entry.notBefore - now } };
      }
      return grant(next(entry, request.token), now, terms);
    case 'done':
      return { entry, answer: { kind: 'done' } };
    case 'dead':
      return { entry, answer: { kind: 'dead', reason: entry.reason } };
    case 'revoked':
      if (!entry.final && request.age !== undefined) {
        if (isPutAfter(request.age, now - entry.at)) return claimUnknown(request, moment, terms);
      }
      return { entry, answer: { kind: 'revoked' } };
  }
}

function claimUnknown(
  request: ClaimRequest,
  { now, dueMs }: Moment,
  terms: Terms,
): Step<ClaimAnswer> {
  const fresh = { attempt: 0, failures: 0, deaths: 0 };
  if (now - dueMs > terms.ttl) return die('late', fresh, now);
  return grant(next(fresh, request.token), now, terms);
}

function claimClaimed(
  entry: Extract<Entry, { state: 'claimed' }>,
  request: ClaimRequest,
  { now, connectedMs = Infinity }: Moment,
  terms: Terms,
): Step<ClaimAnswer> {
  if (entry.claim.token === request.token) return grant(entry.claim, now, terms, entry.claimedAt);
  const leaseLeft = entry.leaseUntil - now;
  if (leaseLeft > 0) {
    const waitMs = Math.min(leaseLeft, Math.max(shortestSpareWait, now - entry.claimedAt));
    return { entry, answer: { kind: 'claimed', waitMs } };
  }
  if (entry.suspectAt === 0) {
    const suspected = { ...entry, suspectAt: now };
    return { entry: suspected, answer: { kind: 'claimed', waitMs: terms.suspicion } };
  }
  // After the ledger was away, the owner must have had as long to come back as this worker
  const suspectFor = Math.min(now - entry.suspectAt, connectedMs);
  const suspicionLeft = terms.suspicion - suspectFor;
  if (suspicionLeft > 0) return { entry, answer: { kind: 'claimed', waitMs: suspicionLeft } };
  const counts = { ...entry.claim, deaths: entry.claim.deaths + 1 };
  if (counts.deaths >= request.maxDeaths) return die('lost', counts, now);
  return grant(next(counts, request.token), now, terms);
}

type Counts = Omit<Claim, 'token'>;

function next(counts: Counts, token: string): Claim {
  return {
    token,
    attempt: counts.attempt + 1,
    failures: counts.failures,
    deaths: counts.deaths,
  };
}

function grant(granted: Claim, now: number, terms: Terms, claimedAt = now): Step<ClaimAnswer> {
  return {
    entry: held(granted, now, terms, claimedAt),
    answer: { kind: 'granted', claim: granted },
  };
}

function held(holder: Claim, now: number, terms: Terms, claimedAt = now): Entry {
  return {
    state: 'claimed',
    claim: holder,
    claimedAt,
    leaseUntil: now + terms.lease,
    suspectAt: 0,
  };
}

function die(reason: 'late' | 'lost', counts: Counts, at: number): Step<ClaimAnswer> {
  const { attempt, failures, deaths } = counts;
  return {
    entry: { state: 'dead', reason, exitCode: undefined, at, attempt, failures, deaths },
    answer: { kind: 'dead', reason },
  };
}

/** The owner may write although its lease is over, and although the ledger lost its data. */
function isOwner(entry: Entry | undefined, { token }: Claim): boolean {
  return entry === undefined || (entry.state === 'claimed' && entry.claim.token === token);
}

export function renew(
  entry: Entry | undefined,
  holder: Claim,
  { now }: Moment,
  terms: Terms,
): Step<boolean> {
  if (!isOwner(entry, holder)) return { entry, answer: false };
  const claimedAt = entry?.state === 'claimed' ? entry.claimedAt : now;
  return { entry: held(holder, now, terms, claimedAt), answer: true };
}

export function done(
  entry: Entry | undefined,
  { token }: Claim,
  exitCode: number,
  { now }: Moment,
): Step<void> {
  if (entry?.state === 'done') return { entry, answer: undefined };
  return { entry: { state: 'done', exitCode, at: now, by: token }, answer: undefined };
}

export function retry(
  entry: Entry | undefined,
  holder: Claim,
  delayMs: number,
  { now }: Moment,
): Step<boolean> {
  const { attempt, failures, deaths } = holder;
  return waitAgain(entry, holder, {
    attempt,
    failures: failures + 1,
    deaths,
    notBefore: now + delayMs,
  });
}

export function giveBack(
  entry: Entry | undefined,
  holder: Claim,
  { started, delayMs }: GiveBack,
  { now }: Moment,
): Step<boolean> {
  const { attempt, failures, deaths } = holder;
  return waitAgain(entry, holder, {
    attempt: started ? attempt : attempt - 1,
    failures,
    deaths,
    notBefore: now + delayMs,
  });
}

function waitAgain(
  entry: Entry | undefined,
  holder: Claim,
  waiting: Counts & { readonly notBefore: number },
): Step<boolean> {
  if (!isOwner(entry, holder)) return { entry, answer: false };
  return { entry: { state: 'retry', ...waiting }, answer: true };
}

export function dead(
  entry: Entry | undefined,
  holder: Claim,
  { reason, exitCode }: Death,
  { now }: Moment,
): Step<boolean> {
  if (!isOwner(entry, holder)) return { entry, answer: false };
  const { attempt, deaths } = holder;
  const failures = holder.failures + 1;
  return {
    entry: { state: 'dead', reason, exitCode, at: now, attempt, failures, deaths },
    answer: true,
  };
}

export function revoke(
  entry: Entry | undefined,
  final: boolean,
  { now }: Moment,
): Step<RevokeAnswer> {
  if (entry?.state === 'claimed' || entry?.state === 'done') return { entry, answer: entry.state };
  const forGood = final || (entry?.state === 'revoked' && entry.final);
  return { entry: { state: 'revoked', at: now, final: forGood }, answer: 'revoked' };
}

export function kick(entry: Entry | undefined, { now }: Moment): Step<KickAnswer> {
  switch (entry?.state) {
    case undefined:
    case 'dead':
      return {
        entry: {
          state: 'retry',
          attempt: entry?.attempt ?? 0,
          failures: 0,
          deaths: 0,
          notBefore: now,
        },
        answer: 'kicked',
      };
    case 'claimed':
    case 'retry':
      return { entry, answer: 'pending' };
    case 'done':
    case 'revoked':
      return { entry, answer: entry.state };
  }
}

export function look(entry: Entry | undefined, now: number): Standing | undefined {
  switch (entry?.state) {
    case undefined:
      return undefined;
    case 'claimed':
      return {
        state: 'claimed',
        claim: entry.claim,
        agoMs: now - entry.claimedAt,
        leaseLeftMs: entry.leaseUntil - now,
      };
    case 'retry': {
      const { attempt, failures, deaths } = entry;
      return { state: 'retry', attempt, failures, deaths, inMs: entry.notBefore - now };
    }
    case 'done':
      return { state: 'done', exitCode: entry.exitCode, agoMs: now - entry.at, by: entry.by };
    case 'dead': {
      const { reason, exitCode, attempt, failures, deaths } = entry;
      return { state: 'dead', reason, exitCode, attempt, failures, deaths, agoMs: now - entry.at };
    }
    case 'revoked':
      return { state: 'revoked', agoMs: now - entry.at };
  }
}
