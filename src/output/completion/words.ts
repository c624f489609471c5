// The words of a command line, as far as a shell must know them to complete them.

/** What stands there: a file, one of some words, or something that nobody can guess. */
export type Value =
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'other'; readonly name: string }
  | Choice;

export interface Choice {
  readonly kind: 'choice';
  readonly name: string;
  readonly choices: readonly string[];
  /** Of which there may be more than one, with commas between. */
  readonly several: boolean;
}

export interface OptionWords {
  /** `-c` and `--config`, or one of the two. */
  readonly names: readonly string[];
  readonly description: string;
  /** Undefined: it has none. */
  readonly value: Value | undefined;
  /** The value may be left out. */
  readonly optional: boolean;
}

export interface CommandWords {
  /** Its name, then its aliases. */
  readonly names: readonly string[];
  readonly summary: string;
  /** Its own, and those that are valid everywhere. */
  readonly options: readonly OptionWords[];
  /** What its first argument is; undefined: it has none. */
  readonly argument: Value | undefined;
  /** What comes after `--` is a command with its arguments. */
  readonly runsCommand: boolean;
  readonly commands: readonly CommandWords[];
}

export interface Located {
  /** The names from the root's subcommand on, joined by blanks; empty: the root. */
  readonly path: string;
  readonly command: CommandWords;
}

/** The command and all below it, by the names they are called by first. */
export function everyCommand(command: CommandWords, path = ''): Located[] {
  const below = command.commands.flatMap((each) =>
    everyCommand(each, `${path} ${each.names[0] ?? ''}`.trim()),
  );
  return [{ path, command }, ...below];
}

/** Every name of every option that must be followed by its value. */
export function namesWithValue(root: CommandWords): string[] {
  const options = everyCommand(root).flatMap(({ command }) => command.options);
  const valued = options.filter(({ value, optional }) => value !== undefined && !optional);
  return [...new Set(valued.flatMap(({ names }) => names))];
}
