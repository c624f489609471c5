// dq repair, declared.

import type { Command } from 'commander';
import type { RepairOptions } from '../repair.ts';
import { run, withExamples, type Program } from './declaration.ts';

export function declare(command: Command, program: Program): void {
  command
    .description(
      'Looks for jobs of the tube that lie on fewer nodes than they should (a node lost its data, or was down when they ' +
        'were put), and puts what is missing on others. Workers may go on. Exit 75 when some still have too few.',
    )
    .argument('[words...]')
    .option('--dry-run', 'only show what it would repair')
    .option(
      '--older-than <duration>',
      'leave jobs alone that were put since: they may still be refused (default: 60s)',
    );
  withExamples(command, ['dq repair', 'dq repair -t mail --dry-run']);
  run(command, program, async (context) => {
    const { repair } = await import('../repair.ts');
    await repair(command.args, command.opts<RepairOptions>(), context);
  });
}
