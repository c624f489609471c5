// dq repair: jobs with too few replicas get new ones.

import type { Cluster } from '../cluster.ts';
import { workerName } from '../consume/name.ts';
import { systemClock } from '../core/clock.ts';
import { dueMs, sealEnvelope } from '../core/envelope.ts';
import { DqError, messageOf, NodeError, StrangeEntry } from '../core/errors.ts';
import { inLanes } from '../core/lanes.ts';
import { isAborted } from '../core/signals.ts';
import type { Printer } from '../output/printer.ts';
import { lockForRepair } from '../produce/repair-lock.ts';
import {
  fitnessOf,
  longestPut,
  repairJob,
  type Ages,
  type Fitness,
  type Repair,
  type WornJob,
} from '../produce/repair.ts';
import { addressesOf } from '../queue/replica-of.ts';
import type { QueueNode } from '../queue/node.ts';
import type { SurveyedJob } from '../survey/job.ts';
import { survey } from '../survey/survey.ts';
import { blindness } from './blindness.ts';
import { describe } from './chosen-jobs.ts';
import type { Context } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { durationOf, optional } from './numbers.ts';
import { openCluster } from './open-cluster.ts';
import { progressBar } from './progress-bar.ts';
import { stopSignals } from './stop-signals.ts';

export interface RepairOptions {
  readonly dryRun?: boolean;
  readonly olderThan?: string;
}

const atOnce = 128;

export async function repair(
  words: readonly string[],
  options: RepairOptions,
  context: Context,
): Promise<void> {
  if (words[0] !== undefined) {
    throw new DqError('usage', `repair takes no words: what is ${JSON.stringify(words[0])}?`, {
      hint: 'it looks at all jobs of the tube: dq repair -t TUBE',
    });
  }
  const least = optional(options.olderThan, (text) => durationOf('--older-than', text));
  const cluster = openCluster(await context.config(), context);
  const { replicas, tube } = cluster.config;
  try {
    if (replicas === 1) {
      context.printer.note('nothing to repair: each job has one replica');
      return;
    }
    const ledger = await cluster.ledger();
    const dryRun = options.dryRun === true;
    // What could be repaired can't be said without the ledger either
    if (dryRun) await ledger.ready();
    const lock = dryRun ? undefined : await lockForRepair(tube, workerName(), ledger, systemClock);
    try {
      const plan = { dryRun, least: least ?? longestPut };
      const repairer = new Repairer(cluster, plan, context.printer);
      context.exit(await repairer.run(lock?.lost));
    } finally {
      await lock?.release();
    }
  } finally {
    await cluster.close();
  }
}

/** `unreadable`: what the ledger says of it. */
type Result = Repair['result'] | Fitness | 'unreadable';

class Repairer {
  readonly #cluster: Cluster;
  readonly #dryRun: boolean;
  readonly #ages: Ages;
  readonly #printer: Printer;
  readonly #results = new Map<Result, number>();
  /** Those that answer. */
  readonly #nodes = new Set<QueueNode>();
  readonly #troubles = new Map<string, string>();

  constructor(
    cluster: Cluster,
    { dryRun, least }: { readonly dryRun: boolean; readonly least: number },
    printer: Printer,
  ) {
    this.#cluster = cluster;
    this.#dryRun = dryRun;
    this.#ages = { ttl: cluster.config.ledger.ttl, least };
    this.#printer = printer;
  }

