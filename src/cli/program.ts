// The command line: every command, option and example, declared once; a command's code is loaded when it runs.

import { Argument, Command, CommanderError, Option } from 'commander';
import { DqError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { makeContext, type Context, type Globals } from './context.ts';
import { isTerminal, standard, writeOut } from '../output/standard.ts';
import { jobStates } from '../survey/states.ts';
import { exitCodes } from './exit-codes.ts';
import type { AtOptions } from './at.ts';
import type { InitOptions } from './init.ts';
import type { KickOptions } from './kick.ts';
import type { ManyOptions } from './many-jobs.ts';
import type { CronRunOptions } from './cron-run.ts';
import type { NextOptions } from './cron-next.ts';
import type { ListOptions } from './list.ts';
import type { PutOptions } from './put.ts';
import type { StatsOptions } from './stats.ts';
import type { RepairOptions } from './repair.ts';
import { version } from './version.ts';
import type { WorkOptions } from './work-limits.ts';

type Exit = (code: number) => void;

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

/** Its errors point to its own help. */
function refuseByName(command: Command, name: string): void {
  command.exitOverride((error) => {
    const isHelp = error.exitCode === 0 || error.code === 'commander.help';
    throw isHelp ? error : usageError(error, name);
  });
}

/** commander's messages: `error: <what>`, and perhaps a line `(Did you mean …?)`. */
function usageError({ message }: CommanderError, name: string): DqError {
  const [first = '', more] = message.replace(/^error: /, '').split('\n');
  const hint = more?.replace(/^\((.*)\)$/, '$1') ?? `see ${name} --help`;
  return new DqError('usage', first, { hint: lowerFirst(hint) });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
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
      new Option('-t, --tube <name>', 'the tube (work takes several)').argParser<string[]>(
        (name, before: string[] | undefined) => [...(before ?? []), name],
      ),
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
  declareCommands(root, exit, argv);
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

interface Declaration {
  readonly name: string;
  readonly alias?: string;
  readonly summary: string;
  readonly declare: (command: Command, exit: Exit, whole: Whole) => void;
}

interface Whole {
  readonly argv: readonly string[];
  readonly root: Command;
  readonly declareAll: () => void;
}

const ofHelp = 'the help of a command';

const declarations: readonly Declaration[] = [
  { name: 'put', summary: 'put a job: now, or after a delay', declare: declarePut },
  { name: 'at', summary: 'put a job that is due at an instant', declare: declareAt },
  { name: 'work', summary: 'run a command for each job', declare: declareWork },
  { name: 'list', summary: 'the jobs of a tube', declare: declareList },
  { name: 'peek', summary: 'one job whole, or the next ones', declare: declarePeek },
  { name: 'kick', summary: 'let buried jobs run again', declare: declareKick },
  {
    name: 'delete',
    alias: 'revoke',
    summary: 'delete jobs before they run',
    declare: declareDelete,
  },
  { name: 'repair', summary: 'give jobs the replicas they lack', declare: declareRepair },
  { name: 'cron', summary: 'schedules: your crontab', declare: declareCron },
  {
    name: 'stats',
    summary: 'the nodes, and how many jobs each tube has',
    declare: declareStats,
  },
  { name: 'init', summary: 'write a commented configuration', declare: declareInit },
  {
    name: 'doctor',
    summary: 'what is wrong with the set-up, and the remedy',
    declare: declareDoctor,
  },
  {
    name: 'completion',
    summary: 'completion of commands and options, for your shell',
    declare: declareCompletion,
  },
  { name: 'help', summary: ofHelp, declare: declareHelp },
];

/** A put pays for its own options only: those of a command are declared when it is called, or shown in a help. */
function declareCommands(root: Command, exit: Exit, argv: readonly string[]): void {
  const undeclared = new Map<Command, Declaration>();
  const declare = (command: Command): void => {
    undeclared.get(command)?.declare(command, exit, { argv, root, declareAll });
    undeclared.delete(command);
  };
  const declareAll = (): void => {
    for (const command of undeclared.keys()) declare(command);
  };
  for (const declaration of declarations) {
    const command = root.command(declaration.name).summary(declaration.summary);
    if (declaration.alias !== undefined) command.alias(declaration.alias);
    refuseByName(command, `dq ${declaration.name}`);
    undeclared.set(command, declaration);
  }
  root.hook('preSubcommand', (_, command) => {
    declare(command);
  });
  root.addHelpText('beforeAll', () => {
    declareAll();
    return '';
  });
}

function declarePut(command: Command, exit: Exit): void {
  command
    .description('Puts one job, to be run once, somewhere. Prints its receipt.')
    .argument('[payload]', 'what the handler gets; - is stdin, byte for byte')
    .option('--delay <duration>', 'run it that much later: 500ms, 5s, 1h30m, 2d');
  putOptions(command);
  withExamples(command, [
    "dq put 'send report 17'",
    'dq put --delay 5s hello',
    "dq put --wait=10m 'migrate staging' || exit",
    'dq put - < picture.png',
    'cut -f1 users.tsv | dq put --lines --delay 1h',
    "find . -name '*.log' -print0 | dq put --null",
  ]);
  run(command, exit, async (context) => {
    const { put } = await import('./put.ts');
    await put(command.args, command.opts<PutOptions>(), context);
  });
}

function declareAt(command: Command, exit: Exit): void {
  command
    .description(
      'Puts one job, to be run once at TIME. The same payload at the same instant is the same job, ' +
        'from whichever host and however often it is put.',
    )
    .argument(
      '[time]',
      "2100-01-01T00:00, 18:30, noon, +90s, 'tomorrow 09:00', '10:00 tomorrow', 'mon 10:00', 'now + 3 days', @4102444800",
    )
    .argument('[payload]', 'what the handler gets; - is stdin, byte for byte')
    .option('--tz <zone>', 'the zone of a TIME without offset (else the local one): Europe/Berlin')
    .option('--distinct', 'a job of its own, even if an equal one was put');
  putOptions(command);
  withExamples(command, [
    "dq at 2100-01-01T00:00 'happy new century'",
    "dq at 'tomorrow 09:00' --tz Europe/Berlin wake",
    'dq at +90s hello',
  ]);
  run(command, exit, async (context) => {
    const { at } = await import('./at.ts');
    await at(command.args, command.opts<AtOptions>(), context);
  });
}

function putOptions(command: Command): void {
  command
    .allowExcessArguments()
    .option(
      '--lines',
      'a job for each line of stdin: empty ones are skipped, a CR at the end dropped',
    )
    .option('--null', 'a job for each NUL-ended record of stdin')
    .option('--priority <n>', 'smaller is more urgent (default: 1024)')
    .option('--ttr <duration>', 'how long a worker may be silent (default: 60s, embedded 20s)')
    .addOption(
      new Option(
        '--wait [=duration]',
        'return when the job is done (0), buried or deleted (1), or the time is over (75)',
      ),
    );
}

function declareWork(command: Command, exit: Exit, { argv }: Whole): void {
  command
    .description(
      'Runs CMD for each due job, once over all workers, until it is stopped. The payload is on stdin and, when ' +
        'it is text, in $DQ_PAYLOAD. Exit 0: done. Exit 65: bury it now. Anything else: try again later.',
    )
    .usage('[options] -- CMD…')
    .argument('[words...]')
    .option('-j, --concurrency <n>', 'how many handlers run at once (default: 1)')
    .option('--attempts <n>', 'how many failures bury a job (default: 5)')
    .option('--timeout <duration>', 'end a handler that runs longer (default: none)')
    .option('--grace <duration>', 'how long handlers may finish after a signal (default: 25s)')
    .option('--drain [duration]', 'stop when nothing is due within that time (default: 0s)')
    .option('--max-jobs <n>', 'stop after so many jobs')
    .option('--batch <n>', 'up to so many due jobs in one run, a line of stdin each')
    .option('--batch-wait <duration>', 'how long a batch may wait for more jobs (default: 0s)')
    .option('--null', 'with --batch: NUL-ended records instead of lines');
  withExamples(command, [
    'dq work -- ./handler.sh',
    "dq work -j 4 -- sh -c 'curl -fsS -d @- https://example.org/hook'",
    'dq work --drain --attempts 1 -- ./migrate.sh',
    'dq work --batch 100 -- ./insert-lines.sh',
  ]);
  const dashes = argv.indexOf('--');
  run(command, exit, async (context) => {
    const handler = dashes === -1 ? [] : argv.slice(dashes + 1);
    const stray = command.args.slice(0, command.args.length - handler.length);
    const { work } = await import('./work.ts');
    await work({ handler, stray }, command.opts<WorkOptions>(), context);
  });
}

function declareList(command: Command, exit: Exit): void {
  command.description(
    'Lists the jobs of a tube without touching any, roughly the newest first: state, due instant, key, on how many ' +
      'nodes it is, and the start of its payload. To learn the newest id of a beanstalkd, it puts an empty job of its own ' +
      'into the tube dq.probe, and deletes it.',
  );
  selectionOptions(command).option('--limit <n>', 'at most so many');
  withExamples(command, [
    'dq list',
    'dq list --state buried',
    "dq list --match 'report 17' --due-before 'tomorrow 09:00'",
    "dq list --json --match '/^mail to .*@example.org$/i' | jq -r .receipt",
    'dq list -t default.cron --limit 20',
  ]);
  run(command, exit, async (context) => {
    const { list } = await import('./list.ts');
    await list(command.opts<ListOptions>(), context);
  });
}

function stateOption(description: string): Option {
  return new Option('--state <state,...>', description)
    .choices(jobStates)
    .argParser((text) => text); // the command itself takes several, and refuses others
}

function selectionOptions(command: Command): Command {
  return command
    .addOption(stateOption('only these; buried means dead too'))
    .option('--match <text>', 'only those whose payload has that text, or matches /an expression/')
    .option('--due-before <time>', 'only those due before TIME, in any form that dq at takes')
    .option('--due-after <time>', 'only those due after TIME')
    .option('--under-replicated', 'only those on fewer nodes than replicas: of the configuration');
}

function declarePeek(command: Command, exit: Exit): void {
  command
    .description(
      'Shows one job whole: what the ledger knows of it, each of its replicas, its payload. Without a receipt: the next ' +
        'job that is ready, delayed and buried.',
    )
    .argument('[receipt]', 'what put printed');
  withExamples(command, [
    'dq peek "$receipt"',
    'dq peek',
    'dq peek "$receipt" --json | jq .ledger',
  ]);
  run(command, exit, async (context) => {
    const { peek } = await import('./peek.ts');
    await peek(command.args, context);
  });
}

function declareDelete(command: Command, exit: Exit): void {
  command
    .description(
      'Deletes every replica of these jobs. A job that runs, or is done, is left as it is (exit 1 if it was named).',
    )
    .argument('[receipt...]', 'what put printed')
    .addOption(stateOption('of all, or of those that match, only these; buried means dead too'));
  manyOptions(command, 'delete');
  withExamples(command, [
    'receipt=$(dq put --delay 1h hello)\n  dq delete "$receipt"',
    "dq delete --match /^resize/ --due-after 'tomorrow 00:00'",
    'dq delete --state buried --all --yes',
  ]);
  run(command, exit, async (context) => {
    const { deleteJobs } = await import('./delete.ts');
    await deleteJobs(command.args, command.opts<ManyOptions>(), context);
  });
}

function declareKick(command: Command, exit: Exit): void {
  command
    .description(
      'Lets buried jobs run again, with their failures forgotten: N of the tube (1), those that were due first, or these.',
    )
    .usage('[options] [N | RECEIPT…]')
    .argument('[words...]');
  manyOptions(command, 'kick');
  withExamples(command, ['dq kick', 'dq kick 100', 'dq kick "$receipt"', 'dq kick --all --yes']);
  run(command, exit, async (context) => {
    const { kickJobs } = await import('./kick.ts');
    await kickJobs(command.args, command.opts<KickOptions>(), context);
  });
}

function manyOptions(command: Command, verb: string): void {
  command
    .option('--all', `${verb} all of the tube`)
    .option('--match <text>', 'whose payload holds this text, or matches /this/')
    .option('--due-before <time>', 'that are due before that time, in any form that dq at takes')
    .option('--due-after <time>', 'that are due after it')
    .option('--dry-run', `only show what it would ${verb}`)
    .option('-y, --yes', 'ask nothing');
}

function declareRepair(command: Command, exit: Exit): void {
  command
    .description(
      'Looks for jobs of the tube that lie on fewer nodes than they should (a node lost its data, or was down when they ' +
        'were put), and puts what is missing on others. Workers may go on. Exit 75 when some still have too few.',
    )
    .argument('[words...]')
    .usage('[options]')
    .option('--dry-run', 'only show what it would repair')
    .option(
      '--older-than <duration>',
      'leave jobs alone that were put since: they may still be refused (default: 60s)',
    );
  withExamples(command, ['dq repair', 'dq repair -t mail --dry-run']);
  run(command, exit, async (context) => {
    const { repair } = await import('./repair.ts');
    await repair(command.args, command.opts<RepairOptions>(), context);
  });
}

function declareCron(cron: Command, exit: Exit, whole: Whole): void {
  cron.usage('<command>');
  const start = cron
    .command('run')
    .summary('run a schedule, each tick once over all hosts')
    .description(
      'Runs the ticks of a schedule in the foreground. On several hosts that share nodes and Redis, each tick runs ' +
        'once, whoever dies. Reloads on SIGHUP and when the file changes.',
    )
    .argument('[file]', 'a crontab or a YAML file (else cron: of the configuration)')
    .allowExcessArguments()
    .option('-j, --concurrency <n>', 'how many commands run at once (default: 32)');
  withExamples(start, ['dq cron run ./crontab', 'dq cron run']);
  run(start, exit, async (context) => {
    const { cronRun } = await import('./cron-run.ts');
    await cronRun(start.args, start.opts<CronRunOptions>(), context);
  });
  const list = cron
    .command('list')
    .summary('the entries, their next ticks and last results')
    .description(
      'Lists the entries of a schedule: when each runs next, how its last run ended, and its command.',
    )
    .argument('[file]', 'a crontab (-: on stdin) or a YAML file (else cron: of the configuration)')
    .allowExcessArguments();
  withExamples(list, ['dq cron list ./crontab']);
  run(list, exit, async (context) => {
    const { cronList } = await import('./cron-list.ts');
    await cronList(list.args, context);
  });
  const check = cron
    .command('check')
    .summary('what is wrong in a schedule, and what is probably not meant')
    .description(
      'Checks a crontab, or the cron: of a YAML file. Exit 2 when there are errors, 0 otherwise.',
    )
    .argument('[file]', 'a crontab or a YAML file; - is a crontab on stdin')
    .allowExcessArguments();
  withExamples(check, ['dq cron check ./crontab', 'crontab -l | dq cron check -']);
  run(check, exit, async (context) => {
    const { cronCheck } = await import('./cron-check.ts');
    await cronCheck(check.args, context);
  });
  const next = cron
    .command('next')
    .summary('the coming ticks of a schedule')
    .description('Lists what runs next, by the rules of cron, in the zone of each entry.')
    .argument('[file]', 'a crontab (-: on stdin) or a YAML file (else cron: of the configuration)')
    .allowExcessArguments()
    .option('--schedule <fields>', "five fields, or a nickname: '*/5 * * * *', @daily")
    .option('--tz <zone>', 'the zone (else that of the entry)')
    .option('--after <time>', 'ticks after that time (else: now), in any form that dq at takes')
    .option('-n, --number <n>', 'how many (default: 10)');
  withExamples(next, [
    'dq cron next ./crontab',
    "dq cron next --schedule '30 2 * * *' --tz Europe/Berlin --after 2100-03-27 -n 3",
  ]);
  run(next, exit, async (context) => {
    const { cronNext } = await import('./cron-next.ts');
    await cronNext(next.args, next.opts<NextOptions>(), context);
  });
  declareHelp(cron.command('help').summary(ofHelp), exit, { ...whole, root: cron });
  for (const command of cron.commands) refuseByName(command, `dq cron ${command.name()}`);
}

function declareStats(command: Command, exit: Exit): void {
  command
    .description(
      'Shows each node, the ledger, and the tubes (with -t one), the nodes side by side. Jobs are estimated from their ' +
        'replicas (≈): at least so many. lag: how long the job has been due that a worker gets next. Changes nothing. ' +
        'Exit 75 when no node answered.',
    )
    .option('--watch [duration]', 'look again and again, until q or Ctrl-C (default: 1s)');
  withExamples(command, [
    'dq stats',
    'dq stats --watch',
    'dq stats -t mail --watch 5s --json',
    "dq stats --json | jq -r 'select(.jobs.buried > 0).tube'",
  ]);
  run(command, exit, async (context) => {
    const { stats } = await import('./stats.ts');
    await stats(command.optsWithGlobals<StatsOptions>(), context);
  });
}

function declareInit(command: Command, exit: Exit): void {
  command
    .description('Writes .dqrc.yaml into the working folder, unless there is one.')
    .allowExcessArguments()
    .option('--cluster', 'nodes and Redis, instead of the embedded queue');
  withExamples(command, ['dq init', 'dq init --cluster']);
  run(command, exit, async (context) => {
    const { init } = await import('./init.ts');
    init(command.args, command.opts<InitOptions>(), context);
  });
}

function declareDoctor(command: Command, exit: Exit): void {
  command.description(
    'Looks at the configuration, every node and the ledger. Exit 0 when jobs can be put and run.',
  );
  withExamples(command, ['dq doctor', 'dq doctor -c staging.yaml --json']);
  run(command, exit, async (context) => {
    const { doctor } = await import('./doctor.ts');
    await doctor(context);
  });
}

function declareCompletion(command: Command, exit: Exit, { root, declareAll }: Whole): void {
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
  run(command, exit, async (context) => {
    const { completion } = await import('./completion.ts');
    declareAll();
    await completion(command.args, root, context);
  });
}

function declareHelp(command: Command, _: Exit, { root, declareAll }: Whole): void {
  command.argument('[command...]').action((words: readonly string[]) => {
    declareAll();
    words.reduce(subcommandOf, root).outputHelp();
  });
}

function subcommandOf(command: Command, word: string): Command {
  const known = command.commands.find((each) => [each.name(), ...each.aliases()].includes(word));
  if (known !== undefined) return known;
  const near = nearest(
    word,
    command.commands.map((each) => each.name()),
  );
  throw new DqError('usage', `unknown command '${word}'`, {
    hint: near === undefined ? 'see dq --help' : `did you mean ${near}?`,
  });
}

function run(command: Command, exit: Exit, action: (context: Context) => Promise<void>): void {
  command.action(() => action(makeContext(command.optsWithGlobals<Globals>(), exit)));
}

function withExamples(command: Command, lines: readonly string[]): void {
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}
