// What the scripts answer, read into the ledger's answers.

import type { ClaimAnswer, DeathReason, Standing } from '../ledger.ts';

/** Words and numbers in the order that is listed above each script. */
export type Reply = readonly (string | number)[];

export function claimAnswer(token: string, reply: Reply): ClaimAnswer {
  const [kind, first] = reply;
  switch (kind) {
    case 'granted':
      return { kind, claim: { token, ...counts(reply, 1) } };
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

export function standing(reply: Reply): Standing {
  const [state, first] = reply;
  switch (state) {
    case 'claimed': {
      const claim = { token: String(first), ...counts(reply, 2) };
      return { state, claim, agoMs: Number(reply[5]), leaseLeftMs: Number(reply[6]) };
    }
    case 'retry':
      return { state, ...counts(reply, 1), inMs: Number(reply[4]) };
    case 'done':
      return { state, exitCode: Number(first), agoMs: Number(reply[2]), by: String(reply[3]) };
    case 'dead': {
      const exitCode = reply[2] === '-' ? undefined : Number(reply[2]);
      const reason = first as DeathReason;
      return { state, reason, exitCode, ...counts(reply, 3), agoMs: Number(reply[6]) };
    }
    case 'revoked':
      return { state, agoMs: Number(first) };
    default:
      throw strange(reply);
  }
}

function counts(reply: Reply, from: number): { attempt: number; failures: number; deaths: number } {
  return {
    attempt: Number(reply[from]),
    failures: Number(reply[from + 1]),
    deaths: Number(reply[from + 2]),
  };
}

function strange(reply: Reply): Error {
  return new Error(`a script of the ledger answered ${JSON.stringify(reply)}`);
}
