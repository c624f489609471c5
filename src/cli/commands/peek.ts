// dq peek, declared.

import type { Command } from 'commander';
import { run, withExamples, type Program } from './declaration.ts';

export function declare(command: Command, program: Program): void {
  command
    .description(
      'Shows one job whole: what the ledger knows of it, each of its replicas, its payload. Without a receipt: the next ' +
        'job that is ready, delayed and buried.',
    )
    .argument('[receipt]', 'what put printed');
  withExamples(command, [
    'dq peek "$receipt"',
    'dq peek',
    'dq peek "$receipt" --json | jq .ledger',
  ]);
  run(command, program, async (context) => {
    const { peek } = await import('../peek.ts');
    await peek(command.args, context);
  });
}
