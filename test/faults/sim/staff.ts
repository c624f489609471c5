// The staff: real workers in simulated processes, and the handlers they run.

import { Batches, type BatchOptions } from '../../../src/consume/batches.ts';
import { Drain } from '../../../src/consume/drain.ts';
import { Worker, type WorkerOptions, type WorkSummary } from '../../../src/consume/worker.ts';
import { planOf, runOf, type Plan } from './handlers.ts';
import { open, tube } from './opened.ts';
import { checkDrained } from './promises.ts';
import type { Process } from './process.ts';
import { kickFailed } from './stored.ts';
import type { World } from './world.ts';

export interface Terms {
  readonly concurrency: number;
  readonly attempts: number;
  readonly grace: number;
  readonly maxJobs: number | undefined;
  /** How many jobs share a run, and how long (ms) the first waits for others. */
  readonly batch?: { readonly size: number; readonly wait: number };
  /** It ends when it finds nothing left to do. */
  readonly drains: boolean;
  /** Of each run; left out: whatever chance brings. */
  readonly plan?: Plan;
}

export interface Hand {
  readonly process: Process;
  readonly terms: Terms;
  readonly stop: AbortController;
  readonly hurry: AbortController;
  retired: boolean;
  ended: boolean;
  summary: WorkSummary | undefined;
}

export class Staff {
  readonly hands: Hand[] = [];
  readonly #world: World;
  /** Most runs of this seed take their time. */
  readonly #slow: boolean;

  constructor(world: World) {
    this.#world = world;
    this.#slow = world.random.chance(0.25);
  }

  get present(): Hand[] {
    return this.hands.filter(({ process, ended }) => process.alive && !ended);
  }

  /** Those who will go on until they are told to stop. */
  get lasting(): Hand[] {
    return this.present.filter(
      ({ terms, retired }) => !terms.drains && terms.maxJobs === undefined && !retired,
    );
  }

  hire(terms = this.#anyTerms()): Hand {
    const process = this.#world.newProcess(`w${this.hands.length + 1}`);
    const slots = terms.concurrency * (terms.batch?.size ?? 1);
    this.#world.history.employs(process, { ...terms, concurrency: slots });
    const hand: Hand = {
      ...{ process, terms, stop: new AbortController(), hurry: new AbortController() },
      ...{ retired: false, ended: false, summary: undefined },
    };
    this.hands.push(hand);
    process.plan(0, 'timer', () => {
      this.#begin(hand);
    });
    return hand;
  }

  hireLasting(): Hand {
    return this.hire({ ...this.#anyTerms(), drains: false, maxJobs: undefined });
  }

  hireDraining(): Hand {
    return this.hire({ ...this.#anyTerms(), drains: true });
  }

  /** As SIGTERM. */
  retire(hand: Hand): void {
    const { process, stop, hurry } = hand;
    hand.retired = true;
    process.plan(0, 'bytes', () => {
      if (stop.signal.aborted) return;
      this.#world.history.stopAsked(process);
      this.#world.trace(process, () => 'ASKED TO STOP');
      stop.abort();
      if (!this.#world.random.chance(0.2)) return;
      process.plan(this.#world.random.spread(10, 20_000), 'bytes', () => {
        hurry.abort();
      });
    });
  }

  #anyTerms(): Terms {
    const { random, roomy } = this.#world;
    return {
      concurrency: roomy ? 20 : random.pick([1, 1, 2, 3]),
      attempts: random.pick([1, 2, 2, 3, 4]),
      grace: random.pick([1_000, 5_000, 25_000]),
      maxJobs: random.chance(0.1) && !roomy ? random.whole(1, 3) : undefined,
      drains: random.chance(0.15) && !roomy,
      ...(random.chance(0.2) && !roomy ? { batch: this.#anyBatch() } : {}),
    };
  }

  #anyBatch(): { size: number; wait: number } {
    const { random } = this.#world;
    return { size: random.whole(2, 4), wait: random.pick([0, 0, 500, 8_000]) };
  }

  #begin(hand: Hand): void {
    const { process, terms } = hand;
    const { clock } = process;
    const world = this.#world;
    const { nodes, ledger, close } = open(world, process);
    const drain = new Drain();
    const planRun = (): Plan => terms.plan ?? planOf(world, this.#slow);
    const worker = new Worker({
      ...{ name: process.name, tubes: [{ name: tube, nodes }], ledger, clock },
      ...handlerOf(hand, runOf(world, process, planRun)),
      ...{ random: world.random.next, attempts: terms.attempts, grace: terms.grace },
      ...(terms.maxJobs === undefined ? {} : { maxJobs: terms.maxJobs }),
      ...(terms.drains ? { onVerdict: drain.onVerdict } : {}),
      report: (event) => {
        world.trace(process, () => JSON.stringify(event));
        const { event: what, key, node } = event;
        const store = world.stores.find(({ name }) => name === node);
        if (what === 'refused' && key !== undefined && store !== undefined) kickFailed(store, key);
      },
    });
    const over = new AbortController();
    const ended = worker.run(hand.stop.signal, hand.hurry.signal).finally(() => {
      over.abort();
    });
    if (terms.drains) {
      const idle = (): boolean => worker.idle;
      const stalled = (): boolean => worker.stalled;
      const signal = AbortSignal.any([hand.stop.signal, over.signal]);
      const parts = { clock, ledger, nodes, within: 0, idle, stalled };
      void drain.wait(parts, signal).then(({ unseen, ledgerDown }) => {
        if (!process.alive || signal.aborted) return;
        if (!ledgerDown) checkDrained(world, process, unseen);
        this.#world.history.stopAsked(process);
        hand.stop.abort();
      });
    }
    void ended.then(
      (summary) => {
        if (!process.alive) return;
        world.trace(process, () => `ENDED ${JSON.stringify(summary)}`);
        hand.ended = true;
        hand.summary = summary;
        if (summary.unsettled > 0) world.history.leftUnsettled(process);
        close();
        process.exit();
      },
      (defect: unknown) => {
        if (!process.alive) return;
        world.violated(`${process.name} failed: ${String((defect as Error).stack)}`);
      },
    );
  }
}

/** As dq work does it. */
function handlerOf(
  { process, terms }: Hand,
  run: BatchOptions['run'],
): Pick<WorkerOptions, 'handler' | 'concurrency' | 'onLull' | 'onStopping'> {
  const { concurrency, batch } = terms;
  if (batch === undefined)
    return { concurrency, handler: (task, { signal }) => run([task], signal) };
  const { clock } = process;
  const batches = new Batches({ ...batch, concurrency, clock, run, fits: () => true });
  const { handle: handler, onLull, stop: onStopping } = batches;
  return { handler, concurrency: concurrency * batch.size, onLull, onStopping };
}
