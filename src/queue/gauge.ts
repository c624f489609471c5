// What can be seen of a whole node at once: itself, and every tube on it.

import type { TubeCounts } from './node.ts';

/** A beanstalkd, or a file. */
export type NodeFacts =
  | {
      readonly kind: 'beanstalkd';
      readonly version: string;
      /** Whole seconds. */
      readonly uptime: number;
      /** Whether jobs survive a restart. */
      readonly binlog: boolean;
      /** It takes no new jobs until it is restarted. */
      readonly draining: boolean;
    }
  | { readonly kind: 'file'; readonly path: string; readonly bytes: number };

/** How many replicas were ever put into a tube, and deleted from it. Both begin at 0 again when the node forgets the tube. */
export interface Totals {
  readonly put: number;
  readonly deleted: number;
}

export interface TubeReading extends TubeCounts {
  /** Undefined: the node doesn't count them. */
  readonly totals: Totals | undefined;
  /**
   * When the job was due that the next worker gets, in ms since the epoch; undefined: none is ready, or it is no
   * envelope.
   */
  readonly nextDue: number | undefined;
}

export interface NodeReading {
  readonly facts: NodeFacts;
  /** A tube without jobs and connections may be missing: it counts nothing. */
  readonly tubes: ReadonlyMap<string, TubeReading>;
}

export interface Gauge {
  /** Its name in receipts. */
  readonly endpoint: string;
  /**
   * Changes nothing. Rejects with a NodeError when the node can't be asked.
   * @param tube this one alone; left out: all.
   */
  read(tube?: string): Promise<NodeReading>;
  close(): void;
}
