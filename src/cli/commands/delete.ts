// dq delete, declared.

import type { Command } from 'commander';
import type { ManyOptions } from '../many-jobs.ts';
import { manyOptions } from './many-options.ts';
import { run, withExamples, type Program } from './declaration.ts';

export function declare(command: Command, program: Program): void {
  command
    .description(
      'Deletes every replica of these jobs. A job that runs, or is done, is left as it is (exit 1 if it was named). ' +
        'An equal dq at counts when this has returned.',
    )
    .argument('[receipt...]', 'what put printed');
  manyOptions(command, 'delete');
  withExamples(command, [
    'receipt=$(dq put --delay 1h hello)\n  dq delete "$receipt"',
    "dq delete --match /^resize/ --due-after 'tomorrow 00:00'",
    'dq delete --state buried --all --yes',
  ]);
  run(command, program, async (context) => {
    const { deleteJobs } = await import('../delete.ts');
    await deleteJobs(command.args, command.opts<ManyOptions>(), context);
  });
}
