// dq completion: what a shell needs to complete dq's words, read off the commands themselves.

import type { Command, Help, Option } from 'commander';
import { DqError } from '../core/errors.ts';
import { bashCompletion } from '../output/completion/bash.ts';
import { fishCompletion } from '../output/completion/fish.ts';
import type { CommandWords, OptionWords, Value } from '../output/completion/words.ts';
import { zshCompletion } from '../output/completion/zsh.ts';
import type { Context } from './context.ts';

const generators = new Map([
  ['bash', bashCompletion],
  ['zsh', zshCompletion],
  ['fish', fishCompletion],
]);

export async function completion(
  [shell]: readonly string[],
  root: Command,
  { printer }: Context,
): Promise<void> {
  const generate = generators.get(shell ?? '');
  if (generate === undefined) {
    const what = shell === undefined ? 'no shell was given' : `no completion for ${shell}`;
    throw new DqError('usage', what, {
      hint: `there is one for ${[...generators.keys()].join(', ')}`,
    });
  }
  await printer.data(generate(wordsOf(root, root.createHelp(), [])).trimEnd());
}

/** @param inherited the options of the commands above, which are valid here as well. */
function wordsOf(command: Command, help: Help, inherited: readonly OptionWords[]): CommandWords {
  const options = [...help.visibleOptions(command).map(optionWords), ...inherited];
  const unique = options.filter(
    ({ names }, at) => options.findIndex((other) => other.names[0] === names[0]) === at,
  );
  const [argument] = command.registeredArguments;
  return {
    names: [command.name(), ...command.aliases()],
    summary: command.summary() === '' ? command.description() : command.summary(),
    options: unique,
    argument: argument && valueOf(argument.name(), argument.argChoices),
    runsCommand: command.usage().includes('-- CMD'),
    commands: help.visibleCommands(command).map((each) => wordsOf(each, help, unique)),
  };
}

function optionWords(option: Option): OptionWords {
  const { short, long, description, flags, optional, argChoices } = option;
  const placeholder = /[<[](\w+)(?:,\.\.\.)?[\]>]/.exec(flags)?.[1];
  const several = flags.includes(',...');
  return {
    names: [short, long].filter((name) => name !== undefined),
    description,
    value: placeholder === undefined ? undefined : valueOf(placeholder, argChoices, several),
    optional,
  };
}

/** Arguments and values are called what they are: `<file>` is one, and of `<state,...>` there may be several. */
function valueOf(name: string, choices: readonly string[] | undefined, several = false): Value {
  if (choices !== undefined) return { kind: 'choice', name, choices, several };
  return { kind: name === 'file' ? 'file' : 'other', name };
}
