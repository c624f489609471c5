// The command line: the global options and the commands, by name; one is declared, and its code loaded, when it is called.

import { Command, CommanderError, Option } from 'commander';
import { DqError } from '../core/errors.ts';
import { isTerminal, standard, writeOut } from '../output/standard.ts';
import { refuseByName, withExamples, type Declare, type Exit } from './commands/declaration.ts';
import { exitCodes } from './exit-codes.ts';
import { version } from './version.ts';

/** @throws DqError for everything the user can mend. */
export async function parse(argv: readonly string[], exit: Exit): Promise<void> {
  try {
    await program(argv, exit).parseAsync(withoutGreed(argv));
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) exit(exitCodes.usage); // the help, to who named no command
  }
}

/** Commander takes the word after a bare `--wait` for its duration: written so, it has none, and the word is a payload. */
function withoutGreed(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  const isOption = (at: number): boolean => end === -1 || at < end;
  return argv.map((word, at) => {
    if (word !== '--wait' || !isOption(at)) return word;
    refuseDuration(argv[at + 1] ?? '');
    return '--wait=';
  });
}

/** As the payload it would wait for ever, with nobody the wiser. */
function refuseDuration(word: string): void {
  if (!/^(\d+(\.\d+)?(ms|[smhdw]))+$/.test(word)) return;
  throw new DqError('usage', `is ${word} how long to wait, or the payload?`, {
    hint: `--wait=${word}, in one word; a payload: --wait -- ${word}`,
  });
}

function program(argv: readonly string[], exit: Exit): Command {
  const root = new Command('dq')
    .description(
      'crontab and at, in a cluster: periodic and delayed jobs on beanstalkd and Redis, or in a file',
    )
    .helpCommand(false)
    .configureOutput({
      outputError: () => undefined,
      writeOut,
      writeErr: (text) => standard('stderr').write(text),
      getOutHelpWidth: () => helpWidth('stdout'),
      getErrHelpWidth: () => helpWidth('stderr'),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: true, subcommandTerm })
    .option('-c, --config <file>', 'the configuration (else $DQ_CONFIG, .dqrc.yaml …)')
    .addOption(
      new Option('-t, --tube <name>', 'the tube (work takes several: -t a -t b)').argParser<
        string[]
      >((name, before: string[] | undefined) => [...(before ?? []), name]),
    )
    .option('--json', 'data, errors and events as JSON, one object a line')
    .option('-q, --quiet', 'only warnings and errors on stderr')
    .option('-v, --verbose', 'say more on stderr')
    .option('--no-color', 'no colours (also NO_COLOR)')
    .option('-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help, or that of a command')
    .on('option:version', () => {
      writeOut(`${version()}\n`);
      throw new CommanderError(0, 'dq.version', '');
    });
  refuseByName(root, 'dq');
  withExamples(root, ['dq put --delay 5s hello', 'dq work -- ./handler.sh', 'dq put --help']);
  nameCommands(root, exit, argv);
  return root;
}

function subcommandTerm(command: Command): string {
  return `${[command.name(), ...command.aliases()].join('|')} ${command.usage()}`;
}

/** Where nobody looks, as wide as commander makes it. */
const usualWidth = 80;

function helpWidth(name: 'stdout' | 'stderr'): number {
  return isTerminal(name) ? standard(name).columns : usualWidth;
}

/** All that the help of dq says of a command, and where the rest is. */
interface Row {
  readonly name: string;
  readonly alias?: string;
  readonly usage: string;
  readonly summary: string;
  /** It tells of the other commands. */
  readonly showsOthers?: boolean;
  readonly load: () => Promise<{ readonly declare: Declare }>;
}

const rows: readonly Row[] = [
  {
    name: 'put',
    usage: '[options] [payload]',
    summary: 'put a job: now, or after a delay',
    load: () => import('./commands/put.ts'),
  },
  {
    name: 'at',
    usage: '[options] [time] [payload]',
    summary: 'put a job that is due at an instant',
    load: () => import('./commands/at.ts'),
  },
  {
    name: 'work',
    usage: '[options] -- CMD…',
    summary: 'run a command for each job',
    load: () => import('./commands/work.ts'),
  },
  {
    name: 'list',
    usage: '[options]',
    summary: 'the jobs of a tube',
    load: () => import('./commands/list.ts'),
  },
  {
    name: 'peek',
    usage: '[options] [receipt]',
    summary: 'one job whole, or the next ones',
    load: () => import('./commands/peek.ts'),
  },
  {
    name: 'kick',
    usage: '[options] [N | RECEIPT…]',
    summary: 'let buried jobs run again',
    load: () => import('./commands/kick.ts'),
  },
  {
    name: 'delete',
    alias: 'revoke',
    usage: '[options] [receipt...]',
    summary: 'delete jobs before they run',
    load: () => import('./commands/delete.ts'),
  },
  {
    name: 'repair',
    usage: '[options]',
    summary: 'give jobs the replicas they lack',
    load: () => import('./commands/repair.ts'),
  },
  {
    name: 'cron',
    usage: '<command>',
    summary: 'schedules: your crontab',
    load: () => import('./commands/cron.ts'),
  },
  {
    name: 'stats',
    usage: '[options]',
    summary: 'the nodes, and how many jobs each tube has',
    load: () => import('./commands/stats.ts'),
  },
  {
    name: 'init',
    usage: '[options]',
    summary: 'write a commented configuration',
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'doctor',
    usage: '[options]',
    summary: 'what is wrong with the set-up, and the remedy',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'completion',
    usage: '[options] [shell]',
    summary: 'completion of commands and options, for your shell',
    showsOthers: true,
    load: () => import('./commands/completion.ts'),
  },
  {
    name: 'help',
    usage: '[options] [command...]',
    summary: 'the help of a command',
    showsOthers: true,
    load: () => import('./commands/help.ts'),
  },
];

/**
 * The command that the words call for certain, if it needs no other: to name all of them costs a put a hundredth of its
 * time. Undefined: none, or there are other words before it than options with a value of their own.
 */
function calledRow({ options }: Command, argv: readonly string[]): Row | undefined {
  const takesNext = (word = ''): boolean =>
    options.some(({ required, short, long }) => required && (word === short || word === long));
  let at = 2;
  while (takesNext(argv[at])) at += 2;
  return rows.find(({ name, showsOthers }) => name === argv[at] && showsOthers !== true);
}

/** A put pays for its own options only: those of a command are declared when it is called, or shown in a help. */
function nameCommands(root: Command, exit: Exit, argv: readonly string[]): void {
  const undeclared = new Map<Command, Row>();
  const declare = async (command: Command): Promise<void> => {
    const row = undeclared.get(command);
    if (row === undefined) return;
    undeclared.delete(command);
    refuseByName(command, `dq ${row.name}`);
    const declaration = await row.load();
    declaration.declare(command, { argv, exit, root, declare });
  };
  const called = calledRow(root, argv);
  for (const row of called === undefined ? rows : [called]) {
    const command = root.command(row.name).summary(row.summary).usage(row.usage);
    if (row.alias !== undefined) command.alias(row.alias);
    undeclared.set(command, row);
  }
  root.hook('preSubcommand', (_, command) => declare(command));
}
