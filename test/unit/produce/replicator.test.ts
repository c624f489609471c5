// Which nodes a put asks, and what it says of those that took nothing.

import { Buffer } from 'node:buffer';
import { beforeEach, describe, expect, it } from 'vitest';
import { NodeError } from '../../../src/core/errors.ts';
import { Replicator, TooFewReplicas } from '../../../src/produce/replicator.ts';
import type { QueueNode } from '../../../src/queue/node.ts';

const options = { delay: 0, priority: 0, ttr: 60 };
let now: number;
let asked: string[];
let hanging: Set<string>;

beforeEach(() => {
  now = 0;
  asked = [];
  hanging = new Set();
});

function nodeAt(endpoint: string): QueueNode {
  return {
    endpoint,
    put: () => {
      asked.push(endpoint);
      if (!hanging.has(endpoint)) return Promise.resolve(1n);
      return Promise.reject(new NodeError(endpoint, 'timeout', 'no reply', { unconfirmed: true }));
    },
    delete: () => Promise.resolve(true),
  } as Partial<QueueNode> as QueueNode;
}

function threeNodes(): QueueNode[] {
  return ['node1', 'node2', 'node3'].map(nodeAt);
}

function replicatorOn(nodes: readonly QueueNode[]): Replicator {
  const clock = { now: () => now, sleep: () => Promise.resolve() };
  const minReplicas = Math.min(2, nodes.length);
  return new Replicator({ nodes, replicas: 3, minReplicas, clock, random: 0 });
}

describe('the refusal', () => {
  const refuse = (...nodes: readonly NodeError[]): Promise<unknown> => {
    const refusing = nodes.map((error) => {
      return { endpoint: error.node, put: () => Promise.reject(error) } as unknown as QueueNode;
    });
    return replicatorOn(refusing).write(Buffer.from(''), options);
  };

  it('of several nodes counts them, and says what each said', async () => {
    const down = (node: string): NodeError => new NodeError(node, 'down', 'gone');
    await expect(refuse(down('a:1'), down('b:1'))).rejects.toThrow(
      'only 0 of at least 2 nodes took the job (a:1: gone; b:1: gone)',
    );
  });

  it('of the only node is what that says, with its own remedy if it knows one', async () => {
    await expect(refuse(new NodeError('a:1', 'down', 'gone'))).rejects.toMatchObject({
      message: "a:1 didn't take the job: gone",
      hint: expect.stringContaining('dq doctor') as string,
    });
    const full = new NodeError('embedded', 'out-of-memory', 'full', { hint: 'make room' });
    const refused = { message: 'full', hint: 'nothing was kept; make room' };
    await expect(refuse(full)).rejects.toMatchObject(refused);
    const big = new NodeError('embedded', 'too-big', 'big', { hint: 'make it less' });
    await expect(refuse(big)).rejects.toMatchObject({ kind: 'usage', hint: 'make it less' });
  });
});

describe('a node that hung', () => {
  it('is left alone for a while', async () => {
    hanging.add('node3');
    const three = replicatorOn(threeNodes());
    await three.write(Buffer.from(''), options);
    asked = [];
    const { failed } = await three.write(Buffer.from(''), options);
    expect(asked.sort()).toEqual(['node1', 'node2']);
    expect(failed).toMatchObject([{ node: 'node3' }]);
    now += 30_000;
    asked = [];
    await three.write(Buffer.from(''), options);
    expect(asked.sort()).toEqual(['node1', 'node2', 'node3']);
  });

  it('is asked again at once when there are too few others', async () => {
    hanging = new Set(['node2', 'node3']);
    const three = replicatorOn(threeNodes());
    await expect(three.write(Buffer.from(''), options)).rejects.toThrow(TooFewReplicas);
    hanging.clear();
    const { replicas } = await three.write(Buffer.from(''), options);
    expect(replicas.map(({ node }) => node.endpoint).sort()).toEqual(['node1', 'node2', 'node3']);
  });

  it('leaves no doubt about a later job, which it was not asked to take', async () => {
    hanging.add('node3');
    const nodes = threeNodes();
    const three = replicatorOn(nodes);
    await three.write(Buffer.from(''), options);
    for (const node of nodes) {
      node.put = () => Promise.reject(new NodeError(node.endpoint, 'draining', 'draining'));
    }
    await expect(three.write(Buffer.from(''), options)).rejects.toMatchObject({ mayRun: false });
  });
});
