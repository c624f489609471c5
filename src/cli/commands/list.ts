// dq list, declared.

import type { Command } from 'commander';
import type { ListOptions } from '../list.ts';
import { stateOption } from './state-option.ts';
import { run, withExamples, type Program } from './declaration.ts';

export function declare(command: Command, program: Program): void {
  command.description(
    'Lists the jobs of a tube without touching any, roughly the newest first: state, due instant, key, on how many ' +
      'nodes it is, and the start of its payload. To learn the newest id of a beanstalkd, it puts an empty job of its own ' +
      'into the tube dq.probe, and deletes it.',
  );
  selectionOptions(command).option('--limit <n>', 'at most so many');
  withExamples(command, [
    'dq list',
    'dq list --state buried',
    "dq list --match 'report 17' --due-before 'tomorrow 09:00'",
    "dq list --json --match '/^mail to .*@example.org$/i' | jq -r .receipt",
    'dq list -t default.cron --limit 20',
  ]);
  run(command, program, async (context) => {
    const { list } = await import('../list.ts');
    await list(command.opts<ListOptions>(), context);
  });
}

function selectionOptions(command: Command): Command {
  return command
    .addOption(stateOption('only these; buried: dead ones, and what is left of ended ones, too'))
    .option('--match <text>', 'only those whose payload has that text, or matches /an expression/')
    .option(
      '--due-before <time>',
      'only those due before TIME, in any form that dq at takes; -1h: an hour ago',
    )
    .option('--due-after <time>', 'only those due after TIME')
    .option('--under-replicated', 'only those on fewer nodes than replicas: of the configuration');
}
