// The pure machine keeps the contract of a ledger.

import type { Clock } from '../../src/core/clock.ts';
import { MemoryLedger } from '../support/memory-ledger.ts';
import { contractTerms, ledgerContract } from './ledger.ts';

ledgerContract('memory', () => {
  let now = 1_767_225_600_000;
  const clock: Clock = { now: () => now, sleep: () => Promise.reject(new Error('nobody sleeps')) };
  return Promise.resolve({
    ledger: new MemoryLedger(clock, contractTerms),
    now: () => now,
    pass: (ms) => {
      now += ms;
      return Promise.resolve();
    },
  });
});
