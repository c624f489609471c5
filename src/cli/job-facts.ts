// What `list` and `peek` tell of a job, from what the nodes and the ledger said.

import type { Standing } from '../ledger/ledger.ts';
import type { JobFacts, LedgerFacts, ReplicaFacts } from '../output/survey-json.ts';
import { addressOf } from '../queue/replica-of.ts';
import type { SurveyedJob, SurveyedReplica } from '../survey/job.ts';

/** @param whole each replica with all that its node says of it. */
export function factsOf(job: SurveyedJob, whole = false): JobFacts {
  const { key, dueNs, state, tube, payload, standing, unasked, replicas } = job;
  const isUnknown = key !== undefined && unasked !== undefined;
  return {
    ...{ key, dueNs, state, tube, payload },
    priority: replicas[0]?.stats.priority,
    attempt: isUnknown ? undefined : attemptOf(standing),
    ledger: isUnknown
      ? { state: 'unknown', error: unasked.message }
      : standing && ledgerFacts(standing),
    replicas: replicas.map(whole ? wholeReplica : replicaFacts),
  };
}

function replicaFacts(replica: SurveyedReplica): ReplicaFacts {
  return { ...addressOf(replica), state: replica.stats.state };
}

function wholeReplica(replica: SurveyedReplica): ReplicaFacts {
  const { state, priority, ttr, age, timeLeft } = replica.stats;
  const timed = state === 'delayed' || state === 'reserved' ? { timeLeft } : {};
  return { ...replicaFacts(replica), priority, ttr, age, ...timed };
}

/** A ledger that doesn't know the job hasn't seen a claim; of those that are over it remembers no more. */
function attemptOf(standing: Standing | undefined): number | undefined {
  switch (standing?.state) {
    case undefined:
      return 0;
    case 'claimed':
      return standing.claim.attempt;
    case 'retry':
    case 'dead':
      return standing.attempt;
    case 'done':
    case 'revoked':
      return undefined;
  }
}

/** Flat; `worker` is the claim's token, which begins with the worker's name. */
function ledgerFacts(standing: Standing): LedgerFacts {
  if (standing.state === 'claimed') {
    const { claim, ...facts } = standing;
    const { token, ...counts } = claim;
    return { ...facts, ...counts, worker: token };
  }
  if (standing.state === 'done') {
    const { by, ...facts } = standing;
    return { ...facts, worker: by };
  }
  return standing;
}
