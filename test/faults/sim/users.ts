// The users: they put jobs, delete them and kick them, each with the real code in a process of its own.

import { Buffer } from 'node:buffer';
import { sealEnvelope } from '../../../src/core/envelope.ts';
import { defaultTerms } from '../../../src/ledger/ledger.ts';
import { DqError, LedgerDown, NodeError } from '../../../src/core/errors.ts';
import { JobProducer, type JobRequest } from '../../../src/produce/producer.ts';
import { lockForRepair } from '../../../src/produce/repair-lock.ts';
import {
  fitnessOf,
  longestPut,
  repairJob,
  type Repair,
  type RepairParts,
  type WornJob,
} from '../../../src/produce/repair.ts';
import { Replicator, type Replica } from '../../../src/produce/replicator.ts';
import { revoke } from '../../../src/produce/revoke.ts';
import type { QueueNode } from '../../../src/queue/node.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import type { JobHistory } from './job-history.ts';
import { epoch, type Process } from './process.ts';
import { open, tube } from './opened.ts';
import type { World } from './world.ts';

export interface PutPlan {
  readonly payload: string;
  /** ms of virtual time. */
  readonly due: number;
  readonly distinct: boolean;
  /** Whatever chance brings when left out. */
  readonly ttr?: number;
}

type OnRefused = (request: JobRequest) => void;

export class Users {
  readonly #world: World;
  readonly #receipts = new Map<JobHistory, readonly { endpoint: string; id: bigint }[]>();
  readonly #requests = new Map<JobHistory, JobRequest>();
  #count = 0;
  #stamp = 0n;

  constructor(world: World) {
    this.#world = world;
  }

  /** Calls back when it was refused, so that the user may try again. */
  put(plan: PutPlan, onRefused: OnRefused): JobHistory {
    const request = this.#requestFor(plan);
    this.putAgain(request, onRefused);
    return this.#historyOf(request);
  }

  /** In one go. Calls back for each that was refused. */
  putTogether(plans: readonly PutPlan[], onRefused: OnRefused): JobHistory[] {
    const requests = plans.map((plan) => this.#requestFor(plan));
    this.#putAll(requests, onRefused);
    return requests.map((request) => this.#historyOf(request));
  }

  putAgain(request: JobRequest, onRefused: OnRefused): void {
    this.#putAll([request], onRefused);
  }

  #requestFor(plan: PutPlan): JobRequest {
    const { random } = this.#world;
    this.#stamp += 1n;
    const ms = BigInt(Math.floor(epoch + plan.due)) * 1_000_000n;
    const request: JobRequest = {
      payload: Buffer.from(plan.payload),
      dueNs: plan.distinct ? ms + this.#stamp : ms,
      distinct: plan.distinct,
      priority: random.pick([0, 1_024, 1_024, 4_000_000_000]),
      ttr: plan.ttr ?? random.pick([1, 2, 5, 60]),
    };
    this.#requests.set(this.#historyOf(request), request);
    return request;
  }

  #historyOf(request: JobRequest): JobHistory {
    return this.#world.history.job(sealEnvelope(request));
  }

