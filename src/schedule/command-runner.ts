// Runs the command line of an entry as cron does: by its shell, in the home folder, with the file's variables.

import { Buffer } from 'node:buffer';
import type { Backlog } from '../core/backlog.ts';
import type { HandlerCommand } from '../run/command.ts';
import { runHandler, type Outcome } from '../run/handler.ts';
import type { Run } from './entry.ts';
import { commandEnvironment } from './variables.ts';

export interface RunnerParts {
  readonly env: Readonly<Record<string, string>>;
  /** Where commands run when HOME isn't set. */
  readonly home: string;
  /** Gets each line of output; without it, commands write to this process's stdout and stderr. */
  readonly onOutput:
    ((entry: string, stream: 'stdout' | 'stderr', text: string) => void) | undefined;
  /** That of the lines. */
  readonly backlog: Backlog;
}

export interface CommandLine {
  readonly entry: string;
  readonly line: string;
  readonly stdin: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly timeoutMs?: number | undefined;
}

/** Between TERM and KILL, in ms. */
const killAfterMs = 5_000;

export type RunLine = (task: Run, command: CommandLine, signal: AbortSignal) => Promise<Outcome>;

export function commandRunner({ env, home, onOutput, backlog }: RunnerParts): RunLine {
  return (task, { entry, line, stdin, facts, timeoutMs }, signal) => {
    const variables = commandEnvironment(env, task.env);
    const command: HandlerCommand = {
      file: variables['SHELL'] ?? '/bin/sh',
      args: ['-c', line],
      cwd: variables['HOME'] ?? home,
      env: variables,
    };
    const payload = Buffer.from(stdin);
    const listen =
      onOutput &&
      ((stream: 'stdout' | 'stderr', text: string): void => {
        onOutput(entry, stream, text);
      });
    return runHandler(
      command,
      { payload, env: facts, killAfterMs, timeoutMs, onOutput: listen, backlog },
      signal,
    );
  };
}
