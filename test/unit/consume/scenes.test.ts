// Scenes in which the simulation once found a promise broken.

import { Buffer } from 'node:buffer';
import { expect, it, vi } from 'vitest';
import { longestOutage } from '../../../src/consume/drain.ts';
import { plays } from '../../faults/sim/plays.ts';
import { outcomesOf, Scene } from '../../faults/sim/scene.ts';
import { tube } from '../../faults/sim/opened.ts';

vi.mock('../../../src/beanstalk/connection.ts', () => import('../../faults/sim/connection.ts'));

const slow = { outcome: { kind: 'succeeded', exitCode: 0 }, ms: 75_000 } as const;

it('a ledger that comes back for a moment hands no running job to another worker', async () => {
  const seeds = Array.from({ length: 20 }, (_, at) => at);
  for (const seed of seeds) {
    const scene = new Scene(1, { seed });
    scene.hire({ plan: slow });
    const job = scene.put(0);
    await scene.pass(1_000);
    const owner = scene.world.processes.find(({ name }) => name === 'w1')!;
    scene.hire();
    scene.restart();
    scene.ledgerAway(38_000);
    await scene.pass(37_500);
    owner.freeze();
    // The other worker finds the lease over and tells the ledger so
    await scene.pass(4_000);
    owner.thaw();
    scene.ledgerAway(18_000);
    await scene.pass(17_500);
    owner.freeze();
    await scene.pass(5_000);
    owner.thaw();
    await scene.pass(30_000);
    expect({ seed, outcomes: outcomesOf(job) }).toEqual({ seed, outcomes: ['succeeded'] });
  }
});

it('a clock that is set back by an hour while a job runs doesn’t stop its renewals', async () => {
  const scene = new Scene(1);
  const { process } = scene.hire({ plan: slow });
  const job = scene.put(0);
  await scene.pass(6_000);
  process.clock.skew.step(-3_600_000, Infinity);
  scene.hire();
  await scene.pass(90_000);
  expect(outcomesOf(job)).toEqual(['succeeded']);
});

it('a clock that is set back by an hour doesn’t keep a drained worker', async () => {
  const scene = new Scene(1);
  scene.ledgerAway(300);
  scene.put(0);
  await scene.pass(50);
  const hand = scene.hire({ drains: true });
  await scene.pass(200);
  hand.process.clock.skew.step(-3_600_000, Infinity);
  await scene.pass(5_000);
  expect(hand.summary).toBeDefined();
});

it.each([0, -400, 2_000])(
  'a drained worker has waited for the job that it had to send away, its clock set by %i ms',
  async (ms) => {
    const scene = new Scene(1);
    scene.ledgerAway(100);
    const job = scene.put(0);
    await scene.pass(50);
    const hand = scene.hire({ drains: true });
    await scene.pass(100);
    hand.process.clock.skew.step(ms, Infinity);
    await scene.pass(10_000);
    expect(hand.summary).toMatchObject({ succeeded: 1 });
    expect(outcomesOf(job)).toEqual(['succeeded']);
  },
);

it('a drained worker waits for its handler while the ledger is away, and then a minute to write the end down', async () => {
  const scene = new Scene(1);
  const job = scene.put(0);
  const hand = scene.hire({ drains: true, concurrency: 2, plan: slow });
  await scene.pass(100);
  scene.ledgerAway(600_000);
  const another = scene.put(0);
  await scene.pass(slow.ms + longestOutage - 1_000);
  expect([outcomesOf(job), hand.summary]).toEqual([['succeeded'], undefined]);
  await scene.pass(60_000);
  expect(hand.summary).toMatchObject({ succeeded: 0, unsettled: 1 });
  expect(outcomesOf(another)).toEqual([]);
});

it('a drained worker has written down what ended while the ledger was away for less than a minute', async () => {
  const scene = new Scene(1);
  scene.put(0);
  const hand = scene.hire({ drains: true });
  await scene.pass(30);
  scene.ledgerAway(longestOutage - 5_000);
  await scene.pass(longestOutage + 5_000);
  expect(hand.summary).toMatchObject({ succeeded: 1, unsettled: 0 });
});

it('a claim that is granted after the stop is given back, and not run', async () => {
  const scene = new Scene(1);
  const hand = scene.hire();
  await scene.pass(100);
  scene.world.history.ledger.onGrant = () => {
    scene.stop(hand);
  };
  const job = scene.put(0);
  await scene.pass(2_000);
  expect(outcomesOf(job)).toEqual([]);
  expect(scene.world.ledger.entry(job.key)).toMatchObject({ state: 'retry', attempt: 0 });
  expect(hand.summary).toMatchObject({ unsettled: 0 });
});

