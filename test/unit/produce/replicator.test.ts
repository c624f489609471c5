// Which nodes a put asks, and what it says of those that took nothing.

import { Buffer } from 'node:buffer';
import { beforeEach, describe, expect, it } from 'vitest';
import { NodeError } from '../../../src/core/errors.ts';
import {
  Replicator,
  TooFewReplicas,
  type JobPut,
  type Written,
} from '../../../src/produce/replicator.ts';
import type { Life, QueueNode } from '../../../src/queue/node.ts';
import type { Puts } from '../../../src/queue/puts.ts';

const options = { delay: 0, priority: 0, ttr: 60 };
let now: number;
let asked: string[];
let hanging: Set<string>;
/** The nodes whose connection is lost as soon as they have answered. */
let ended: Set<string>;
/** What each node holds, in the order in which it came. */
let held: Map<string, string[]>;
/** Of the nodes that refuse some jobs: which. */
let refused: Map<string, RegExp>;

beforeEach(() => {
  now = 0;
  asked = [];
  hanging = new Set();
  ended = new Set();
  held = new Map();
  refused = new Map();
});

/** Its ids are those of the jobs it holds, counted from 1. */
function nodeAt(endpoint: string): QueueNode {
  const jobs: string[] = [];
  held.set(endpoint, jobs);
  const take = (job: string): bigint | NodeError => {
    if (hanging.has(endpoint))
      return new NodeError(endpoint, 'timeout', 'no reply', { unconfirmed: true });
    if (refused.get(endpoint)?.test(job) === true)
      return new NodeError(endpoint, 'out-of-memory', 'out of memory');
    return BigInt(jobs.push(job));
  };
  const life: Life = {
    delete: (id, envelope) => {
      if (ended.has(endpoint)) return Promise.reject(new NodeError(endpoint, 'down', 'lost'));
      return node.delete(id, envelope);
    },
  };
  const node = {
    endpoint,
    putAll: ({ all }: Puts) => {
      asked.push(endpoint);
      const answers = all.map(({ envelope }) => take(envelope.toString()));
      return Promise.resolve({ answers, life });
    },
    delete: (id: bigint, envelope: Buffer) => {
      const at = Number(id) - 1;
      if (jobs[at] !== envelope.toString()) return Promise.resolve(false);
      jobs[at] = '';
      return Promise.resolve(true);
    },
  } as Partial<QueueNode> as QueueNode;
  return node;
}

function nodesOf(count: number): QueueNode[] {
  return Array.from({ length: count }, (_, at) => nodeAt(`node${at + 1}`));
}

function replicatorOn(nodes: readonly QueueNode[]): Replicator {
  const clock = { now: () => now, sleep: () => Promise.resolve() };
  const minReplicas = Math.min(2, nodes.length);
  return new Replicator({ nodes, replicas: 3, minReplicas, clock, random: 0 });
}

function putsOf(jobs: readonly string[], distinct = true): JobPut[] {
  return jobs.map((job) => ({ envelope: Buffer.from(job), options, distinct }));
}

async function write(replicator: Replicator, job = 'job', distinct = true): Promise<Written> {
  const [result] = await replicator.write(putsOf([job], distinct));
  if (result === undefined || result instanceof TooFewReplicas) throw result as Error;
  return result;
}

