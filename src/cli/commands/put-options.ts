// The options that put and at share.

import { Option, type Command } from 'commander';

export function putOptions(command: Command): void {
  command
    .allowExcessArguments()
    .option(
      '--lines',
      'a job for each line of stdin: empty ones are skipped, a CR at the end dropped',
    )
    .option('--null', 'a job for each NUL-ended record of stdin')
    .option('--priority <n>', 'smaller is more urgent (default: 1024)')
    .option('--ttr <duration>', 'how long a worker may be silent (default: 60s, embedded 20s)')
    .addOption(
      new Option(
        '--wait [=duration]',
        'return when the job is done (0), buried or deleted (1), or the time is over (75)',
      ),
    );
}
