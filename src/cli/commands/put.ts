// dq put, declared.

import type { Command } from 'commander';
import type { PutOptions } from '../put.ts';
import { putOptions } from './put-options.ts';
import { run, withExamples, type Program } from './declaration.ts';

export function declare(command: Command, program: Program): void {
  command
    .description('Puts one job, to be run once, somewhere. Prints its receipt.')
    .argument('[payload]', 'what the handler gets; - is stdin, byte for byte')
    .option('--delay <duration>', 'run it that much later: 500ms, 5s, 1h30m, 2d');
  putOptions(command);
  withExamples(command, [
    "dq put 'send report 17'",
    'dq put --delay 5s hello',
    "dq put --wait=10m 'migrate staging' || exit",
    'dq put - < picture.png',
    'cut -f1 users.tsv | dq put --lines --delay 1h',
    "find . -name '*.log' -print0 | dq put --null",
  ]);
  run(command, program, async (context) => {
    const { put } = await import('../put.ts');
    await put(command.args, command.opts<PutOptions>(), context);
  });
}
