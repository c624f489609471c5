// dq stats, declared.

import type { Command } from 'commander';
import type { StatsOptions } from '../stats.ts';
import { run, withExamples, type Program } from './declaration.ts';

export function declare(command: Command, program: Program): void {
  command
    .description(
      'Shows each node, the ledger, and the tubes (with -t one), the nodes side by side. Jobs are estimated from their ' +
        'replicas (≈): at least so many. lag: how long the job has been due that a worker gets next. Changes nothing. ' +
        'Exit 75 when no node answered.',
    )
    .option('--watch [duration]', 'look again and again, until q or Ctrl-C (default: 1s)');
  withExamples(command, [
    'dq stats',
    'dq stats --watch',
    'dq stats -t mail --watch 5s --json',
    "dq stats --json | jq -r 'select(.jobs.buried > 0).tube'",
  ]);
  run(command, program, async (context) => {
    const { stats } = await import('../stats.ts');
    await stats(command.optsWithGlobals<StatsOptions>(), context);
  });
}
