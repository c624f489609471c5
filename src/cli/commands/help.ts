// dq help, declared.

import type { Command } from 'commander';
import { DqError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import type { Program } from './declaration.ts';

export const helpSummary = 'the help of a command';

export function declare(command: Command, program: Program): void {
  command.argument('[command...]').action(async (words: readonly string[]) => {
    let shown = program.root;
    for (const word of words) {
      shown = subcommandOf(shown, word);
      await program.declare(shown);
    }
    shown.outputHelp();
  });
}

function subcommandOf(command: Command, word: string): Command {
  const known = command.commands.find((each) => [each.name(), ...each.aliases()].includes(word));
  if (known !== undefined) return known;
  const near = nearest(
    word,
    command.commands.map((each) => each.name()),
  );
  throw new DqError('usage', `unknown command '${word}'`, {
    hint: near === undefined ? 'see dq --help' : `did you mean ${near}?`,
  });
}