it('a job is claimed a few milliseconds before it is due, and a stop in between gives it back', async () => {
  const scene = new Scene(1);
  const hand = scene.hire();
  await scene.pass(100);
  const job = scene.put(1_500);
  const granted = new Promise((resolve) => {
    scene.world.history.ledger.onGrant = () => {
      resolve(scene.world.timeline.now);
    };
  });
  await scene.pass(1_497);
  expect(await granted).toBeLessThan(1_600);
  expect(outcomesOf(job)).toEqual([]);
  scene.stop(hand);
  await scene.pass(1_000);
  expect(outcomesOf(job)).toEqual([]);
  expect(scene.world.ledger.entry(job.key)).toMatchObject({ state: 'retry', attempt: 0 });
  expect(hand.summary).toMatchObject({ unsettled: 0 });
});

it('a batch waits for the job that is claimed and not yet due', async () => {
  const scene = new Scene(1);
  scene.hire({ batch: { size: 4, wait: 0 } });
  await scene.pass(100);
  const job = scene.put(1_500);
  await scene.pass(3_000);
  expect(outcomesOf(job)).toEqual(['succeeded']);
});

it('a claim whose answer was lost is undone: nobody has to wait for its lease', async () => {
  const scene = new Scene(1);
  scene.hire();
  await scene.pass(100);
  scene.world.history.ledger.onGrant = () => {
    scene.world.history.ledger.onGrant = () => undefined;
    scene.ledgerAway(300);
  };
  const job = scene.put(0);
  await scene.pass(3_000);
  expect(job.runs).toMatchObject([{ attempt: 1, outcome: 'succeeded' }]);
});

it('a replica that grew old in the hands of a worker is not taken for one that was put after the delete', async () => {
  const scene = new Scene(1);
  scene.hire();
  const job = scene.put(1_900);
  await scene.pass(1_400);
  scene.users.delete(job);
  await scene.pass(40);
  scene.world.processes[0]!.freeze();
  await scene.pass(6_000);
  scene.world.processes[0]!.thaw();
  await scene.pass(3_000);
  expect(outcomesOf(job)).toEqual([]);
  expect([...scene.world.nodes[0]!.jobs]).toEqual([]);
  expect(scene.world.violations).toEqual([]);
});

it('a put that fails does not take an equal job away that was accepted before', async () => {
  const scene = new Scene(2);
  const [, second] = scene.world.nodes;
  const job = scene.put(5_000);
  await scene.pass(1_000);
  second!.stop();
  scene.world.nodes[0]!.hang();
  scene.put(4_000);
  await scene.pass(3_000);
  scene.world.nodes[0]!.resume(false, scene.world.timeline.now);
  second!.start(scene.world.timeline.now);
  scene.hire();
  await scene.pass(10_000);
  expect(outcomesOf(job)).toEqual(['succeeded']);
});

it('a put that fails takes back what it wrote, not what a node without binlog calls by that id now', async () => {
  const scene = new Scene(3, { binlog: false });
  const [first, second, third] = scene.world.nodes;
  second!.hang();
  third!.stop();
  scene.put(5_000);
  await scene.pass(1_000);
  third!.start(scene.world.timeline.now);
  scene.restart(first);
  const job = scene.put(6_000);
  await scene.pass(3_000);
  expect([...first!.replicasOf(job.key)]).toHaveLength(1);
  expect(scene.world.violations).toEqual([]);
});

it('what is due later than beanstalkd can count is sent away for as long as it can', async () => {
  const scene = new Scene(1);
  const [node] = scene.world.nodes;
  const envelope = Buffer.from('9000000000000000000/somebody put it by hand');
  scene.world.history.job(envelope);
  node!.plant(envelope, tube, 60);
  scene.hire();
  await scene.pass(2_000);
  expect([...node!.jobs.values()]).toMatchObject([{ state: 'delayed' }]);
  expect(scene.world.violations).toEqual([]);
});

it('a job that is kicked while it is being buried is run again', async () => {
  const scene = new Scene(1);
  scene.hire({ attempts: 1, plan: { outcome: { kind: 'failed', why: 'no' }, ms: 10 } });
  await scene.pass(100);
  let kicks = 0;
  scene.world.history.ledger.onTurn = (job, by) => {
    if (kicks++ > 0) return;
    by.freeze();
    scene.users.kick(job);
  };
  const job = scene.put(0);
  await scene.pass(200);
  scene.world.processes[0]!.thaw();
  await scene.pass(3_000);
  expect(outcomesOf(job)).toEqual(['failed', 'failed']);
});

it.each(Object.entries(plays))('%s: no promise is broken', async (_, play) => {
  expect(await play()).toEqual([]);
});
