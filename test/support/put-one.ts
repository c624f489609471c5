// One put on its own, as tests of a node want it.

import type { Buffer } from 'node:buffer';
import type { NodeError } from '../../src/core/errors.ts';
import type { QueueNode } from '../../src/queue/node.ts';
import { Puts, type PutOptions } from '../../src/queue/puts.ts';

/** The id of the new replica. @throws NodeError */
export async function putOne(
  node: Pick<QueueNode, 'putAll'>,
  envelope: Buffer,
  options: PutOptions,
): Promise<bigint> {
  const { answers } = await node.putAll(new Puts([{ envelope, options }]));
  const [answer] = answers;
  if (typeof answer === 'bigint') return answer;
  throw answer as NodeError;
}
