// zsh: a function for each command, which tells _arguments what its words are.

import {
  everyCommand,
  type CommandWords,
  type Located,
  type OptionWords,
  type Value,
} from './words.ts';
import { quoted } from '../quoted.ts';

export function zshCompletion(root: CommandWords): string {
  const functions = everyCommand(root).map(functionOf);
  return `#compdef dq
# zsh completion for dq, made by: dq completion zsh

${functions.join('\n\n')}

if [[ \${funcstack[1]} == _dq ]]; then
  _dq "$@"
else
  compdef _dq dq
fi
`;
}

function functionOf({ path, command }: Located): string {
  const options = command.options.map(optionSpec);
  if (command.commands.length > 0) return branch(path, command.commands, options);
  const specs = [...options, ...argumentSpec(command)].map((spec) => ` \\\n    ${spec}`);
  return `${nameOf(path)}() {\n  _arguments -s -S${specs.join('')}\n}`;
}

function branch(path: string, commands: readonly CommandWords[], options: string[]): string {
  const described = commands.flatMap(({ names, summary }) =>
    names.map((name) => `      ${quoted(`${name}:${summary}`)}`),
  );
  const calls = commands.map(({ names }) => {
    const below = nameOf(`${path} ${names[0] ?? ''}`.trim());
    return `        ${names.join(' | ')}) ${below} ;;`;
  });
  return `${nameOf(path)}() {
  local curcontext=$curcontext state line
  local -A opt_args
  _arguments -C -s -A '-*' \\
    ${[...options, "'1:command:->command'", "'*::argument:->argument'"].join(' \\\n    ')} && return
  case $state in
    command)
      local -a commands=(
${described.join('\n')}
      )
      _describe command commands
      ;;
    argument)
      case \${line[1]} in
${calls.join('\n')}
      esac
      ;;
  esac
}`;
}

function nameOf(path: string): string {
  return ['_dq', ...path.split(' ').filter(Boolean)].join('_');
}

/** `'(-c --config)'{-c,--config=}'[what it does]:file:_files'` */
function optionSpec({ names, description, value, optional }: OptionWords): string {
  const forms = names.map((name) =>
    value !== undefined && name.startsWith('--') ? `${name}=` : name,
  );
  const about = quoted(
    `[${description.replaceAll(/[[\]:]/g, String.raw`\$&`)}]${valueSpec(value, optional)}`,
  );
  if (forms.length === 1) return `${forms.join('')}${about}`;
  return `'(${names.join(' ')})'{${forms.join(',')}}${about}`;
}

function valueSpec(value: Value | undefined, optional: boolean): string {
  if (value === undefined) return '';
  return `${optional ? '::' : ':'}${actionOf(value)}`;
}

function argumentSpec({ argument, runsCommand }: CommandWords): string[] {
  if (runsCommand) return ["'*::command:_normal'"];
  return argument === undefined ? [] : [quoted(`1:${actionOf(argument)}`)];
}

/** `message:action`; the action of what nobody can guess is none. */
function actionOf(value: Value): string {
  switch (value.kind) {
    case 'file':
      return `${value.name}:_files`;
    case 'choice': {
      const words = value.choices.join(' ');
      return `${value.name}:${value.several ? `_values -s , ${value.name} ${words}` : `(${words})`}`;
    }
    case 'other':
      return `${value.name}: `;
  }
}
