// dq completion, declared.

import { Argument, type Command } from 'commander';
import { run, withExamples, type Program } from './declaration.ts';

export function declare(command: Command, program: Program): void {
  command.description('Prints what makes your shell complete the words of dq.').addArgument(
    new Argument('[shell]', 'whose completion')
      .choices(['bash', 'zsh', 'fish'])
      .argParser((word) => word), // the command itself refuses others
  );
  withExamples(command, [
    'source <(dq completion bash)                          # now; and in ~/.bashrc, from now on',
    'dq completion zsh > "${fpath[1]}/_dq"                 # then start a new zsh',
    'dq completion fish > ~/.config/fish/completions/dq.fish',
  ]);
  run(command, program, async (context) => {
    const { completion } = await import('../completion.ts');
    for (const each of program.root.commands) await program.declare(each);
    await completion(command.args, program.root, context);
  });
}
