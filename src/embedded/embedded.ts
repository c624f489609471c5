// Opens the embedded queue: one file in one folder, behind the interfaces of a node and of a ledger.

import { join } from 'node:path';

import { systemClock, type Clock } from '../core/clock.ts';
import type { Board } from '../ledger/board.ts';
import type { Ledger, Terms } from '../ledger/ledger.ts';
import type { QueueNode } from '../queue/node.ts';
import type { Gauge } from '../queue/gauge.ts';
import { FileBell } from './bell.ts';
import { EmbeddedBoard } from './board.ts';
import { Database } from './database.ts';
import { openQueueFile, patience, queueFile } from './file.ts';
import { EmbeddedLedger } from './ledger.ts';
import { EmbeddedNode } from './node.ts';
import { EmbeddedGauge } from './gauge.ts';

export interface EmbeddedOptions {
  /** Made if it is missing, for this user only. */
  readonly folder: string;
  readonly clock?: Clock;
}

export interface Embedded {
  /** The queue file. */
  readonly path: string;
  node(tube: string): QueueNode;
  /**
   * With an infinite ttl nothing is ever late: for the jobs of this file, not for those of another node.
   * @param owner the endpoint of the node whose jobs they are, unless they are this file's own.
   */
  ledger(terms: Terms, owner?: string): Ledger;
  /** @param owner as with the ledger. */
  board(tube: string, owner?: string): Board;
  gauge(): Gauge;
  /** After its nodes and ledgers. */
  close(): void;
}

/** Equal jobs and entries of two nodes are two: before their tube stands the node, whose colon no tube's name has. */
function realmOf(tube: string, owner: string | undefined): string {
  return owner === undefined ? tube : `${owner}/${tube}`;
}

/**
 * @throws DqError (config) when the file can't be used: damaged, not ours, of a newer dq, not writable.
 * @throws NodeError when it can't be used now: the disk is full, another process keeps it locked.
 */
export async function openEmbedded({
  folder,
  clock = systemClock,
}: EmbeddedOptions): Promise<Embedded> {
  const path = queueFile(folder);
  const connection = await openQueueFile(folder);
  const bell = new FileBell(join(folder, 'queue.bell'));
  const database = new Database({ connection, path, clock, bell, patience, soon: setImmediate });
  return {
    path,
    node: (tube) => new EmbeddedNode(database, tube),
    ledger: (terms, owner) => new EmbeddedLedger(database, terms, realmOf('', owner)),
    board: (tube, owner) => new EmbeddedBoard(database, realmOf(tube, owner)),
    gauge: () => new EmbeddedGauge(database, path),
    close: () => {
      database.close();
    },
  };
}
