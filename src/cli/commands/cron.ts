// dq cron and its commands, declared.

import type { Command } from 'commander';
import type { CronRunOptions } from '../cron-run.ts';
import type { NextOptions } from '../cron-next.ts';
import { declare as declareHelp, helpSummary } from './help.ts';
import { refuseByName, run, withExamples, type Program } from './declaration.ts';

export function declare(cron: Command, program: Program): void {
  declareRun(cron, program);
  declareList(cron, program);
  declareCheck(cron, program);
  declareNext(cron, program);
  declareHelp(cron.command('help').summary(helpSummary), { ...program, root: cron });
  for (const command of cron.commands) refuseByName(command, `dq cron ${command.name()}`);
}

function declareRun(cron: Command, program: Program): void {
  const command = cron
    .command('run')
    .summary('run a schedule, each tick once over all hosts')
    .description(
      'Runs the ticks of a schedule in the foreground. On several hosts that share nodes and Redis, each tick runs ' +
        'once, whoever dies. Reloads on SIGHUP and when the file changes.',
    )
    .argument('[file]', 'a crontab or a YAML file (else cron: of the configuration)')
    .allowExcessArguments()
    .option('-j, --concurrency <n>', 'how many commands run at once (default: 32)');
  withExamples(command, ['dq cron run ./crontab', 'dq cron run']);
  run(command, program, async (context) => {
    const { cronRun } = await import('../cron-run.ts');
    await cronRun(command.args, command.opts<CronRunOptions>(), context);
  });
}

function declareList(cron: Command, program: Program): void {
  const command = cron
    .command('list')
    .summary('the entries, their next ticks and last results')
    .description(
      'Lists the entries of a schedule: when each runs next, how its last run ended, and its command.',
    )
    .argument('[file]', 'a crontab (-: on stdin) or a YAML file (else cron: of the configuration)')
    .allowExcessArguments();
  withExamples(command, ['dq cron list ./crontab']);
  run(command, program, async (context) => {
    const { cronList } = await import('../cron-list.ts');
    await cronList(command.args, context);
  });
}

function declareCheck(cron: Command, program: Program): void {
  const command = cron
    .command('check')
    .summary('what is wrong in a schedule, and what is probably not meant')
    .description(
      'Checks a crontab, or the cron: of a YAML file. Exit 2 when there are errors, 0 otherwise.',
    )
    .argument('[file]', 'a crontab (-: on stdin) or a YAML file (else cron: of the configuration)')
    .allowExcessArguments();
  withExamples(command, ['dq cron check ./crontab', 'crontab -l | dq cron check -']);
  run(command, program, async (context) => {
    const { cronCheck } = await import('../cron-check.ts');
    await cronCheck(command.args, context);
  });
}

function declareNext(cron: Command, program: Program): void {
  const command = cron
    .command('next')
    .summary('the coming ticks of a schedule')
    .description('Lists what runs next, by the rules of cron, in the zone of each entry.')
    .argument('[file]', 'a crontab (-: on stdin) or a YAML file (else cron: of the configuration)')
    .allowExcessArguments()
    .option('--schedule <fields>', "five fields, or a nickname: '*/5 * * * *', @daily")
    .option('--tz <zone>', 'the zone (else that of the entry)')
    .option('--after <time>', 'ticks after that time (else: now), in any form that dq at takes')
    .option('-n, --number <n>', 'how many (default: 10)');
  withExamples(command, [
    'dq cron next ./crontab',
    "dq cron next --schedule '30 2 * * *' --tz Europe/Berlin --after 2100-03-27 -n 3",
  ]);
  run(command, program, async (context) => {
    const { cronNext } = await import('../cron-next.ts');
    await cronNext(command.args, command.opts<NextOptions>(), context);
  });
}