  /** Returns the exit code. @param lost aborts when another repairs. */
  async run(lost: AbortSignal | undefined): Promise<number> {
    const { tube, replicas, minReplicas } = this.#cluster.config;
    const nodes = await this.#cluster.nodes(tube);
    for (const node of nodes) this.#nodes.add(node);
    const ledger = await this.#cluster.ledger();
    const signals = stopSignals();
    const stop = lost === undefined ? signals.stop : AbortSignal.any([signals.stop, lost]);
    const bar = await progressBar(this.#printer);
    const worn = survey({
      ...{ nodes, tube, replicas, ledger, selection: { underReplicated: true } },
      onTrouble: (trouble) => {
        bar.hide();
        if (trouble instanceof NodeError) this.#avoid(trouble.node, messageOf(trouble));
        else if (trouble instanceof StrangeEntry) this.#printer.warn(trouble.message);
        else throw trouble;
      },
      onProgress: (progress) => {
        bar.show(progress, this.#count('repaired'));
      },
    });
    try {
      for await (const group of worn) {
        await inLanes(group, atOnce, this.#mend, stop);
        if (isAborted(stop)) break;
      }
    } finally {
      bar.hide();
      signals.release();
      this.#summarize(tube);
    }
    if (lost?.aborted === true) throw new DqError('unavailable', `another repairs ${tube} by now`);
    if (signals.code !== undefined) return signals.code;
    const left = this.#count('incomplete') + this.#count('young') + this.#count('unreadable');
    const blind = blindness([...this.#troubles.keys()], { minReplicas });
    if (blind !== undefined) this.#printer.warn(blind);
    return left > 0 || blind !== undefined ? exitCodes.unavailable : exitCodes.done;
  }

  readonly #mend = async (job: SurveyedJob): Promise<void> => {
    const { config } = this.#cluster;
    const worn = wornJob(job);
    if (worn === undefined) return;
    const fitness =
      job.unasked === undefined
        ? fitnessOf(worn, job.standing, systemClock.now(), this.#ages)
        : 'unreadable';
    if (fitness === 'over') return;
    if (this.#dryRun || fitness !== 'repairable') {
      await this.#tell(worn, { result: fitness, added: [], failed: [] });
      return;
    }
    const ledger = await this.#cluster.ledger();
    const nodes = [...this.#nodes];
    const wanted = config.replicas;
    const repaired = await repairJob(worn, { ledger, clock: systemClock, nodes, wanted });
    for (const error of repaired.failed) this.#avoid(error.node, messageOf(error));
    await this.#tell(worn, repaired);
  };

  /** Its deadline is paid once. */
  #avoid(endpoint: string, why: string): void {
    for (const node of this.#nodes) if (node.endpoint === endpoint) this.#nodes.delete(node);
    if (this.#troubles.has(endpoint)) return;
    this.#troubles.set(endpoint, why);
    this.#printer.warn(`${endpoint}: ${why}`);
  }

  async #tell(
    { ref: { key } }: WornJob,
    { result, added, failed }: Omit<Repair, 'result'> & { readonly result: Result },
  ): Promise<void> {
    this.#results.set(result, this.#count(result) + 1);
    if (this.#printer.json) {
      await this.#printer.line({
        ...{ key, result },
        added: addressesOf(added).map(({ endpoint, tube, id }) => {
          return { node: endpoint, tube, id: String(id) };
        }),
        failed: failed.map((error) => ({ node: error.node, error: error.message })),
      });
    } else if (this.#dryRun) {
      await this.#printer.data(`${key}  ${result}`);
    }
  }

  #count(result: Result): number {
    return this.#results.get(result) ?? 0;
  }

  #summarize(tube: string): void {
    const parts = [
      ['repairable', 'can be repaired'],
      ['incomplete', 'still have too few: no node is there to take them'],
      ['young', 'were put a moment ago: try again in a minute'],
      ['late', 'are too late to be repaired'],
      ['unreadable', 'can not be read in the ledger'],
      ['over', 'ended meanwhile'],
    ] as const;
    const rest = parts.filter(([result]) => this.#count(result) > 0);
    const texts = rest.map(([result, what]) => `; ${this.#count(result)} ${what}`);
    const done = this.#dryRun ? 'nothing was changed' : undefined;
    const repaired = `repaired ${describe(this.#count('repaired'), tube)}`;
    this.#printer.note(`${done ?? repaired}${texts.join('')}`);
  }
}

function wornJob({ tube, key, dueNs, payload, replicas }: SurveyedJob): WornJob | undefined {
  if (key === undefined || dueNs === undefined) return undefined;
  const envelope = sealEnvelope({ dueNs, payload });
  return { ref: { tube, key, dueMs: dueMs(dueNs) }, envelope, replicas };
}
