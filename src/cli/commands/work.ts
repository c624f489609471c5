// dq work, declared.

import type { Command } from 'commander';
import type { WorkOptions } from '../work-limits.ts';
import { run, withExamples, type Program } from './declaration.ts';

export function declare(command: Command, program: Program): void {
  command
    .description(
      'Runs CMD for each due job, once over all workers, until it is stopped. The payload is on stdin and, when ' +
        'it is text, in $DQ_PAYLOAD. Exit 0: done. Exit 65: bury it now. Anything else: try again later.',
    )
    .argument('[words...]')
    .option('-j, --concurrency <n>', 'how many handlers run at once (default: 1)')
    .option('--attempts <n>', 'how many failures bury a job (default: 5)')
    .option('--timeout <duration>', 'end a handler that runs longer (default: none)')
    .option('--grace <duration>', 'how long handlers may finish after a signal (default: 25s)')
    .option(
      '--drain [duration]',
      'stop when nothing is due within that time (default: 0s), or the ledger was down for 60s',
    )
    .option('--max-jobs <n>', 'stop after so many jobs')
    .option('--batch <n>', 'up to so many due jobs in one run, a line of stdin each')
    .option('--batch-wait <duration>', 'how long a batch may wait for more jobs (default: 0s)')
    .option('--null', 'with --batch: NUL-ended records instead of lines');
  withExamples(command, [
    'dq work -- ./handler.sh',
    "dq work -j 4 -- sh -c 'curl -fsS -d @- https://example.org/hook'",
    'dq work --drain --attempts 1 -- ./migrate.sh',
    'dq work --batch 100 -- ./insert-lines.sh',
  ]);
  const { argv } = program;
  const dashes = argv.indexOf('--');
  run(command, program, async (context) => {
    const handler = dashes === -1 ? [] : argv.slice(dashes + 1);
    const stray = command.args.slice(0, command.args.length - handler.length);
    const { work } = await import('../work.ts');
    await work({ handler, stray }, command.opts<WorkOptions>(), context);
  });
}
