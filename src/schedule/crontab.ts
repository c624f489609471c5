// A crontab to its entries as cronie reads it, and to all that is wrong with it.

import { isDeepStrictEqual } from 'node:util';
import { mapping } from '../core/reader.ts';
import {
  commandDoubts,
  commandFault,
  dashDoubt,
  missedOptions,
  readOptionComment,
  readVariable,
  skipBlanks,
  splitEntryLine,
  splitPercent,
  withFewFields,
  type CommentOption,
  type IsUser,
  type Variable,
} from './crontab-line.ts';
import type { Entry } from './entry.ts';
import { crontabFields } from './field.ts';
import type { ErrorCode, Issue, Remark, WarningCode } from './issue.ts';
import { derivedName } from './name.ts';
import { entryName, entryOf, runOf, runShape, tickShape } from './options.ts';
import { readSchedule } from './times.ts';
import { jitterOf, variableDoubt, variableFault, zoneOf, type Variables } from './variables.ts';
import { joinWords } from './words.ts';

export interface Crontab {
  /** Those without an error. */
  readonly entries: readonly Entry[];
  /** As they are at the end of the file. */
  readonly variables: Variables;
  readonly issues: readonly Issue[];
}

/**
 * @param zone of the entries that no CRON_TZ is above: `localZone`, or an IANA name.
 * @param isUser tells a column of users, beside that of `root`, from a command.
 */
export function parseCrontab(text: string, zone: string, isUser: IsUser = () => false): Crontab {
  const reader = new CrontabReader(zone, isUser);
  const lines = text.replace(/^\u{feff}/u, '').split('\n');
  const crlf = lines.findIndex((line) => line.endsWith('\r'));
  for (const [index, line] of lines.entries()) {
    if (index === crlf) reader.warnOfCrlf(index + 1, line.length);
    reader.read(index + 1, line.replace(/\r$/, ''));
  }
  return reader.finish();
}

const readOptions = mapping({ name: entryName, ...tickShape, ...runShape });

/** The options above an entry: what they say, and where. */
interface Options {
  readonly line: number;
  readonly at: number;
  readonly given: ReturnType<typeof readOptions>;
  readonly wrong: boolean;
}

interface Known {
  readonly entry: Entry;
  readonly named: boolean;
  readonly line: number;
}

/** Goes through the lines from the first to the last: a variable holds for the entries below it. */
class CrontabReader {
  readonly #zone: string;
  readonly #isUser: IsUser;
  readonly #entries = new Map<string, Known>();
  readonly #issues: Issue[] = [];
  #variables: Variables = {};
  #options: Options | undefined;

  constructor(zone: string, isUser: IsUser) {
    this.#zone = zone;
    this.#isUser = isUser;
  }

  read(line: number, text: string): void {
    const options = readOptionComment(text);
    if (options !== undefined) {
      this.#readOptions(line, options);
      return;
    }
    const missed = missedOptions(text);
    if (missed !== undefined) this.#warn(line, missed);
    const start = skipBlanks(text, 0);
    const isComment = start === text.length || text[start] === '#';
    const variable = isComment ? undefined : readVariable(text);
    if (isComment || variable !== undefined) this.#warnOfStrayOptions();
    if (variable !== undefined) this.#readVariable(line, variable);
    else if (!isComment) this.#readEntry(line, text, start);
    this.#options = undefined;
  }

