// What a survey makes of the scans of several nodes: each job once, with its replicas, state and payload.

import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { LedgerDown, NodeError, StrangeEntry } from '../../../src/core/errors.ts';
import { keyOf } from '../../../src/core/key.ts';
import type { SurveyedJob } from '../../../src/survey/job.ts';
import { survey, type SurveyOptions } from '../../../src/survey/survey.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { envelopeOf, ScriptedNode } from './scripted-node.ts';

let nodes: ScriptedNode[];
let ledger: MemoryLedger;
let troubles: Error[];

beforeEach(() => {
  nodes = ['a:1', 'b:1', 'c:1'].map((endpoint) => new ScriptedNode(endpoint));
  ledger = new MemoryLedger(systemClock);
  troubles = [];
});

function begin(more: Partial<SurveyOptions> = {}): AsyncGenerator<SurveyedJob[]> {
  return survey({
    nodes: nodes.map(({ node }) => node),
    ...{ tube: 'mail', replicas: 3, ledger, selection: {} },
    onTrouble: (trouble) => troubles.push(trouble),
    ...more,
  });
}

async function jobs(more: Partial<SurveyOptions> = {}): Promise<SurveyedJob[]> {
  const found: SurveyedJob[] = [];
  for await (const group of begin(more)) found.push(...group);
  return found;
}

function shown(found: readonly SurveyedJob[]): string[] {
  return found.map(({ payload, replicas, state }) => {
    const places = replicas.map(({ node, id }) => `${node.endpoint}/${id}`);
    return `${payload.toString()} ${state} ${places.sort().join(' ')}`;
  });
}

const refOf = (envelope: Buffer) => ({ tube: 'mail', key: keyOf(envelope), dueMs: 0 });

describe('a survey', () => {
  it('gives each job once, the newest first', async () => {
    for (const node of nodes) for (const name of ['x', 'y', 'z']) node.put(envelopeOf(name));
    expect(shown(await jobs())).toEqual([
      'z ready a:1/3 b:1/3 c:1/3',
      'y ready a:1/2 b:1/2 c:1/2',
      'x ready a:1/1 b:1/1 c:1/1',
    ]);
  });

  it('takes equal payloads that are due at different instants for different jobs', async () => {
    nodes[0]!.put(envelopeOf('x', 1n)).put(envelopeOf('x', 2n));
    expect((await jobs()).map(({ dueNs }) => dueNs)).toEqual([2n, 1n]);
  });

  it.each([1, 2])('gives a payload of all bytes, %i times, as it was put', async (times) => {
    const payload = Buffer.from(Array.from({ length: 256 * times }, (_, at) => at % 256));
    for (const node of nodes) node.put(envelopeOf(payload.subarray(100)));
    const [job, ...more] = await jobs();
    expect(more).toEqual([]);
    expect(job).toMatchObject({ payload: payload.subarray(100), key: keyOf(job!.envelope) });
    expect(job!.envelope).toEqual(envelopeOf(payload.subarray(100)));
  });

  it('gives a job on too few nodes at the end', async () => {
    nodes[0]!.put(envelopeOf('x')).put(envelopeOf('lonely'));
    for (const node of nodes.slice(1)) node.put(envelopeOf('x'));
    expect(shown(await jobs())).toEqual(['x ready a:1/1 b:1/1 c:1/1', 'lonely ready a:1/2']);
  });

  it('with two replicas on one node it is one job all the same', async () => {
    for (const node of nodes) node.put(envelopeOf('x')).put(envelopeOf('y')).put(envelopeOf('x'));
    const names = (await jobs()).map(({ payload }) => payload.toString());
    expect(names).toEqual(['x', 'y']);
    expect(shown(await jobs({ whole: true }))).toEqual([
      'x ready a:1/1 a:1/3 b:1/1 b:1/3 c:1/1 c:1/3',
      'y ready a:1/2 b:1/2 c:1/2',
    ]);
  });

  it('bytes that are no job are given one by one, without a key', async () => {
    for (const node of nodes) node.put(Buffer.from('hello'));
    const found = await jobs();
    expect(found.map(({ key, dueNs, payload }) => [key, dueNs, payload.toString()])).toEqual(
      Array(3).fill([undefined, undefined, 'hello']),
    );
  });

  it('finds every job once, whatever the order and the pages of the nodes', async () => {
    const job = fc.nat({ max: 30 });
    const scene = fc.tuple(
      ...nodes.map(() => fc.record({ put: fc.array(job), page: fc.integer({ min: 1, max: 9 }) })),
    );
    await fc.assert(
      fc.asyncProperty(scene, fc.integer({ min: 1, max: 3 }), async (scenes, replicas) => {
        nodes = scenes.map(({ put, page }, at) => {
          const node = new ScriptedNode(`${at}:1`);
          node.pageSize = page;
          for (const name of put) node.put(envelopeOf(String(name)));
          return node;
        });
        const names = [...new Set(scenes.flatMap(({ put }) => put))].map(String).sort();
        const whole = await jobs({ replicas, whole: true });
        expect((await jobs({ replicas })).map(({ payload }) => payload.toString()).sort()).toEqual(
          names,
        );
        expect(whole.map(({ payload }) => payload.toString()).sort()).toEqual(names);
        expect(whole.flatMap((each) => each.replicas).length).toBe(
          scenes.flatMap(({ put }) => put).length,
        );
      }),
    );
  });

  it('says how far it is', async () => {
    const seen: number[] = [];
    for (const node of nodes) for (let put = 0; put < 6; put++) node.put(envelopeOf(String(put)));
    await jobs({ onProgress: (progress) => seen.push(progress) });
    expect(seen).toEqual([...seen].sort());
    expect(seen[0]).toBeLessThan(0.5);
    expect(seen.at(-1)).toBe(1);
  });

  it('ends the scans when nobody takes any more, and reads no further', async () => {
    for (const node of nodes) for (let put = 0; put < 100; put++) node.put(envelopeOf(String(put)));
    const groups = begin();
    await groups.next();
    await groups.return(undefined);
    expect(nodes.map(({ closedScans }) => closedScans)).toEqual([1, 1, 1]);
    expect(nodes.map(({ takenPages }) => takenPages)).toEqual([1, 1, 1]);
  });
});

