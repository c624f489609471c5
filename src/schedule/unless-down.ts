// What is asked of the ledger where its absence is no reason to stop.

import { LedgerDown } from '../core/errors.ts';

/** Undefined: the ledger can't be asked. */
export async function unlessDown<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof LedgerDown) return undefined;
    throw error;
  }
}
