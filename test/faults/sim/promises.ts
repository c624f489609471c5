// The promises that can be judged only when things have come to rest.

import type { JobHistory } from './job-history.ts';
import type { Process } from './process.ts';
import type { Stored } from './stored.ts';
import type { World } from './world.ts';

/** How long something may have been there without being seen by a drain, in ms. */
const unseenFor = 600;

/** Nothing that could be seen may be ready or overdue when a worker says that it is drained. */
export function checkDrained(world: World, process: Process, unseen: readonly string[]): void {
  const { now } = world.timeline;
  if (now - process.thawedAt < unseenFor) return;
  for (const node of world.stores) {
    if (unseen.includes(node.name)) continue;
    for (const stored of node.jobs.values()) {
      const job = world.history.jobs.get(stored.key);
      if (job === undefined || isOver(world, job)) continue;
      if (stored.state === 'ready' && now - readySince(stored) > unseenFor) {
        world.violated(`${process.name} is drained, though ${job.name} is ready on ${node.name}`);
      }
      const overdue = process.clock.now() > job.dueMs;
      const claimable = isClaimable(world, job, process) && job.forgottenAt === undefined;
      const known = stored.changedBy === process;
      if (stored.state === 'delayed' && overdue && claimable && known) {
        world.violated(`${process.name} is drained, though ${job.name} is overdue on ${node.name}`);
      }
    }
  }
}

/** As far as this process knows: nobody else has claimed it in between. */
function isClaimable({ ledger }: World, { key, writtenBy }: JobHistory, process: Process): boolean {
  const entry = ledger.entry(key);
  if (entry === undefined) return true;
  return entry.state === 'retry' && entry.notBefore <= ledger.now && writtenBy === process;
}

function readySince({ changedAt, until, putAt }: Stored): number {
  return Math.max(changedAt, until, putAt);
}

/** Nothing more will happen to it. */
function isOver(world: World, job: JobHistory): boolean {
  const state = world.ledger.entry(job.key)?.state;
  if (job.done || state === 'dead' || state === 'revoked') return true;
  if (job.acceptedAt === undefined || isLost(job)) return true;
  if (!isSettled(world, job)) return false;
  const { forgottenAt, halfKicked, deleteAsked, revokedAt } = job;
  if (forgottenAt !== undefined || halfKicked || deleteAsked) return true;
  return (state === undefined && revokedAt !== undefined) || isBuriedByFaults(world, job);
}

/** No replica is left but buried ones. */
function isSettled(world: World, { key }: JobHistory): boolean {
  return world.stores.every((node) => {
    return [...node.replicasOf(key)].every(({ state }) => state === 'buried');
  });
}

/** A node buried it by itself, or nobody looked again whether it was kicked meanwhile. */
function isBuriedByFaults(world: World, { key, excuses, kicked }: JobHistory): boolean {
  const replicas = world.stores.flatMap((node) => [...node.replicasOf(key)]);
  if (kicked && excuses.length > 0) return true;
  return replicas.some(({ stranded, unattended }) => stranded || unattended);
}

/** Every node that got a replica, and didn't have it taken back, has lost its data since. */
function isLost(job: JobHistory): boolean {
  return job.stored.every(({ node, incarnation, takenBack }) => {
    return takenBack || node.incarnation !== incarnation;
  });
}

function isWorker({ history }: World, process: Process): boolean {
  return history.limitsOf(process) !== undefined;
}

/** No user is at work, every job is over, and all replicas but buried ones are gone. */
export function isQuiet(world: World): boolean {
  if (world.processes.some((each) => each.alive && !isWorker(world, each))) return false;
  for (const job of world.history.jobs.values()) if (!isOver(world, job)) return false;
  for (const node of world.stores) {
    for (const { state } of node.jobs.values()) if (state !== 'buried') return false;
  }
  return true;
}

/** After everything has healed and come to rest. */
export function checkEnd(world: World): void {
  for (const job of world.history.jobs.values()) checkJob(world, job);
  for (const node of world.stores) {
    for (const stored of node.jobs.values()) {
      if (world.history.jobs.has(stored.key)) continue;
      if (stored.state !== 'buried') world.violated(`no envelope, and ${stored.state}`);
    }
  }
}

function checkJob(world: World, job: JobHistory): void {
  const entry = world.ledger.entry(job.key);
  const replicas = world.stores.flatMap((node) => {
    return [...node.replicasOf(job.key)].map(({ id, state }) => ({ node: node.name, id, state }));
  });
  const text = replicas.map(({ node, id, state }) => `${node}/${id} ${state}`).join(', ');
  const is = `${job.name} is ${JSON.stringify(entry)} with ${text || 'no replica'}`;
  if (!isOver(world, job)) world.violated(`not over: ${is}`);
  else if (replicas.some(({ state }) => state !== 'buried')) world.violated(`left: ${is}`);
  const kept = job.acceptedAt !== undefined && !job.done && !isLost(job);
  if (entry?.state === 'revoked' && kept && !job.deleteAsked) {
    world.violated(`nobody deleted it: ${is}`);
  }
  if (job.acceptedAt === undefined) return;
  const stands = entry?.state === 'dead' && !job.done && job.forgottenAt === undefined;
  if (stands && !job.deleteAsked && !isLost(job) && replicas.length === 0) {
    world.violated(`dead without a replica: ${is}`);
  }
  const excused =
    job.excuses.length > 0 || job.kicked || job.deleteAsked || isBuriedByFaults(world, job);
  if (replicas.length > 0 && entry?.state !== 'dead' && !excused) {
    world.violated(`buried, not dead: ${is}`);
  }
}
