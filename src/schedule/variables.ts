// What the variables of a crontab mean: the zone, the delay, and the environment of its commands.

import type { Account } from '../core/account.ts';
import { DqError } from '../core/errors.ts';
import { offsetAt } from '../core/zone.ts';
import type { Variable } from './crontab-line.ts';
import type { ErrorCode, Remark, WarningCode } from './issue.ts';

export type Variables = Readonly<Record<string, string>>;

/** Why this can't be set; undefined when it can. */
export function variableFault({ name, value, at }: Variable): Remark<ErrorCode> | undefined {
  if (name === '' || `${name}${value}`.includes('\0')) {
    const message = name === '' ? 'a variable needs a name' : 'no program can be given a NUL';
    return { code: 'bad-variable', at: 0, message };
  }
  if (name === 'CRON_TZ' && value !== '') {
    const message = zoneProblem(value);
    return message === undefined ? undefined : { code: 'bad-time-zone', at, message };
  }
  if (name === 'RANDOM_DELAY' && randomDelay(value) === undefined) {
    const message = `RANDOM_DELAY is a number of minutes, up to ${mostMinutes}`;
    return { code: 'bad-variable', at, message };
  }
  return undefined;
}

/** Why this is no time zone; undefined when it is one. */
export function zoneProblem(zone: string): string | undefined {
  try {
    offsetAt(zone, 0);
    return undefined;
  } catch (error) {
    if (!(error instanceof DqError)) throw error;
    return error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  }
}

/** `$NAME` or `${NAME}`. */
const reference = /\$(?:[a-z_]\w*|\{[a-z_]\w*\})/i;

/** @param above the variables that hold where it stands. */
export function variableDoubt(
  { name, value, at, isQuoted }: Variable,
  above: Variables,
): Remark<WarningCode> | undefined {
  if (name === 'MAILTO' && value !== '') {
    const message =
      'dq sends no mail: onFailure runs a command, # dq: onFailure="…" above an entry';
    return { code: 'mail', at: 0, message };
  }
  if (name === 'USER' || name === 'LOGNAME') {
    const message = `${name} is a variable like any other: commands run as the user that dq runs as`;
    return { code: 'user', at: 0, message };
  }
  if (name === 'TZ' && value !== '' && zoneOf(above) === undefined) {
    const message = 'TZ is only for the commands: CRON_TZ moves the schedule';
    return { code: 'unused-zone', at: 0, message };
  }
  const comment = isQuoted ? -1 : value.search(/(?<=\S[ \t]+)#[ \t]/);
  if (comment >= 0) {
    const message = 'the # begins no comment here: it is a part of the value';
    return { code: 'stray-comment', at: at + comment, message };
  }
  const found = reference.exec(value)?.[0];
  if (found === undefined) return undefined;
  const message = `${found} is not expanded here: write its value, or set it in the command`;
  return { code: 'unexpanded', at, message };
}

/** The zone of the entries below; undefined: that of the machine. */
export function zoneOf({ CRON_TZ }: Variables): string | undefined {
  return CRON_TZ === '' ? undefined : CRON_TZ;
}

/** The jitter of the entries below, in ms. */
export function jitterOf({ RANDOM_DELAY }: Variables): number | undefined {
  return RANDOM_DELAY === undefined ? undefined : randomDelay(RANDOM_DELAY);
}

const mostMinutes = 24 * 60;

function randomDelay(value: string): number | undefined {
  const minutes = /^\d+$/.test(value) ? Number(value) : Infinity;
  return minutes <= mostMinutes ? minutes * 60_000 : undefined;
}

/** As crond tells who runs a command; an inherited HOME stays, as dq keeps its files there too. */
export function withAccount(inherited: Variables, account: Account | undefined): Variables {
  if (account === undefined) return inherited;
  const { username, homedir } = account;
  return { HOME: homedir, ...inherited, LOGNAME: username, USER: username };
}

/**
 * The environment of a command: what the process inherits and the file sets, but never an inherited SHELL,
 * so that a command means the same whoever starts dq.
 */
export function commandEnvironment(inherited: Variables, ofFile: Variables): Variables {
  return { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', ...inherited, SHELL: '/bin/sh', ...ofFile };
}
