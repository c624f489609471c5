// The name of a worker: readable in the ledger, and this process's alone.

import { hostname } from 'node:os';

export function workerName(): string {
  const host = hostname().replaceAll(/[^\w.-]/g, '-');
  const random = Math.random().toString(36).slice(2, 8);
  return `${host}.${process.pid}.${random}`;
}
