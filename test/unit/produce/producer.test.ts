// Puts that are asked for together go together, and each has its own end.

import { Buffer } from 'node:buffer';
import { expect, it } from 'vitest';
import { NodeError } from '../../../src/core/errors.ts';
import { JobProducer, type JobRequest } from '../../../src/produce/producer.ts';
import { Replicator } from '../../../src/produce/replicator.ts';
import type { QueueNode } from '../../../src/queue/node.ts';
import type { Puts } from '../../../src/queue/puts.ts';

const clock = { now: () => 0, sleep: () => Promise.resolve() };

/** Takes all but what holds `bad`. */
function producerOn(): { producer: JobProducer; heard: string[][] } {
  const heard: string[][] = [];
  const node: QueueNode = {
    endpoint: 'node:1',
    tube: 'default',
    putAll: ({ all }: Puts) => {
      heard.push(all.map(({ envelope }) => envelope.toString()));
      const answers = all.map(({ envelope }, at) =>
        envelope.includes('bad')
          ? new NodeError('node:1', 'out-of-memory', 'full')
          : BigInt(at + 1),
      );
      return Promise.resolve({ answers, life: node });
    },
  } as Partial<QueueNode> as QueueNode;
  const options = { nodes: [node], replicas: 1, minReplicas: 1, clock, random: 0 };
  const replicator = new Replicator(options);
  const parts = { replicator, clock, tube: 'default', ttr: 60, ledger: undefined };
  return { producer: new JobProducer(parts), heard };
}

function requestOf(payload: string, priority = 0): JobRequest {
  return { payload: Buffer.from(payload), dueNs: 1n, distinct: true, priority };
}

it('a batch for those of one moment, and the next one for those after it', async () => {
  const { producer, heard } = producerOn();
  const put = async (payload: string): Promise<string> => {
    const { receipt } = await producer.put(requestOf(payload));
    return receipt;
  };
  expect(await Promise.all(['a', 'b', 'c'].map(put))).toEqual([
    ...['node:1/default/1', 'node:1/default/2', 'node:1/default/3'],
  ]);
  expect(await put('d')).toBe('node:1/default/1');
  expect(heard).toEqual([['1/a', '1/b', '1/c'], ['1/d']]);
});

it('one that is refused, or wrong, is nothing to the others', async () => {
  const { producer, heard } = producerOn();
  const requests = [requestOf('a'), requestOf('bad'), requestOf('b', -1), requestOf('c')];
  const [a, refused, wrong, c] = await Promise.allSettled(
    requests.map((request) => producer.put(request)),
  );
  expect(a).toMatchObject({ value: { receipt: 'node:1/default/1' } });
  expect(refused).toMatchObject({ reason: { name: 'TooFewReplicas' } });
  expect(wrong).toMatchObject({ reason: { name: 'RangeError' } });
  expect(c).toMatchObject({ value: { receipt: 'node:1/default/3' } });
  expect(heard).toEqual([['1/a', '1/bad', '1/c']]);
});

it('of many at once none is put when one is wrong', async () => {
  const { producer, heard } = producerOn();
  await expect(producer.putAll([requestOf('a'), requestOf('b', -1)])).rejects.toThrow(RangeError);
  expect(heard).toEqual([]);
});
