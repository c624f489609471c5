// The option --state of the commands that take many jobs by their states: list, delete and kick.

import { Option } from 'commander';
import { jobStates } from '../../survey/states.ts';

export function stateOption(description: string): Option {
  return new Option('--state <state,...>', description)
    .choices(jobStates)
    .argParser((text) => text); // the command itself takes several, and refuses others
}
