// One put on its own into an embedded queue.

import { Puts } from '../dist/queue/puts.js';

export async function putOne(node, envelope, options) {
  const { answers } = await node.putAll(new Puts([{ envelope, options }]));
  if (typeof answers[0] !== 'bigint') throw answers[0];
}
