// The command's start and only end: runs the program, turns what was thrown into a line and an exit code.

import { DqError } from '../core/errors.ts';
import { Printer } from '../output/printer.ts';
import { assertWritten, flushed } from '../output/standard.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { parse } from './program.ts';

void main(process.argv);

async function main(argv: readonly string[]): Promise<void> {
  let code: number = exitCodes.done;
  try {
    await parse(argv, (wanted) => {
      code = wanted;
    });
    await assertWritten();
  } catch (error) {
    if (!(error instanceof DqError)) throw error;
    await reporter().failure(error);
    code = exitCodeOf(error.kind);
  }
  await flushed();
  process.exit(code);
}

/** An error may come before the options are understood: they are looked for in the words themselves. */
function reporter(): Printer {
  const end = process.argv.indexOf('--');
  const words = end === -1 ? process.argv : process.argv.slice(0, end);
  const options = {
    json: words.includes('--json'),
    quiet: false,
    verbose: false,
    noColor: words.includes('--no-color'),
  };
  return new Printer(options, process.env);
}
