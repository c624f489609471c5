// Colours, for a terminal only: chalk is loaded when there is something to colour.

export interface Paint {
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly strong: (text: string) => string;
}

const asItIs = (text: string): string => text;

export const plain: Paint = {
  good: asItIs,
  warn: asItIs,
  bad: asItIs,
  dim: asItIs,
  strong: asItIs,
};

/** Who decides, the strongest first: `--no-color`, NO_COLOR, FORCE_COLOR, whether it is a terminal. */
export function wantsColor(isTerminal: boolean, noColor: boolean, env: NodeJS.ProcessEnv): boolean {
  if (noColor || (env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTerminal && env['TERM'] !== 'dumb';
}

export async function loadPaint(): Promise<Paint> {
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return {
    good: chalk.green,
    warn: chalk.yellow,
    bad: chalk.red,
    dim: chalk.dim,
    strong: chalk.bold,
  };
}
