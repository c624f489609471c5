// Looks at every node and the ledger, again and again: what is there, why not, and how fast it changes.

import type { Cluster } from '../cluster.ts';
import { DqError, messageOf } from '../core/errors.ts';
import type { NodeFacts, NodeReading, Gauge, Totals, TubeReading } from '../queue/gauge.ts';
import { ratesBetween } from '../queue/tally.ts';
import { Latest } from './latest.ts';

export interface TubeLook extends TubeReading {
  /** Replicas per second; undefined at the first look, and where the node doesn't count them. */
  readonly rates: Totals | undefined;
}

export type NodeLook =
  | {
      readonly node: string;
      readonly up: true;
      readonly facts: NodeFacts;
      /** By the name of the logical tube. */
      readonly tubes: ReadonlyMap<string, TubeLook>;
    }
  | { readonly node: string; readonly up: false; readonly error: string };

export type LedgerLook = { readonly up: true } | { readonly up: false; readonly error: string };

export interface Looks {
  readonly nodes: readonly NodeLook[];
  readonly ledger: LedgerLook;
}

const silent = { up: false, error: 'no answer yet' } as const;

export class Lookout {
  readonly #nodes: readonly { readonly node: string; readonly latest: Latest<NodeLook> }[];
  readonly #ledger: Latest<LedgerLook>;

  /** @param tube this one alone; undefined: all. */
  static async open(cluster: Cluster, tube: string | undefined): Promise<Lookout> {
    const { nodes, tube: configured, tubeGiven } = cluster.config;
    const gauges = await cluster.gauges();
    const watches = gauges.map((gauge, at) => {
      const own = nodes === 'embedded' || tubeGiven ? undefined : nodes[at]?.tube;
      return new NodeWatch(
        gauge,
        tube,
        own === undefined ? undefined : { logical: configured, own },
      );
    });
    return new Lookout(watches, cluster);
  }

  private constructor(watches: readonly NodeWatch[], cluster: Cluster) {
    this.#nodes = watches.map((watch) => ({
      node: watch.endpoint,
      latest: new Latest(() => watch.look()),
    }));
    this.#ledger = new Latest(() => lookAtLedger(cluster));
  }

  /** Who doesn't answer within so many ms is shown as it was last seen. */
  async look(within: number, stop?: AbortSignal): Promise<Looks> {
    const [ledger, ...nodes] = await Promise.all([
      this.#ledger.get(within, stop),
      ...this.#nodes.map(
        async ({ node, latest }) => (await latest.get(within, stop)) ?? { node, ...silent },
      ),
    ]);
    return { nodes, ledger: ledger ?? silent };
  }
}

/** On this node the replicas of a logical tube lie in one of another name. */
interface Renamed {
  readonly logical: string;
  readonly own: string;
}

class NodeWatch {
  readonly #gauge: Gauge;
  readonly #tube: string | undefined;
  readonly #renamed: Renamed | undefined;
  #before: { readonly reading: NodeReading; readonly at: number } | undefined;

  constructor(gauge: Gauge, tube: string | undefined, renamed: Renamed | undefined) {
    this.#gauge = gauge;
    this.#tube = tube;
    this.#renamed = renamed;
  }

  get endpoint(): string {
    return this.#gauge.endpoint;
  }

  async look(): Promise<NodeLook> {
    const node = this.endpoint;
    try {
      const reading = await this.#gauge.read(this.#tube);
      const now = { reading, at: performance.now() };
      const tubes = [...reading.tubes].map(
        ([name, tube]) => [name, { ...tube, rates: this.#rates(name, tube, now.at) }] as const,
      );
      this.#before = now;
      return { node, up: true, facts: reading.facts, tubes: this.#logical(new Map(tubes)) };
    } catch (error) {
      if (!(error instanceof DqError)) throw error;
      return { node, up: false, error: messageOf(error) };
    }
  }

  #rates(name: string, { totals }: TubeReading, at: number): Totals | undefined {
    if (this.#before === undefined || totals === undefined) return undefined;
    const before = this.#before.reading.tubes.get(name)?.totals ?? { put: 0, deleted: 0 };
    return ratesBetween(before, totals, (at - this.#before.at) / 1_000);
  }

  #logical(tubes: Map<string, TubeLook>): ReadonlyMap<string, TubeLook> {
    if (this.#renamed === undefined) return tubes;
    const { logical, own } = this.#renamed;
    const look = tubes.get(own);
    tubes.delete(own);
    tubes.delete(logical);
    return look === undefined ? tubes : tubes.set(logical, look);
  }
}

async function lookAtLedger(cluster: Cluster): Promise<LedgerLook> {
  // The embedded queue is its own ledger
  if (cluster.config.nodes === 'embedded') return { up: true };
  try {
    await (await cluster.ledger()).ready();
    return { up: true };
  } catch (error) {
    if (!(error instanceof DqError) || error.kind !== 'unavailable') throw error;
    return { up: false, error: messageOf(error) };
  }
}
