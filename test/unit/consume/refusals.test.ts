// A node or a ledger that answers one question and refuses the next: told once, and tried ever less often.

import { expect, it } from 'vitest';
import { Gate } from '../../../src/consume/gate.ts';
import { Source } from '../../../src/consume/source.ts';
import type { WorkEvent } from '../../../src/consume/events.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { LedgerDown, NodeError } from '../../../src/core/errors.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import type { QueueNode, Reservation } from '../../../src/queue/node.ts';

/** Time passes only while somebody sleeps. */
function bench() {
  const sleeps: number[] = [];
  const events: string[] = [];
  const defects: unknown[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    sleep: (ms) => {
      sleeps.push(ms);
      now += ms;
      return Promise.resolve();
    },
  };
  const parts = {
    clock,
    random: () => 0,
    report: ({ event }: WorkEvent) => events.push(event),
    background: (work: Promise<unknown>) => {
      work.catch((defect: unknown) => defects.push(defect));
    },
  };
  return { parts, sleeps, events, defects };
}

const { signal } = new AbortController();
const full = new NodeError('embedded', 'out-of-memory', 'no space is left');

/** A source that is asked whenever it may be, on a node which gives these answers. */
async function askAll(answers: readonly (Error | undefined)[]) {
  const { parts, ...seen } = bench();
  const left = [...answers];
  const node = {
    endpoint: 'embedded',
    counts: () => Promise.resolve({}),
    reserveAll: () => {
      const answer = left.shift();
      const isDefect = answer !== undefined && !(answer instanceof NodeError);
      return isDefect ? Promise.reject(answer) : Promise.resolve([answer]);
    },
  } as unknown as QueueNode;
  await new Promise<void>((resolve) => {
    const onChange = (): void => {
      if (left.length === 0) setImmediate(resolve);
      else if (source.askable) source.ask(1);
    };
    const onReservation = (): void => undefined;
    const source = new Source(node, 'mail', { ...parts, onReservation, onChange }, signal);
    source.ask(1);
  });
  return seen;
}

it('a node', async () => {
  const { sleeps, events, defects } = await askAll([full, full, full, undefined]);
  expect(events).toEqual(['node-down', 'node-up']);
  expect(sleeps).toEqual([100, 200, 400]);
  expect(defects).toEqual([]);
});

it('a node whose file was removed ends the worker', async () => {
  const removed = new Error('removed');
  const { events, defects } = await askAll([removed]);
  expect([events, defects]).toEqual([[], [removed]]);
});

it('a node that refuses one of many: what it gave after that is taken', async () => {
  const { parts } = bench();
  const given = {} as Reservation;
  const node = { reserveAll: () => Promise.resolve([full, given]), counts: () => signal };
  const taken: Reservation[] = [];
  await new Promise<void>((onChange) => {
    const onReservation = (one: Reservation): number => taken.push(one);
    const sourceParts = { ...parts, onReservation, onChange };
    new Source(node as unknown as QueueNode, 'mail', sourceParts, signal).ask(2);
  });
  expect(taken).toEqual([given]);
});

it('a ledger', async () => {
  const { parts, sleeps, defects } = bench();
  const ledger = { ready: () => Promise.resolve() } as unknown as Ledger;
  const nothing = (): undefined => undefined;
  const gate = new Gate(
    { ...parts, ledger, onBack: () => Promise.resolve(), onOpen: nothing },
    signal,
  );
  let refusals = 3;
  const question = (): Promise<string> => {
    refusals -= 1;
    return refusals < 0 ? Promise.resolve('yes') : Promise.reject(new LedgerDown('full'));
  };
  expect(await gate.ask(question)).toEqual({ answer: 'yes' });
  expect(sleeps).toEqual([100, 200, 400]);
  await parts.clock.sleep(10_001);
  refusals = 1;
  await gate.ask(question);
  expect(sleeps.slice(4)).toEqual([100]);
  expect(defects).toEqual([]);
});
