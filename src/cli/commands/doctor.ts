// dq doctor, declared.

import type { Command } from 'commander';
import { run, withExamples, type Program } from './declaration.ts';

export function declare(command: Command, program: Program): void {
  command.description(
    'Looks at the configuration, every node and the ledger. Exit 0 when jobs can be put and run.',
  );
  withExamples(command, ['dq doctor', 'dq doctor -c staging.yaml --json']);
  run(command, program, async (context) => {
    const { doctor } = await import('../doctor.ts');
    await doctor(context);
  });
}