describe('the refusal', () => {
  const refuse = (...errors: readonly NodeError[]): Promise<unknown> => {
    const refusing = errors.map((error) => {
      const putAll = ({ all }: Puts) => Promise.resolve({ answers: all.map(() => error) });
      return { endpoint: error.node, putAll } as unknown as QueueNode;
    });
    return write(replicatorOn(refusing));
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

describe('what is taken back', () => {
  it.each([
    ['of an equal put only where the node surely kept its data', false, 'job', true],
    ['of a distinct one wherever its envelope is found', true, '', false],
  ])('is that %s', async (_, distinct, left, mayRun) => {
    const nodes = nodesOf(2);
    refused.set('node2', /./);
    await expect(write(replicatorOn(nodes), 'first', distinct)).rejects.toMatchObject({
      mayRun: false,
    });
    ended.add('node1');
    await expect(write(replicatorOn(nodes), 'job', distinct)).rejects.toMatchObject({ mayRun });
    expect(held.get('node1')).toEqual(['', left]);
  });
});

describe('a node that hung', () => {
  it('is left alone for a while', async () => {
    hanging.add('node3');
    const three = replicatorOn(nodesOf(3));
    await write(three);
    asked = [];
    const { failed } = await write(three);
    expect(asked.sort()).toEqual(['node1', 'node2']);
    expect(failed).toMatchObject([{ node: 'node3' }]);
    now += 30_000;
    asked = [];
    await write(three);
    expect(asked.sort()).toEqual(['node1', 'node2', 'node3']);
  });

  it('is not left alone for longer because the clock was set back', async () => {
    hanging.add('node3');
    const three = replicatorOn(nodesOf(3));
    await write(three);
    now -= 3_600_000;
    asked = [];
    await write(three);
    expect(asked.sort()).toEqual(['node1', 'node2', 'node3']);
  });

  it('is asked again at once when there are too few others', async () => {
    hanging = new Set(['node2', 'node3']);
    const three = replicatorOn(nodesOf(3));
    await expect(write(three)).rejects.toThrow(TooFewReplicas);
    hanging.clear();
    const { replicas } = await write(three);
    expect(replicas.map(({ node }) => node.endpoint).sort()).toEqual(['node1', 'node2', 'node3']);
  });

  it('leaves no doubt about a later job, which it was not asked to take', async () => {
    hanging.add('node3');
    const three = replicatorOn(nodesOf(3));
    await write(three);
    for (const node of ['node1', 'node2', 'node3']) refused.set(node, /./);
    await expect(write(three)).rejects.toMatchObject({ mayRun: false });
  });
});

describe('many jobs at once', () => {
  const jobs = Array.from({ length: 90 }, (_, at) => `job ${at}`);

  it('lie where it is said of each', async () => {
    const results = await replicatorOn(nodesOf(3)).write(putsOf(jobs));
    const places = results.map((result) =>
      (result as Written).replicas.map(({ node, id }) => held.get(node.endpoint)?.[Number(id) - 1]),
    );
    expect(places).toEqual(jobs.map((job) => [job, job, job]));
  });

  it('are spread evenly over more nodes than each needs', async () => {
    await replicatorOn(nodesOf(9)).write(putsOf(jobs));
    expect([...held.values()].map(({ length }) => length)).toEqual(Array(9).fill(30));
  });

  it('fewer than there are nodes are spread as well', async () => {
    await replicatorOn(nodesOf(9)).write(putsOf(jobs.slice(0, 3)));
    expect([...held.values()].filter(({ length }) => length > 0)).toHaveLength(5);
  });

  it('that a node refuses lie on a spare one instead, each for itself', async () => {
    refused.set('node1', /[159]$/).set('node2', /[259]$/);
    const results = await replicatorOn(nodesOf(5)).write(putsOf(jobs));
    for (const [at, result] of results.entries()) {
      const { replicas, failed } = result as Written;
      const nodes = replicas.map(({ node }) => node.endpoint);
      expect(new Set(nodes).size).toBe(3);
      for (const { node } of failed) expect(refused.get(node)?.test(jobs[at]!)).toBe(true);
      for (const { node, id } of replicas) {
        expect(held.get(node.endpoint)?.[Number(id) - 1]).toBe(jobs[at]);
      }
    }
    expect([...held.values()].flat()).toHaveLength(3 * jobs.length);
  });

  it('of which some are refused by too many are taken back, those alone', async () => {
    refused.set('node1', /5$/).set('node3', /5$/);
    const results = await replicatorOn(nodesOf(3)).write(putsOf(jobs));
    const failed = jobs.filter((_, at) => results[at] instanceof TooFewReplicas);
    expect(failed).toEqual(jobs.filter((job) => job.endsWith('5')));
    for (const node of ['node1', 'node2', 'node3']) {
      expect(held.get(node)?.filter((job) => job !== '')).toEqual(
        jobs.filter((job) => !job.endsWith('5')),
      );
    }
  });
});
