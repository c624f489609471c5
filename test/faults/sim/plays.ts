// Plays: scenes of what the weather hardly ever brings. A mutant breaks a promise in its play, dq in none.

import { isRepairer } from './history.ts';
import type { JobHistory } from './job-history.ts';
import { Scene } from './scene.ts';

const day = 86_400_000;

/** Each tells what was broken. */
export const plays = { mistakenReplica, lateReplica, longRepair, deadRepairer };

/** A node loses what it has of a job, and gives the id to an equal one before the first is taken back. */
async function mistakenReplica(): Promise<readonly string[]> {
  const scene = new Scene(3, { binlog: false });
  const [first, second, third] = scene.world.nodes;
  second!.hang();
  third!.stop();
  const job = scene.put(5_000);
  await scene.pass(1_000);
  third!.start(scene.world.timeline.now);
  scene.restart(first);
  scene.putAgain(job);
  await scene.pass(3_000);
  return scene.world.violations;
}

/** A job is put again when it is done, and its replica found after days. */
async function lateReplica(): Promise<readonly string[]> {
  const scene = new Scene(0);
  const hand = scene.hire();
  const job = scene.put(0);
  await scene.pass(1_000);
  scene.stop(hand);
  await scene.pass(1_000);
  scene.putAgain(job);
  await scene.pass(8 * day);
  scene.hire();
  await scene.pass(2_000);
  return scene.world.violations;
}

/** A repair takes longer than a lease, and another one wants to begin. */
async function longRepair(): Promise<readonly string[]> {
  const { scene, job } = await wornJob();
  scene.users.repair(job, 45_000);
  await scene.pass(22_000);
  scene.users.repair(job, 0);
  await scene.pass(30_000);
  return scene.world.violations;
}

/** A job is deleted before its repairer puts a replica and dies. */
async function deadRepairer(): Promise<readonly string[]> {
  const { scene, job } = await wornJob();
  scene.users.repair(job, 6_000);
  await scene.pass(1_000);
  scene.users.delete(job);
  await scene.pass(6_000, () => job.stored.some(({ by }) => isRepairer(by)));
  scene.world.processes.find(isRepairer)?.kill();
  scene.hire();
  await scene.pass(80_000);
  return scene.world.violations;
}

/** One of its three nodes has lost it. */
async function wornJob(): Promise<{ scene: Scene; job: JobHistory }> {
  const scene = new Scene(3, { binlog: false });
  const job = scene.put(60_000);
  await scene.pass(1_000);
  scene.restart();
  await scene.pass(1_000);
  return { scene, job };
}
