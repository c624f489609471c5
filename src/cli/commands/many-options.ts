// The options of the commands that change many jobs: delete and kick.

import type { Command } from 'commander';
import { stateOption } from './state-option.ts';

export function manyOptions(command: Command, verb: string): void {
  command
    .option('--all', `${verb} all of the tube`)
    .addOption(
      stateOption(
        'of all, or of those that match, only these; buried: dead ones, and what is left of ended ones, too',
      ),
    )
    .option('--match <text>', 'whose payload holds this text, or matches /this/')
    .option(
      '--due-before <time>',
      'that are due before that time, in any form that dq at takes; -1h: an hour ago',
    )
    .option('--due-after <time>', 'that are due after it')
    .option('--dry-run', `only show what it would ${verb}`)
    .option('-y, --yes', 'ask nothing');
}
