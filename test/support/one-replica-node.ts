// A node in memory with one ready replica.

import type { Buffer } from 'node:buffer';
import type { QueueNode, Reservation } from '../../src/queue/node.ts';

const never = (): never => {
  throw new Error('this is not asked for');
};

/**
 * Tells what became of it.
 * @param stats what it says of the replica.
 */
export function nodeWithOne(
  envelope: Buffer,
  onSettled: (how: string) => void,
  stats: QueueNode['stats'] = never,
): QueueNode {
  const settle = (how: string) => (): Promise<boolean> => {
    onSettled(how);
    return Promise.resolve(true);
  };
  const replicas: Reservation[] = [];
  const node: QueueNode = {
    ...{
      endpoint: 'node:1',
      tube: 'default',
      putAll: never,
      peek: never,
      stats,
      delete: never,
    },
    ...{ kick: never, counts: never, nextReady: never, next: never, scan: never, close: never },
    reserveAll: (count) => Promise.resolve(Array.from({ length: count }, () => replicas.shift())),
    deleteAll: async (reservations) => {
      await Promise.all(reservations.map((reservation) => reservation.delete()));
      return [];
    },
    reserve: (_, signal) => {
      return new Promise((resolve) => {
        signal?.addEventListener('abort', () => {
          resolve(undefined);
        });
      });
    },
  };
  replicas.push({
    ...{ node, id: 1n, envelope, stats: never, touch: () => Promise.resolve(true) },
    ...{ delete: settle('delete'), release: settle('release'), bury: settle('bury') },
  });
  return node;
}