  finish(): Crontab {
    this.#warnOfStrayOptions();
    const entries = [...this.#entries.values()].map(({ entry }) => entry);
    return { entries, variables: this.#variables, issues: this.#issues };
  }

  warnOfCrlf(line: number, column: number): void {
    const message = 'lines end with CRLF: dq reads no CR, for cron it is a part of the command';
    this.#warn(line, { code: 'crlf', at: column - 1, message });
  }

  #readVariable(line: number, variable: Variable): void {
    const fault = variableFault(variable);
    const doubt = variableDoubt(variable, this.#variables);
    if (fault !== undefined) this.#fail(line, fault);
    else this.#variables = { ...this.#variables, [variable.name]: variable.value };
    if (doubt !== undefined) this.#warn(line, doubt);
  }

  /** Comments with options right above one another belong to the same entry. */
  #readOptions(line: number, options: readonly CommentOption[]): void {
    const above = this.#options;
    let wrong = above?.wrong ?? false;
    const fail = (at: number, message: string): void => {
      wrong = true;
      this.#fail(line, { code: 'bad-option', at, message });
    };
    const values = Object.create(null) as Record<string, unknown>;
    const readable = options.filter(({ fault }) => fault === undefined);
    for (const { key, at, fault } of options) {
      if (fault !== undefined) fail(at, `${key}: ${fault}`);
    }
    for (const { key, value, at } of readable) {
      if (Object.hasOwn(values, key) || Object.hasOwn(above?.given ?? {}, key)) {
        fail(at, `${key}: is given twice`);
      }
      values[key] = value;
    }
    const given = readOptions(values, '', (path, message, hint) => {
      const key = /^[^.[]*/.exec(path)?.[0];
      const at = options.find((option) => option.key === key)?.at ?? 0;
      fail(at, `${path}: ${message}${hint === undefined ? '' : ` (${hint})`}`);
    });
    const place = above ?? { line, at: options[0]?.at ?? 0 };
    this.#options = { line: place.line, at: place.at, given: { ...above?.given, ...given }, wrong };
  }

  #warnOfStrayOptions(): void {
    if (this.#options === undefined) return;
    const { line, at } = this.#options;
    const message = 'options of no entry: they must be right above one';
    this.#warn(line, { code: 'stray-options', at, message });
  }

  #readEntry(line: number, text: string, start: number): void {
    const written = splitEntryLine(text, start);
    const { words, command } = written;
    const zone = zoneOf(this.#variables) ?? this.#zone;
    const schedule = joinWords(words);
    const { given, wrong } = this.#options ?? { given: {}, wrong: false };
    const name = given.name ?? derivedName({ schedule, zone, command });
    const read = readSchedule(words, crontabFields, text.length, name);
    const fault = read.fault ?? commandFault(written);
    if (fault !== undefined) this.#fail(line, withFewFields(fault, words));
    if (read.fault !== undefined || fault !== undefined || wrong) return;
    const dash = dashDoubt(text, start);
    if (dash !== undefined) this.#warn(line, dash);
    for (const doubt of [...read.doubts, ...commandDoubts(written, this.#isUser)]) {
      this.#warn(line, doubt);
    }
    const task = runOf({ ...splitPercent(command), env: this.#variables }, given);
    const place = { line, column: start + 1 };
    const options = { jitter: jitterOf(this.#variables), ...given };
    const entry = entryOf({ name, place, schedule, zone, times: read.times, task }, options);
    this.#add({ entry, named: given.name !== undefined, line }, start);
  }

  #add(added: Known, at: number): void {
    const { entry, named, line } = added;
    const same = this.#entries.get(entry.name);
    if (same === undefined) {
      this.#entries.set(entry.name, added);
      return;
    }
    const other = `line ${same.line}`;
    if (named || same.named) {
      const message = `${entry.name} is the name of ${other} as well`;
      this.#fail(line, { code: 'duplicate-name', at, message });
    } else if (isDeepStrictEqual({ ...entry, place: other }, { ...same.entry, place: other })) {
      const message = `the same as ${other}: it runs once`;
      this.#warn(line, { code: 'duplicate-line', at, message });
    } else {
      const message = `${other} differs in variables or options alone: give each a name, # dq: name=…`;
      this.#fail(line, { code: 'duplicate-name', at, message });
    }
  }

  #fail(line: number, { code, at, message }: Remark<ErrorCode>): void {
    this.#issues.push({ line, column: at + 1, severity: 'error', code, message });
  }

  #warn(line: number, { code, at, message }: Remark<WarningCode>): void {
    this.#issues.push({ line, column: at + 1, severity: 'warning', code, message });
  }
}
