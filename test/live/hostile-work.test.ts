// A worker among nodes that say anything, one kind of nonsense each: it runs what the good nodes have, once, and ends in order.

import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import type { WorkEvent } from '../../src/consume/events.ts';
import type { Outcome, Task } from '../../src/consume/handler.ts';
import { Worker } from '../../src/consume/worker.ts';
import { systemClock } from '../../src/core/clock.ts';
import { BeanstalkdNode } from '../../src/queue/beanstalkd.ts';
import { cut, obliging, startFakeNode, type FakeNode, type Script } from '../support/fake-node.ts';
import { evils, refusals, splitting, type Evil } from '../support/hostile.ts';
import { MemoryLedger } from '../support/memory-ledger.ts';
import { startBeanstalkd } from '../support/servers.ts';
import { until } from '../support/wait.ts';
import { putOne } from '../support/put-one.ts';

/** How long a reply may take here, in ms: a node that is slow now and then isn't silent. */
const patience = 3_000;
const tube = 'evil';
const good = await startBeanstalkd();

/** What a payload begins with is what becomes of its run. */
const handler = ({ payload }: Task): Outcome => {
  const word = String(payload).split(' ')[0];
  if (word === 'fail') return { kind: 'failed', why: 'it said so' };
  if (word === 'reject') return { kind: 'rejected', why: 'it said so' };
  return { kind: 'succeeded', exitCode: 0 };
};

const stats =
  '---\nid: 7\ntube: default\nstate: reserved\npri: 3\nage: 0\ndelay: 0\nttr: 1\ntime-left: 1\n' +
  'reserves: 1\ntimeouts: 0\nreleases: 0\nburies: 0\nkicks: 0\n';

/** Gives out job 7 once, and does with it what it is told to. */
function serving(payload: string): Script {
  let given = false;
  return ({ name, line }) => {
    switch (name) {
      case 'reserve-with-timeout':
        if (given) return line.endsWith(' 0') ? 'TIMED_OUT\r\n' : '';
        given = true;
        return `RESERVED 7 ${20 + payload.length}\r\n1767225600000000000/${payload}\r\n`;
      case 'stats-job':
        return `OK ${stats.length}\r\n${stats}\r\n`;
      case 'touch':
        return 'TOUCHED\r\n';
      case 'release':
        return 'RELEASED\r\n';
      case 'bury':
        return 'BURIED\r\n';
      default:
        return undefined;
    }
  };
}

/** What is refused may be asked for again: twice is enough to see it. */
function refusing(word: string): Script {
  const left = [word, word];
  return () => {
    const next = left.shift();
    return next === undefined ? undefined : `${next}\r\n`;
  };
}

function allEvils(): Evil[] {
  return [...evils, ...refusals.map((word) => ({ name: word, answer: refusing(word) }))];
}

let runs = 0;

interface Watched {
  readonly events: WorkEvent[];
  /** How often each payload was handled. */
  readonly handled: Map<string, number>;
  readonly stop: () => Promise<void>;
}

async function workOn(fakes: readonly FakeNode[], replyTimeout = patience): Promise<Watched> {
  const own = `tube-${++runs}`;
  const goodNode = new BeanstalkdNode({ endpoint: good.endpoint, tube: own });
  await Promise.all(
    goodJobs.map((payload) =>
      putOne(goodNode, Buffer.from(`1767225600000000000/${payload}`), {
        delay: 0,
        priority: 0,
        ttr: 60,
      }),
    ),
  );
  const evil = fakes.map(({ endpoint }) => new BeanstalkdNode({ endpoint, tube, replyTimeout }));
  const events: WorkEvent[] = [];
  const handled = new Map<string, number>();
  const stopping = new AbortController();
  const worker = new Worker({
    ...{ name: 'worker', clock: systemClock, random: Math.random, concurrency: 8, attempts: 5 },
    // What was good in 2026 is late by now: it runs all the same
    ledger: new MemoryLedger(systemClock, { ttl: Infinity, lease: 20_000, suspicion: 10_000 }),
    handler: async (task) => {
      const payload = String(task.payload);
      handled.set(payload, (handled.get(payload) ?? 0) + 1);
      const [word, at] = payload.split(' ');
      if (word === 'slow') await until('it is touched', () => isTouched(fakes[Number(at)]));
      return handler(task);
    },
    tubes: [{ name: tube, nodes: [...evil, goodNode] }],
    report: (event) => void events.push(event),
    grace: 0,
  });
  const ended = worker.run(stopping.signal, stopping.signal);
  return {
    events,
    handled,
    stop: async () => {
      stopping.abort();
      await ended;
      for (const node of [...evil, goodNode]) node.close();
    },
  };
}

function isTouched(node: FakeNode | undefined): boolean {
  return node?.heard.some(({ name }) => name === 'touch') === true;
}

const goodJobs = Array.from({ length: 20 }, (_, at) => `good ${at}`);

describe.concurrent('instead of the reply to', () => {
  it.each([
    ['watch', 'ok'],
    ['ignore', 'ok'],
    ['reserve-with-timeout', 'ok'],
    ['stats-job', 'fail'],
    ['stats-job', 'reject'],
    ['touch', 'slow'],
    ['delete', 'ok'],
    ['release', 'fail'],
    ['bury', 'reject'],
    ['stats-tube', 'ok'],
  ])('%s of a job that shall %s', async (command, word) => {
    const fakes = await Promise.all(
      allEvils().map(({ answer }, at) => {
        const serve = serving(`${word} ${at}`);
        return startFakeNode(
          obliging((heard, socket) => {
            const wrong = heard.name === command ? answer(heard, socket) : undefined;
            if (wrong !== undefined) return wrong;
            // It is looked at when it comes back
            if (command === 'stats-tube' && heard.name === 'reserve-with-timeout') return cut;
            return serve(heard, socket);
          }),
        );
      }),
    );
    const { events, handled, stop } = await workOn(fakes);
    await until('each of them was asked', () =>
      fakes.every(({ heard }) => heard.some(({ name }) => name === command)),
    );
    await until('the good jobs are done', () => goodJobs.every((job) => handled.has(job)));
    await stop();
    expect([...handled.values()].filter((times) => times > 1)).toEqual([]);
    for (const { reason = '' } of events) expect(reason).toMatch(/^.*$/);
  });
});

it('replies split at every byte, in the whole life of a job', async () => {
  const longest = `OK ${stats.length}\r\n${stats}\r\n`.length;
  const places = [...Array(60).keys(), ...Array.from({ length: 8 }, (_, at) => longest - at)];
  const fakes = await Promise.all(
    places.map((at, which) => startFakeNode(splitting(at, obliging(serving(`slow ${which}`))))),
  );
  const { events, handled, stop } = await workOn(fakes, 30_000);
  await until('all are done', () => {
    return fakes.every(({ heard }) => heard.some(({ line }) => line === 'delete 7'));
  });
  await until('the good jobs are done', () => goodJobs.every((job) => handled.has(job)));
  await stop();
  expect(handled.size).toBe(places.length + goodJobs.length);
  expect(events.filter(({ level }) => level === 'warn')).toEqual([]);
});
