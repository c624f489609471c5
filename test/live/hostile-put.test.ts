// Producers and nodes that say anything: an id is believed only when it is the answer, and nothing is waited for too long.

import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { DqError, NodeError } from '../../src/core/errors.ts';
import { JobProducer, type Accepted } from '../../src/produce/producer.ts';
import { Replicator } from '../../src/produce/replicator.ts';
import { BeanstalkdNode } from '../../src/queue/beanstalkd.ts';
import { obliging, startFakeNode, type FakeNode, type Script } from '../support/fake-node.ts';
import { evils, onCommand, pouring, refusals, silence, splitting } from '../support/hostile.ts';
import { putOne } from '../support/put-one.ts';

const dueNs = 1_767_225_600_000_000_000n;

const open: BeanstalkdNode[] = [];
afterAll(() => {
  for (const node of open) node.close();
});

function fake(script?: Script): Promise<FakeNode> {
  return startFakeNode(obliging(script));
}

/** A good node, for which there is time. */
function nodeOf({ endpoint }: FakeNode, replyTimeout = 30_000): BeanstalkdNode {
  const node = new BeanstalkdNode({ endpoint, tube: 'default', replyTimeout });
  open.push(node);
  return node;
}

/** Its silence is waited for, but not for long. */
function evilNodeOf(fake: FakeNode): BeanstalkdNode {
  return nodeOf(fake, 150);
}

/** Three replicas wanted, two needed, no ledger. */
function producerOn(nodes: readonly BeanstalkdNode[]): JobProducer {
  const clock = systemClock;
  const options = { nodes, replicas: 3, minReplicas: 2, clock, random: 0 };
  return new JobProducer({
    ...{ replicator: new Replicator(options), clock, tube: 'default', ttr: 60, ledger: undefined },
  });
}

function put(producer: JobProducer, payload = 'hello'): Promise<Accepted> {
  const request = { payload: Buffer.from(payload), dueNs, distinct: true, priority: 1024 };
  return producer.put(request);
}

const all = [
  ...evils,
  ...[...refusals, 'BURIED 5', 'BURIED'].map((word) => ({
    name: word,
    answer: () => `${word}\r\n`,
  })),
];
const oneLine = /^.+$/;

describe.concurrent.each(['use', 'put'])('instead of the reply to %s', (command) => {
  it.each(all)('$name: from one node of three, it is on the other two', async ({ answer }) => {
    const evil = await fake(onCommand(command, answer));
    const good = [await fake(), await fake()];
    const { replicas, failed } = await put(
      producerOn([evilNodeOf(evil), ...good.map((node) => nodeOf(node))]),
    );
    expect(replicas.map(({ node }) => node.endpoint).sort()).toEqual(
      good.map(({ endpoint }) => endpoint).sort(),
    );
    expect(failed.map(({ node }) => node)).toEqual([evil.endpoint]);
    expect(failed[0]?.message).toMatch(oneLine);
  });

  it.each(all)('$name: from two nodes of three, it is refused', async ({ answer }) => {
    const evil = [
      await fake(onCommand(command, answer)),
      await fake(onCommand(command, answer)),
    ] as const;
    const good = await fake();
    const nodes = [evilNodeOf(evil[0]), nodeOf(good), evilNodeOf(evil[1])];
    const refused = await put(producerOn(nodes)).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DqError);
    expect((refused as DqError).message).toMatch(oneLine);
    for (const { endpoint } of evil) expect(String(refused)).toContain(endpoint);
    expect(good.heard.map(({ line }) => line)).toContain('delete 1');
  });
});

it.each([
  ['a line', ''],
  ['a body that a put does not have', 'OK 1000000000\r\n'],
])('%s that never ends is not read on', async (_, first) => {
  const sockets: Socket[] = [];
  const evil = await fake(
    onCommand('put', (heard, socket) => {
      sockets.push(socket);
      return pouring(first, 'x'.repeat(64 * 1_024))(heard, socket);
    }),
  );
  await put(producerOn([evilNodeOf(evil), nodeOf(await fake()), nodeOf(await fake())]));
  expect(sockets).toHaveLength(1);
  expect(sockets[0]?.bytesWritten).toBeLessThan(16 * 1_024 * 1_024);
});

it('replies split at every byte', async () => {
  const longest = 'INSERTED 1000\r\n'.length;
  for (let at = 1; at < longest; at++) {
    const id = String(at).padStart(4, '1');
    const split = await fake(
      splitting(
        at,
        onCommand('put', () => `INSERTED ${id}\r\n`),
      ),
    );
    const using = await fake(splitting(at, obliging()));
    const { replicas } = await put(producerOn([nodeOf(split), nodeOf(using)]));
    expect(replicas.map((replica) => String(replica.id)).sort()).toEqual(['1', id].sort());
  }
});

it('replies never shift: an id is that of the envelope it was given for', async () => {
  const wrong = all.filter((evil) => evil !== silence);
  const kind = fc.integer({ min: 0, max: 2 * wrong.length });
  await fc.assert(
    fc.asyncProperty(fc.array(kind, { minLength: 5, maxLength: 30 }), async (kinds) => {
      const given = new Map<string, bigint>();
      let puts = 0;
      const node = await fake((heard, socket) => {
        if (heard.name !== 'put') return undefined;
        puts += 1;
        const evil = wrong[kinds[puts % kinds.length] ?? 0];
        if (evil !== undefined) return evil.answer(heard, socket);
        given.set(String(heard.body), BigInt(puts));
        return `INSERTED ${puts}\r\n`;
      });
      const client = evilNodeOf(node);
      const payloads = kinds.map((_, at) => `1767225600000000000/${at}`);
      await Promise.all(
        payloads.map(async (envelope, at) => {
          if (at % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 5 * at));
          try {
            const id = await putOne(client, Buffer.from(envelope), {
              delay: 0,
              priority: 0,
              ttr: 1,
            });
            expect(id).toBe(given.get(envelope));
          } catch (error) {
            if (!(error instanceof NodeError)) throw error;
          }
        }),
      );
    }),
    { numRuns: 15 },
  );
});
