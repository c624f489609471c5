// dq kick, declared.

import type { Command } from 'commander';
import type { ManyOptions } from '../many-jobs.ts';
import { manyOptions } from './many-options.ts';
import { run, withExamples, type Program } from './declaration.ts';

export function declare(command: Command, program: Program): void {
  command
    .description(
      'Lets buried jobs run again, with their failures forgotten: N of the tube (1), those that were due first, or these.',
    )
    .argument('[words...]');
  manyOptions(command, 'kick');
  withExamples(command, ['dq kick', 'dq kick 100', 'dq kick "$receipt"', 'dq kick --all --yes']);
  run(command, program, async (context) => {
    const { kickJobs } = await import('../kick.ts');
    await kickJobs(command.args, command.opts<ManyOptions>(), context);
  });
}
