// dq init, declared.

import type { Command } from 'commander';
import type { InitOptions } from '../init.ts';
import { run, withExamples, type Program } from './declaration.ts';

export function declare(command: Command, program: Program): void {
  command
    .description('Writes .dqrc.yaml into the working folder, unless there is one.')
    .allowExcessArguments()
    .option('--cluster', 'nodes and Redis, instead of the embedded queue');
  withExamples(command, ['dq init', 'dq init --cluster']);
  run(command, program, async (context) => {
    const { init } = await import('../init.ts');
    init(command.args, command.opts<InitOptions>(), context);
  });
}
