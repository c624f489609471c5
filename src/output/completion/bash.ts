// bash: a function that walks the words so far, then knows what may stand at the cursor.

import {
  everyCommand,
  namesWithValue,
  type CommandWords,
  type Located,
  type Value,
} from './words.ts';

export function bashCompletion(root: CommandWords): string {
  const all = everyCommand(root);
  return `# bash completion for dq, made by: dq completion bash

_dq_files() {
  local file
  compopt -o filenames 2>/dev/null
  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$cur")
}

_dq_words() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -- "$cur")
}

# Some of the words in $1, with commas between
_dq_list() {
  local word before=
  compopt -o nospace 2>/dev/null
  [[ $cur == *,* ]] && before=\${cur%,*},
  while IFS= read -r word; do COMPREPLY+=("$before$word"); done < <(compgen -W "$1" -- "\${cur##*,}")
}

# At the words after --: a command of their own, from $1 on
_dq_command() {
  local word
  if declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif ((COMP_CWORD == $1)); then
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -c -- "$cur")
  else
    _dq_files
  fi
}

_dq() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path= expects= dashes= at word
  local commands= options= argument= runs=
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    if [[ $expects ]]; then
      [[ $word == = ]] || expects=
      continue
    fi
    case $word in
      --) dashes=$at && break ;;
      ${namesWithValue(root).join('|')}) expects=$word ;;
      -*) ;;
      *)
        case "$path $word" in
${all.flatMap(stepsInto).join('\n')}
        esac
        ;;
    esac
  done
  [[ $cur == = ]] && cur=
  case $path in
${all.map(wordsAt).join('\n')}
  esac
  if [[ $expects ]]; then
    case $expects in
${valuesOf(all).join('\n')}
    esac
  elif [[ $dashes ]]; then
    [[ $runs ]] && _dq_command $((dashes + 1))
  elif [[ $cur == -* ]]; then
    _dq_words "$options"
  else
    _dq_words "$commands"
    [[ $argument == file ]] && _dq_files
  fi
  return 0
}

complete -F _dq dq
`;
}

function stepsInto({ path, command }: Located): string[] {
  return command.commands.map(({ names }) => {
    const patterns = names.map((name) => `'${path} ${name}'`).join(' | ');
    return `          ${patterns}) path='${`${path} ${names[0] ?? ''}`.trim()}' ;;`;
  });
}

function wordsAt({ path, command }: Located): string {
  const { commands, options, argument, runsCommand } = command;
  const names = options.flatMap((option) => option.names);
  const first = argument?.kind === 'choice' ? argument.choices : [];
  const words = [...commands.flatMap((each) => each.names), ...first];
  const sets = [`commands='${words.join(' ')}'`, `options='${names.join(' ')}'`];
  if (argument?.kind === 'file') sets.push('argument=file');
  if (runsCommand) sets.push('runs=1');
  return `    '${path}') ${sets.join(' ')} ;;`;
}

function valuesOf(all: readonly Located[]): string[] {
  const lines = all.flatMap(({ command }) =>
    command.options.flatMap(({ names, value }) => {
      if (value === undefined || value.kind === 'other') return [];
      return [`      ${names.join(' | ')}) ${actionOf(value)} ;;`];
    }),
  );
  return [...new Set(lines)];
}

function actionOf(value: Exclude<Value, { readonly kind: 'other' }>): string {
  if (value.kind === 'file') return '_dq_files';
  return `${value.several ? '_dq_list' : '_dq_words'} '${value.choices.join(' ')}'`;
}
