// The lines of a crontab, one at a time: variables, entries, the stdin after a %, options in comments.

import { crontabFields } from './field.ts';
import type { ErrorCode, Remark, WarningCode } from './issue.ts';
import { takeWords, type Word } from './words.ts';

export interface Variable {
  readonly name: string;
  readonly value: string;
  /** Where in the line the value is. */
  readonly at: number;
  readonly isQuoted: boolean;
}

const setting =
  /^[ \t]*(?:'(?<single>[^'=]*)'|"(?<double>[^"=]*)"|(?<plain>[^\s'"=][^\s=]*)?)\s*=\s*(?<value>.*)$/;
const quoted = /^(?:'(?<single>[^']*)'|"(?<double>[^"]*)")\s*$/;

/** A setting `NAME = value`, of which both sides may be quoted; undefined when the line is none. */
export function readVariable(line: string): Variable | undefined {
  const found = setting.exec(line)?.groups;
  if (found === undefined) return undefined;
  const { single, double, plain = '', value = '' } = found;
  const name = single ?? double ?? plain;
  const at = line.length - value.length;
  if (!/^['"]/.test(value)) return { name, value: value.trimEnd(), at, isQuoted: false };
  const inside = quoted.exec(value)?.groups;
  if (inside === undefined) return undefined;
  return { name, value: inside['single'] ?? inside['double'] ?? '', at, isQuoted: true };
}

export interface EntryLine {
  readonly words: readonly Word[];
  /** As written, without cronie's option `-n`; empty when there is none. */
  readonly command: string;
  /** Where in the line the command is. */
  readonly at: number;
  /** cronie's `-n`: mail its output only when it fails. */
  readonly mailOnFailure: boolean;
}

/** @param start where in the line its first word is; a `-` there only kept cronie from logging. */
export function splitEntryLine(line: string, start: number): EntryLine {
  const first = /^-[^ \t]/.test(line.slice(start)) ? start + 1 : start;
  const words = takeWords(line, first, line[first] === '@' ? 1 : crontabFields.length);
  const last = words.at(-1);
  const end = last === undefined ? line.length : last.at + last.text.length;
  const at = skipBlanks(line, end);
  const option = /^-n[ \t]+/.exec(line.slice(at))?.[0].length ?? 0;
  const command = line.slice(at + option);
  return { words, command, at: at + option, mailOnFailure: option > 0 };
}

export function skipBlanks(line: string, at: number): number {
  return at + (/^[ \t]*/.exec(line.slice(at))?.[0].length ?? 0);
}

/** cronie drops a `-` before the first field, so that `-1` is minute 1 and no count from the end. */
export function dashDoubt(line: string, start: number): Remark<WarningCode> | undefined {
  if (!/^-\d/.test(line.slice(start))) return undefined;
  const message = 'the - before the minute is dropped: for cron it only means not to log';
  return { code: 'dash', at: start, message };
}

const names = crontabFields.flatMap((rule) => rule.names).join('|');

/** A path, or letters that are no name of a month or a day, nor the `LW` of other crons. */
const commandLike = new RegExp(`^(?:[.~]{0,2}/|(?!${names}|LW\\b)[a-z_]{2})`, 'i');

/** Says so where the word at fault may be the command, as the fields before it are too few. */
export function withFewFields(fault: Remark<ErrorCode>, words: readonly Word[]): Remark<ErrorCode> {
  const before = words.findIndex(({ at }) => at === fault.at);
  const word = words[before]?.text ?? '';
  if (before < 1 || !commandLike.test(word)) return fault;
  const few = `if ${word} is the command, only ${before} of ${crontabFields.length} fields are before it`;
  return { ...fault, message: `${fault.message}: ${few}` };
}

/** Why this is no command of a crontab; undefined when it is one. */
export function commandFault({ command, at }: EntryLine): Remark<ErrorCode> | undefined {
  if (command === '') return { code: 'bad-command', at, message: 'the command is missing' };
  if (command.startsWith('*')) {
    const message = 'a command begins with no *: six fields are for YAML, with extended: true';
    return { code: 'bad-command', at, message };
  }
  if (command.startsWith('-')) {
    const message = `unknown option ${command.split(/[ \t]/, 1)[0] ?? ''}: a command begins with no -`;
    return { code: 'bad-option', at, message };
  }
  if (command.includes('\0')) {
    return { code: 'bad-command', at, message: 'no program can be given a NUL' };
  }
  if (/^root[ \t]*$/.test(command)) {
    const message = 'root is no command but a user: system crontabs have a column more';
    return { code: 'bad-command', at, message };
  }
  return undefined;
}

/** Whether a word is a user of this host, and no command. */
export type IsUser = (word: string) => boolean;

/** What may be a user, before what looks like a path or a command. */
const userColumn = /^(?<user>[a-z_][\w.-]*)[ \t]+(?:[/.~$]|\w)/i;

/** Ends with a backslash that none before it escapes. */
const unfinished = /(?<!\\)(?:\\\\)*\\$/;

/** What cron takes for something else than most people do. */
export function commandDoubts(
  { command, at, mailOnFailure }: EntryLine,
  isUser: IsUser,
): Remark<WarningCode>[] {
  const doubts: Remark<WarningCode>[] = [];
  const percent = unescapedPercent(command);
  if (percent < command.length) {
    const message = 'what follows the % is stdin for the command: a percent sign is \\%';
    doubts.push({ code: 'percent', at: at + percent, message });
  }
  const user = userColumn.exec(command)?.groups?.['user'] ?? '';
  if (/^root[ \t]/.test(command) || (user !== '' && isUser(user))) {
    const message = `${user || 'root'} is taken for the command: only system crontabs have a column for the user`;
    doubts.push({ code: 'user', at, message });
  }
  if (unfinished.test(command)) {
    const message = 'cron continues no line: what is below is a line of its own';
    doubts.push({ code: 'continued', at: at + command.length - 1, message });
  }
  if (mailOnFailure) {
    const message = '-n is about mail, which dq does not send: onFailure runs a command';
    doubts.push({ code: 'mail', at, message });
  }
  return doubts;
}

export interface Command {
  readonly command: string;
  readonly stdin: string;
}

/** Splits at the first `%` without a backslash; further ones are newlines of stdin, and `\%` is a `%`. */
export function splitPercent(text: string): Command {
  const end = unescapedPercent(text);
  const command = text.slice(0, end);
  const input = text.slice(end + 1);
  const stdin = input.replaceAll(/\\?%/g, (percent) => (percent === '%' ? '\n' : '%'));
  return {
    command: command.replaceAll(/\\(.)/gs, (pair, next) => (next === '%' ? '%' : pair)),
    stdin: stdin === '' || stdin.endsWith('\n') ? stdin : `${stdin}\n`,
  };
}

/** Where it is; the length of the text when there is none. */
function unescapedPercent(text: string): number {
  return /^(?:\\.?|[^\\%])*/s.exec(text)?.[0].length ?? 0;
}

/** An option of a `# dq:` comment, and where in the line it is. */
export interface CommentOption {
  readonly key: string;
  readonly value: unknown;
  readonly at: number;
  /** What is wrong with its quotes. */
  readonly fault?: string | undefined;
}

const optionComment = /^[ \t]*#[ \t]*dq:/;
const option =
  /(?<key>[^\s=]+)(?:=(?:"(?<double>[^"]*)"(?!\S)|'(?<single>[^']*)'(?!\S)|(?<plain>\S*)))?/g;

/** `# dq: name=nightly hosts=a,b onFailure="notify me"`; undefined when the line is another comment. */
export function readOptionComment(line: string): CommentOption[] | undefined {
  const start = optionComment.exec(line)?.[0].length;
  if (start === undefined) return undefined;
  const options: CommentOption[] = [];
  for (const { groups = {}, index } of line.slice(start).matchAll(option)) {
    const { key = '', double, single, plain } = groups;
    const at = start + index;
    const fault = quoteFault(plain ?? '', line.slice(at + key.length + 2));
    options.push({ key, value: valueOf(key, double ?? single ?? plain), at, fault });
    if (fault !== undefined) break; // what follows may be within the quotes
  }
  return options;
}

/** @param rest of the line, after the first character of the value. */
function quoteFault(plain: string, rest: string): string | undefined {
  const [quote = ''] = plain;
  if (quote !== '"' && quote !== "'") return undefined;
  return rest.includes(quote) ? 'a blank must follow the quote' : 'quote not closed';
}

const nearlyOptions = /^[ \t]*#+[ \t]*(?:dq[ \t]*:[ \t]*|dq[ \t]+)[a-z]+=/i;

/** `# dq name=x`, `# DQ: name=x`: a comment that was meant to hold options. */
export function missedOptions(line: string): Remark<WarningCode> | undefined {
  if (optionComment.test(line) || !nearlyOptions.test(line)) return undefined;
  const message = 'read as a mere comment: options follow # dq:';
  return { code: 'stray-options', at: line.indexOf('#'), message };
}

/** As YAML has it: a number where one is meant, a list of hosts. */
function valueOf(key: string, text: string | undefined): unknown {
  if (text === undefined) return '';
  if (key === 'attempts' && /^\d+$/.test(text)) return Number(text);
  if (key === 'hosts' && text !== 'any' && text !== 'each') return text.split(',');
  return text;
}
