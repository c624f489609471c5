// What every command is given: the global options, the printer, and the configuration on demand.

import type { Config } from '../config/schema.ts';
import { DqError } from '../core/errors.ts';
import { Printer } from '../output/printer.ts';

/** The global options, as commander gives them. */
export interface Globals {
  readonly config?: string;
  readonly tube?: readonly string[];
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** False with `--no-color`. */
  readonly color?: boolean;
}

export interface Context {
  readonly printer: Printer;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Sets the exit code that the process ends with when the command is through. */
  readonly exit: (code: number) => void;
  /** The configuration of a command that works on one tube. */
  readonly config: () => Promise<Config>;
  /** The same, for a command that may work on several. */
  readonly configOfTubes: () => Promise<Config>;
  /** The absolute path of the file that it is read from; undefined: there is none. */
  readonly configFile: () => Promise<string | undefined>;
}

export function makeContext(globals: Globals, exit: (code: number) => void): Context {
  const { env } = process;
  const cwd = workingFolder();
  const printer = new Printer(
    {
      json: globals.json === true,
      quiet: globals.quiet === true,
      verbose: globals.verbose === true,
      noColor: globals.color === false,
    },
    env,
  );
  const tubes = globals.tube ?? [];
  const load = async (): Promise<Config> => {
    const { loadConfig } = await import('../config/load.ts');
    return loadConfig({ file: globals.config, tubes, env, cwd });
  };
  const configFile = async (): Promise<string | undefined> => {
    const { findConfig } = await import('../config/load.ts');
    return findConfig({ file: globals.config, env, cwd });
  };
  const loadOne = async (): Promise<Config> => {
    if (tubes.length > 1) {
      throw new DqError('usage', '--tube can be given once; only work takes several');
    }
    return load();
  };
  return { printer, env, cwd, exit, config: loadOne, configOfTubes: load, configFile };
}

function workingFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new DqError('usage', "the working folder isn't there any more", {
      hint: 'go to one that is: cd',
      cause: error,
    });
  }
}