  #putAll(requests: readonly JobRequest[], onRefused: OnRefused): void {
    for (const request of requests) this.#historyOf(request).puts += 1;
    this.#begin('put', async (process, nodes, ledger) => {
      const count = nodes.length;
      const replicator = new Replicator({
        ...{ nodes, replicas: Math.min(3, count), minReplicas: Math.min(2, count) },
        ...{ clock: process.clock, random: this.#world.random.next() },
      });
      const producer = new JobProducer({
        ttr: 60,
        ...{ replicator, clock: process.clock, tube, ledger: () => Promise.resolve(ledger) },
      });
      const results = await producer.putAll(requests);
      if (!process.alive) return;
      requests.forEach((request, at) => {
        const job = this.#historyOf(request);
        const result = results[at]!;
        if (!(result instanceof DqError)) {
          this.#accepted(job, result.replicas);
          return;
        }
        this.#world.trace(process, () => `REFUSED ${job.name}: ${result.message}`);
        if (!result.message.includes('may still run')) job.puts -= 1;
        onRefused(request);
      });
    });
  }

  /** Calls back when it was deleted, so that the user may think better of it. */
  readonly delete = (
    job: JobHistory,
    onDeleted: (request: JobRequest) => void = () => undefined,
  ): void => {
    const receipt = this.#receipts.get(job);
    if (receipt === undefined) return;
    this.#begin('delete', async (process, nodes, ledger) => {
      const replicas = receipt.map(({ endpoint, id }) => {
        return { node: nodes.find((node) => node.endpoint === endpoint)!, id };
      });
      try {
        const revocation = await revoke({ replicas, tube, named: replicas.length }, ledger);
        if (!process.alive) return;
        this.#world.trace(process, () => `DELETE ${job.name}: ${revocation.result}`);
        if (revocation.result !== 'deleted') return;
        // A lone replica's id may name another job since its node lost its data
        const deleted = this.#world.history.jobs.get(revocation.key);
        if (deleted !== undefined) deleted.deletedAt = this.#world.timeline.now;
        const request = this.#requests.get(job);
        if (deleted === job && request?.distinct === false) onDeleted(request);
      } catch (error) {
        if (!(error instanceof LedgerDown)) throw error;
        this.#world.trace(process, () => `DELETE ${job.name}: ledger down`);
      }
    });
  };

  /** Ledger first, then every replica. */
  readonly kick = (job: JobHistory): void => {
    this.#begin('kick', async (process, nodes, ledger) => {
      this.#world.history.kicked(job);
      try {
        job.halfKicked = true;
        const ref = { tube, key: job.key, dueMs: job.dueMs };
        const answer = await ledger.kick(ref);
        this.#world.trace(process, () => `KICK ${job.name}: ${answer}`);
        const over = answer === 'done' || answer === 'revoked';
        const kicked = await Promise.all(nodes.map((node) => this.#kickOn(node, job, over)));
        if (process.alive && !kicked.includes(false)) job.halfKicked = false;
      } catch (error) {
        if (!(error instanceof LedgerDown)) throw error;
      }
    });
  };

  /**
   * As a survey finds it, which may be a while ago when the repair comes to it.
   * @param wait how long ago, in ms; left out: whatever chance brings, and who disturbs it meanwhile.
   */
  readonly repair = (job: JobHistory, wait?: number): void => {
    this.#begin('repair', async (process, nodes, ledger) => {
      const { clock } = process;
      const { repairs } = this.#world.history;
      const since = this.#world.timeline.now;
      if (wait === undefined) this.#disturb(process);
      try {
        const lock = await lockForRepair(tube, process.name, ledger, clock);
        repairs.begins(process, since);
        const replicas = (await Promise.all(nodes.map((node) => this.#seenOn(node, job)))).flat();
        const ref = { tube, key: job.key, dueMs: job.dueMs };
        const worn = { ref, envelope: job.envelope, replicas };
        // A put that is over leaves nothing to wait for
        const least = job.acceptedAt === undefined ? longestPut : 0;
        const ages = { ttl: defaultTerms.ttl, least };
        const standing = await ledger.look(ref);
        const now = clock.now();
        repairs.saw(process, worn, now);
        const fitness = fitnessOf(worn, standing, now, ages);
        const pause = wait ?? this.#world.random.pick([0, 0, 50, 3_000]);
        if (wait === undefined) this.#changeAMind(job, pause);
        await clock.sleep(pause);
        if (replicas.length > 0 && fitness === 'repairable') {
          await this.#repair(job, worn, { ledger, clock, nodes, wanted: 3 }, process);
        }
        repairs.ends(process);
        await lock.release();
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        this.#world.trace(process, () => `REPAIR ${job.name}: ${(error as Error).message}`);
      }
    });
  };

  /** Somebody deletes it while its repairer, which goes on in so many ms, is between two steps. */
  #changeAMind(job: JobHistory, ms: number): void {
    const { random, timeline, weather } = this.#world;
    if (!weather.stormy || !random.chance(0.2)) return;
    timeline.plan(Math.max(0, ms + random.between(-6, 2)), () => {
      this.delete(job);
    });
  }

  /** It is frozen between any two of its steps. */
  #disturb(process: Process): void {
    const { random, timeline, weather } = this.#world;
    if (!weather.stormy || !random.chance(0.3)) return;
    timeline.plan(random.spread(1, 3_500), () => {
      this.#world.freezeFor(process, random.spread(100, 40_000));
    });
  }

  async #repair(
    job: JobHistory,
    worn: WornJob,
    parts: RepairParts,
    process: Process,
  ): Promise<void> {
    let repaired: Repair | undefined;
    try {
      repaired = await repairJob(worn, parts);
      this.#world.history.repairs.answered(process, job, repaired);
    } finally {
      this.#world.trace(process, () => `REPAIR ${job.name}: ${repaired?.result ?? 'given up'}`);
      const isOver = repaired === undefined || repaired.result === 'over';
      const left = job.stored.some(({ by, takenBack }) => by === process && !takenBack);
      const unsure = repaired?.failed.some(({ unconfirmed }) => unconfirmed) === true;
      job.repairUnsure ||= unsure || (isOver && left);
      if (repaired?.added.length) this.#world.inject('repaired');
    }
  }

  async #seenOn(node: QueueNode, job: JobHistory): Promise<WornJob['replicas']> {
    const host = this.#world.stores.find(({ name }) => name === node.endpoint)!;
    try {
      const seen = [...host.replicasOf(job.key)].map(async ({ id }) => {
        const stats = await node.stats(id);
        return stats === undefined ? [] : [{ node, id, stats }];
      });
      return (await Promise.all(seen)).flat();
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      return [];
    }
  }

  async #kickOn(node: QueueNode, job: JobHistory, over: boolean): Promise<boolean> {
    const host = this.#world.stores.find(({ name }) => name === node.endpoint)!;
    for (const { id } of [...host.replicasOf(job.key)]) {
      try {
        const stats = await node.stats(id);
        if (stats === undefined) continue;
        if (!over) await node.kick(id);
        else if (stats.state === 'buried') await node.delete(id, job.envelope);
      } catch (error) {
        if (!(error instanceof NodeError)) throw error;
        return false;
      }
    }
    return true;
  }

  #accepted(job: JobHistory, replicas: readonly Replica[]): void {
    this.#world.trace(undefined, () => `ACCEPTED ${job.name} (${job.key.slice(0, 6)})`);
    const receipt = replicas.map(({ node, id }) => ({ endpoint: node.endpoint, id }));
    this.#world.history.accepted(job, receipt);
    this.#receipts.set(job, receipt);
  }

  #begin(
    what: string,
    act: (process: Process, nodes: readonly QueueNode[], ledger: Ledger) => Promise<void>,
  ): void {
    const world = this.#world;
    this.#count += 1;
    const process = world.newProcess(`${what}${this.#count}`);
    process.plan(0, 'timer', () => {
      const { nodes, ledger, close } = open(world, process);
      const end = (): void => {
        close();
        process.exit();
      };
      act(process, nodes, ledger).then(end, (defect: unknown) => {
        if (process.alive)
          world.violated(`${process.name} failed: ${String((defect as Error).stack)}`);
        end();
      });
    });
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof Error && 'kind' in error && error.kind === 'unavailable';
}
