// dq at, declared.

import type { Command } from 'commander';
import type { AtOptions } from '../at.ts';
import { putOptions } from './put-options.ts';
import { run, withExamples, type Program } from './declaration.ts';

export function declare(command: Command, program: Program): void {
  command
    .description(
      'Puts one job, to be run once at TIME. The same payload at the same instant is the same job, ' +
        'from whichever host and however often it is put.',
    )
    .argument(
      '[time]',
      "2100-01-01T00:00, 18:30, noon, +90s, 'tomorrow 09:00', '10:00 tomorrow', 'mon 10:00', 'now + 3 days', @4102444800",
    )
    .argument('[payload]', 'what the handler gets; - is stdin, byte for byte')
    .option('--tz <zone>', 'the zone of a TIME without offset (else the local one): Europe/Berlin')
    .option('--distinct', 'a job of its own, even if an equal one was put');
  putOptions(command);
  withExamples(command, [
    "dq at 2100-01-01T00:00 'happy new century'",
    "dq at 'tomorrow 09:00' --tz Europe/Berlin wake",
    'dq at +90s hello',
  ]);
  run(command, program, async (context) => {
    const { at } = await import('../at.ts');
    const words = { words: command.args, asWritten: program.argv.includes('--') };
    await at(words, command.opts<AtOptions>(), context);
  });
}
