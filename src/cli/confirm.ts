// Asks before many jobs are changed: on a terminal; elsewhere --yes must have said so.

import { createInterface } from 'node:readline';
import { DqError } from '../core/errors.ts';
import type { Context } from './context.ts';

export interface ConfirmOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** @throws DqError (usage) when nobody is there to be asked: before anything else is done. */
export function assertAskable({ yes, dryRun }: ConfirmOptions, what: 'delete' | 'kick'): void {
  if (yes === true || dryRun === true || process.stdin.isTTY) return;
  throw new DqError('usage', `nobody is here to be asked whether to ${what} these jobs`, {
    hint: `--yes to ${what} them, --dry-run to see them`,
  });
}

export async function confirm(
  question: string,
  { yes }: ConfirmOptions,
  { printer }: Context,
): Promise<boolean> {
  if (yes === true) return true;
  printer.stderr.write(`${question} [y/N] `);
  for await (const line of createInterface({ input: process.stdin })) {
    return /^y(es)?$/i.test(line.trim());
  }
  printer.stderr.write('\n'); // after an answer the terminal has done so
  return false;
}
