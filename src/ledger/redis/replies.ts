// What the scripts answer, read into the ledger's answers.

import type { Claim, ClaimAnswer, DeathReason, Standing } from '../ledger.ts';
import type { SoundReply } from './questions.ts';

export function claimAnswer(token: string, reply: SoundReply): ClaimAnswer {
  const words = wordsOf(reply);
  const [kind, first] = words;
  switch (kind) {
    case 'granted':
      return { kind, claim: { token, ...counts(words, 1) } };
    case 'claimed':
    case 'retry':
      return { kind, waitMs: Number(first) };
    case 'dead':
      return { kind, reason: first as DeathReason };
    case 'done':
    case 'revoked':
      return { kind };
    default:
      throw strange(reply);
  }
}

export function standing(reply: SoundReply): Standing | undefined {
  if (reply === null) return undefined;
  const words = wordsOf(reply);
  const [state, first = ''] = words;
  switch (state) {
    case 'claimed': {
      const claim = { token: first, ...counts(words, 2) };
      return { state, claim, agoMs: Number(words[5]), leaseLeftMs: Number(words[6]) };
    }
    case 'retry':
      return { state, ...counts(words, 1), inMs: Number(words[4]) };
    case 'done':
      return { state, exitCode: Number(first), agoMs: Number(words[2]), by: words[3] ?? '' };
    case 'dead': {
      const exitCode = words[2] === '-' ? undefined : Number(words[2]);
      const reason = first as DeathReason;
      return { state, reason, exitCode, ...counts(words, 3), agoMs: Number(words[6]) };
    }
    case 'revoked':
      return { state, agoMs: Number(first) };
    default:
      throw strange(reply);
  }
}

/** The words of each reply are listed above its script. */
function wordsOf(reply: SoundReply): readonly string[] {
  return typeof reply === 'string' ? reply.split(' ') : [];
}

type Counts = Pick<Claim, 'attempt' | 'failures' | 'deaths'>;

function counts(words: readonly string[], from: number): Counts {
  return {
    attempt: Number(words[from]),
    failures: Number(words[from + 1]),
    deaths: Number(words[from + 2]),
  };
}

function strange(reply: SoundReply): Error {
  return new Error(`a script of the ledger answered ${JSON.stringify(reply)}`);
}
