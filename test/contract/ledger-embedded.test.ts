// The embedded ledger keeps the contract: with a memory that ends, beside a beanstalkd, and as the queue's own.

import { afterAll } from 'vitest';
import { openEmbedded, type Embedded } from '../../src/embedded/embedded.ts';
import type { Terms } from '../../src/ledger/ledger.ts';
import { temporaryFolder } from '../support/servers.ts';
import { contractTerms, ledgerContract, type LedgerRig } from './ledger.ts';

const opened: Embedded[] = [];

afterAll(() => {
  for (const embedded of opened) embedded.close();
});

async function rig(terms: Terms): Promise<LedgerRig> {
  let now = 1_767_225_600_000;
  const clock = { now: () => now, sleep: () => Promise.reject(new Error('nobody sleeps')) };
  const embedded = await openEmbedded({ folder: temporaryFolder(), clock });
  opened.push(embedded);
  return {
    ledger: embedded.ledger(terms),
    now: () => now,
    pass: (ms) => {
      now += ms;
      return Promise.resolve();
    },
  };
}

ledgerContract('embedded', () => rig(contractTerms));
ledgerContract('embedded queue', () => rig({ ...contractTerms, ttl: Infinity }), {
  forgets: false,
});