describe('the state', () => {
  it.each([
    [['buried', 'delayed', 'reserved'], 'reserved'],
    [['buried', 'delayed', 'ready'], 'ready'],
    [['buried', 'delayed', 'buried'], 'delayed'],
    [['buried', 'buried', 'buried'], 'buried'],
  ] as const)('of replicas that are %s is %s', async (states, state) => {
    for (const [at, node] of nodes.entries()) node.put(envelopeOf('x'), { state: states[at]! });
    expect((await jobs()).map((job) => job.state)).toEqual([state]);
  });

  it('is that of the ledger when it knows the job', async () => {
    const envelope = envelopeOf('x');
    for (const node of nodes) node.put(envelope).put(envelopeOf('y'));
    await ledger.claim(refOf(envelope), { token: 't', maxDeaths: 5 }).catch(() => undefined);
    const found = await jobs();
    expect(found.map(({ state }) => state)).toEqual(['ready', found[1]?.standing?.state]);
    expect(found[1]?.standing).toBeDefined();
  });

  it('of a revoked job that was put again after that is that of its replicas', async () => {
    const envelope = envelopeOf('x');
    let now = systemClock.now();
    ledger = new MemoryLedger({ ...systemClock, now: () => now });
    await ledger.revoke(refOf(envelope), false);
    now += 60_000;
    nodes[0]!.put(envelope, { age: 59 });
    expect((await jobs()).map(({ state }) => state)).toEqual(['revoked']);
    nodes[0]!.put(envelope, { age: 20, state: 'delayed' });
    expect((await jobs({ whole: true })).map(({ state }) => state)).toEqual(['ready']);
  });

  it('without a ledger is that of the replicas, and that is said once', async () => {
    for (const node of nodes) for (let put = 0; put < 9; put++) node.put(envelopeOf(String(put)));
    ledger.lookAll = () => Promise.reject(new LedgerDown('redis: refused'));
    const found = await jobs();
    expect(found.map(({ state }) => state)).toEqual(Array(9).fill('ready'));
    expect(troubles.map(({ message }) => message)).toEqual(['redis: refused']);
  });

  it('of one that the ledger can’t read is that of its replicas, and others keep theirs', async () => {
    const [odd, known] = [envelopeOf('odd'), envelopeOf('known')];
    for (const node of nodes) node.put(odd).put(known).put(envelopeOf('odd too'));
    await ledger.revoke(refOf(known), true);
    const { look } = ledger;
    ledger.lookAll = (refs) =>
      Promise.all(refs.map(async (ref) => (await look(ref)) ?? new StrangeEntry('redis: odd')));
    const found = await jobs();
    expect(found.map(({ state, unasked }) => [state, unasked?.message])).toEqual([
      ['ready', 'redis: odd'],
      ['revoked', undefined],
      ['ready', 'redis: odd'],
    ]);
    expect(troubles.map(({ message }) => message)).toEqual(['redis: odd']);
  });
});

describe('a node that is down', () => {
  beforeEach(() => {
    for (const node of nodes) for (let put = 0; put < 6; put++) node.put(envelopeOf(String(put)));
  });

  it.each([0, 1])('after %i pages is left out, and told once', async (pages) => {
    nodes[1]!.failsAfter = pages;
    expect((await jobs()).length).toBe(6);
    expect(troubles).toEqual([new NodeError('b:1', 'down', 'gone')]);
  });

  it('holds nothing back: a job that the others have is complete', async () => {
    nodes[1]!.failsAfter = 0;
    for await (const group of begin()) {
      expect(group.length).toBe(2);
      break;
    }
  });

  it('all of them: that is an error', async () => {
    for (const node of nodes) node.failsAfter = 0;
    await expect(jobs()).rejects.toMatchObject({ kind: 'unavailable', message: /no node answers/ });
    expect(troubles).toEqual([]);
  });
});

describe('payloads that are too much to keep', () => {
  const large = Buffer.alloc(3 * 1024 * 1024, 'x');

  it('are read again', async () => {
    for (let put = 0; put < 8; put++) nodes[0]!.put(envelopeOf(large, BigInt(put)));
    const found = await jobs();
    expect(found.map(({ dueNs }) => Number(dueNs))).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
    expect(found.every(({ payload }) => payload.equals(large))).toBe(true);
    expect(nodes[0]!.peeked).toEqual([3n, 2n, 1n]);
  });

  it('and that are gone by then are no job any more', async () => {
    for (let put = 0; put < 8; put++) nodes[0]!.put(envelopeOf(large, BigInt(put)));
    nodes[0]!.peek = () => Promise.resolve(undefined);
    expect((await jobs()).length).toBe(5);
  });
});
