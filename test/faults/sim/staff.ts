// The staff: real workers in simulated processes, and the handlers they run.

import { Drain } from '../../../src/consume/drain.ts';
import type { Handler, Outcome } from '../../../src/consume/handler.ts';
import { Worker, type WorkSummary } from '../../../src/consume/worker.ts';
import { BeanstalkdNode } from '../../../src/queue/beanstalkd.ts';
import { LedgerClient } from './ledger.ts';
import { checkDrained } from './promises.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

export const tube = 'jobs';

/** What a run comes to, after so many ms. */
export interface Plan {
  readonly outcome: Outcome;
  readonly ms: number;
}

export interface Terms {
  readonly concurrency: number;
  readonly attempts: number;
  readonly grace: number;
  readonly maxJobs: number | undefined;
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
    this.#world.history.employs(process, terms);
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
    };
  }

  #begin(hand: Hand): void {
    const { process, terms } = hand;
    const { clock } = process;
    const world = this.#world;
    const nodes = world.nodes.map((node) => {
      return new BeanstalkdNode({ endpoint: node.name, tube, clock });
    });
    const ledger = new LedgerClient(process, world.ledger);
    const drain = new Drain();
    const planRun = (): Plan =>
      terms.plan ?? { outcome: outcomeOf(world), ms: lengthOf(world, this.#slow) };
    const worker = new Worker({
      ...{ name: process.name, tubes: [{ name: tube, nodes }], ledger, clock },
      ...{ handler: handlerOf(world, process, planRun), random: world.random.next },
      ...{ concurrency: terms.concurrency, attempts: terms.attempts, grace: terms.grace },
      ...(terms.maxJobs === undefined ? {} : { maxJobs: terms.maxJobs }),
      ...(terms.drains ? { onVerdict: drain.onVerdict } : {}),
      report: (event) => {
        world.trace(process, () => JSON.stringify(event));
      },
    });
    const over = new AbortController();
    const ended = worker.run(hand.stop.signal, hand.hurry.signal).finally(() => {
      over.abort();
    });
    if (terms.drains) {
      const idle = (): boolean => worker.idle;
      const signal = AbortSignal.any([hand.stop.signal, over.signal]);
      void drain.wait({ clock, ledger, nodes, within: 0, idle }, signal).then((unseen) => {
        if (!process.alive || signal.aborted) return;
        checkDrained(world, process, unseen);
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
        for (const node of nodes) node.close();
        ledger.close();
        process.exit();
      },
      (defect: unknown) => {
        if (!process.alive) return;
        world.violated(`${process.name} failed: ${String((defect as Error).stack)}`);
      },
    );
  }
}

/** The longest a handler lives on after its signal aborted: the leash kills it then. */
const longestDefiance = 5_100;

function handlerOf(world: World, process: Process, planRun: () => Plan): Handler {
  const { random } = world;
  const { handlers } = world.history;
  return (task, signal) =>
    new Promise((resolve) => {
      if (!process.alive) return;
      handlers.called(task);
      const { outcome: planned, ms } = planRun();
      if (planned.kind === 'unstartable' || planned.kind === 'deferred') {
        process.plan(random.between(0, 5), 'bytes', () => {
          resolve(planned);
        });
        return;
      }
      const run = handlers.started(process, task);
      const end = (outcome: Outcome): void => {
        atEnd.cancelled = true;
        signal.removeEventListener('abort', onAbort);
        if (run.outcome !== undefined) return;
        handlers.ended(run, task, outcome);
        resolve(outcome);
      };
      const atEnd = process.plan(ms, 'bytes', () => {
        end(planned);
      });
      const onAbort = (): void => {
        const defiance = random.chance(0.7) ? random.between(0, 50) : longestDefiance;
        process.plan(defiance, 'bytes', () => {
          end({ kind: 'stopped' });
        });
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
}

function outcomeOf({ random }: World): Outcome {
  const roll = random.next();
  if (roll < 0.64) return { kind: 'succeeded', exitCode: 0 };
  if (roll < 0.92) return { kind: 'failed', exitCode: 1, why: 'exit 1' };
  if (roll < 0.96) return { kind: 'rejected', exitCode: 65, why: 'exit 65' };
  if (roll < 0.98) return { kind: 'unstartable', why: 'no memory' };
  return { kind: 'deferred', delayMs: Math.floor(random.spread(1, 5_000)), why: 'not now' };
}

function lengthOf({ random }: World, slow: boolean): number {
  const roll = slow ? random.between(0.5, 1) : random.next();
  if (roll < 0.6) return random.between(0.5, 200);
  if (roll < 0.85) return random.between(200, 6_000);
  return random.between(6_000, 45_000);
}
