// The states a job can be in, by name: what `--state` takes.

import type { Standing } from '../ledger/ledger.ts';
import type { ReplicaState } from '../queue/node.ts';
import type { JobState } from './job.ts';

const replicaStates: Readonly<Record<ReplicaState, true>> = {
  ready: true,
  delayed: true,
  reserved: true,
  buried: true,
};

const ledgerStates: Readonly<Record<Standing['state'], true>> = {
  claimed: true,
  retry: true,
  done: true,
  dead: true,
  revoked: true,
};

const states: Readonly<Record<JobState, true>> = { ...replicaStates, ...ledgerStates };

export const jobStates: readonly string[] = Object.keys(states);

export function isJobState(word: string): word is JobState {
  return Object.hasOwn(states, word);
}

/** Whether only the ledger knows who is in it. */
export function isLedgerState(state: JobState): state is Standing['state'] {
  return Object.hasOwn(ledgerStates, state);
}

/** It will not run any more, whatever replicas are left. */
export function neverRunsAgain(state: JobState): boolean {
  return state === 'done' || state === 'revoked';
}
