// The states a job can be in, by name: what `--state` takes.

import type { JobState } from './job.ts';

const states: Readonly<Record<JobState, true>> = {
  ready: true,
  delayed: true,
  reserved: true,
  buried: true,
  claimed: true,
  retry: true,
  done: true,
  dead: true,
  revoked: true,
};

export const jobStates: readonly string[] = Object.keys(states);

export function isJobState(word: string): word is JobState {
  return Object.hasOwn(states, word);
}
