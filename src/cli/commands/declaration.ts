// What the declarations of the commands share: what they are given, how a command runs, how it fails, its examples.

import type { Command, CommanderError } from 'commander';
import { DqError } from '../../core/errors.ts';
import { makeContext, type Context, type Globals } from '../context.ts';

export type Exit = (code: number) => void;

/** Gives a command its options, its help and its action. */
export type Declare = (command: Command, program: Program) => void;

export interface Program {
  readonly argv: readonly string[];
  readonly exit: Exit;
  readonly root: Command;
  /** A command that is declared already stays as it is. */
  readonly declare: (command: Command) => Promise<void>;
}

export function run(
  command: Command,
  { exit }: Program,
  action: (context: Context) => Promise<void>,
): void {
  command.action(() => action(makeContext(command.optsWithGlobals<Globals>(), exit)));
}

export function withExamples(command: Command, lines: readonly string[]): void {
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

/** Its errors point to its own help. */
export function refuseByName(command: Command, name: string): void {
  command.exitOverride((error) => {
    const isHelp = error.exitCode === 0 || error.code === 'commander.help';
    throw isHelp ? error : usageError(error, command, name);
  });
}

/** commander's messages: `error: <what>`, and perhaps a line `(Did you mean …?)`. */
function usageError({ code, message }: CommanderError, command: Command, name: string): DqError {
  const [first = '', more] = message.replace(/^error: /, '').split('\n');
  const [word] = code === 'commander.unknownOption' ? (/'.*'$/.exec(first) ?? []) : [];
  const takesPayload = command.registeredArguments.some((each) => each.name() === 'payload');
  const meant = word === undefined || !takesPayload ? '' : `; a payload: ${name} … -- ${word}`;
  const hint = more?.replace(/^\((.*)\)$/, '$1') ?? `see ${name} --help${meant}`;
  return new DqError('usage', first, { hint: lowerFirst(hint) });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
