// The library face: put jobs and consume them from a program, as `dq put` and `dq work` do from a shell.

export { Producer, type JobOptions, type Payload } from './library/producer.ts';
export {
  Consumer,
  Rejection,
  type Consume,
  type ConsumerOptions,
  type JobFacts,
} from './library/consumer.ts';
export type { ClusterOptions, NodeOptions } from './library/options.ts';
export type { WorkEvent } from './consume/events.ts';
export type { WorkSummary } from './consume/worker.ts';
export { ConfigError } from './config/issue.ts';
export { DqError, LedgerDown, NodeError, type ErrorKind, type NodeFault } from './core/errors.ts';
export { TooFewReplicas } from './produce/replicator.ts';
