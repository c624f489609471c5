// fish: a line for each command and option, with the command after which it is valid.

import {
  everyCommand,
  namesWithValue,
  type Choice,
  type CommandWords,
  type Located,
  type OptionWords,
} from './words.ts';

export function fishCompletion(root: CommandWords): string {
  const general = new Set(root.options.flatMap(({ names }) => names));
  const lines = everyCommand(root).flatMap((located) => [
    ...located.command.commands.map((command) => commandLine(located, command)),
    ...located.command.options
      .filter(({ names }) => located.path === '' || !names.some((name) => general.has(name)))
      .map((option) => optionLine(located, option)),
    ...argumentLines(located),
  ]);
  return `# fish completion for dq, made by: dq completion fish

# The names of commands so far, without options and their values
function __dq_path
    set -l skips no
    for word in (commandline -opc)[2..]
        if test $skips = yes
            set skips no
            continue
        end
        switch $word
            case --
                break
            case ${namesWithValue(root).join(' ')}
                set skips yes
            case '-*'
            case '*'
                echo $word
        end
    end
end

function __dq_in
    set -l path (__dq_path)
    test "$argv" = "$path[1..$(count $argv)]"; and not contains -- -- (commandline -opc)
end

function __dq_at
    set -l path (__dq_path)
    test "$argv" = "$path"; and not contains -- -- (commandline -opc)
end

# What comes after -- is a command line of its own
function __dq_command
    set -l words (commandline -opc)
    set -l dashes (contains -i -- -- $words); or return
    set -e words[1..$dashes]
    complete -C "$(string escape -- $words | string join ' ') $(commandline -ct)"
end

complete -c dq -f
${lines.join('\n')}
`;
}

function commandLine({ path }: Located, { names, summary }: CommandWords): string {
  return `complete -c dq -n ${quoted(`__dq_at ${path}`.trim())} -a ${quoted(names.join(' '))} -d ${quoted(summary)}`;
}

function optionLine({ path, command }: Located, option: OptionWords): string {
  const { names, description, value, optional } = option;
  const flags = names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  const takes = value === undefined || optional ? [] : [value.kind === 'file' ? '-r -F' : '-x'];
  if (value?.kind === 'choice') takes.push(`-a ${wordsOf(value)}`);
  return [
    ...['complete -c dq', ...condition(path, command), ...flags, ...takes],
    `-d ${quoted(description)}`,
  ].join(' ');
}

function argumentLines({ path, command }: Located): string[] {
  const { argument, runsCommand } = command;
  const where = ['complete -c dq', ...condition(path, command)].join(' ');
  if (runsCommand)
    return [`complete -c dq -n 'contains -- -- (commandline -opc)' -a '(__dq_command)'`];
  if (argument?.kind === 'file') return [`${where} -F`];
  if (argument?.kind === 'choice') return [`${where} -a ${wordsOf(argument)}`];
  return [];
}

/** fish's own function adds them to what stands before the last comma. */
function wordsOf({ choices, several }: Choice): string {
  const words = choices.join(' ');
  return quoted(several ? `(__fish_append , ${words})` : words);
}

/** Valid everywhere without one. */
function condition(path: string, { names }: CommandWords): string[] {
  if (path === '') return [];
  const above = path.slice(0, path.lastIndexOf(' ') + 1);
  return [`-n ${quoted(names.map((name) => `__dq_in ${above}${name}`).join('; or '))}`];
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}
