// The `cron:` mapping of a configuration to its entries, and to all that is wrong with it.

import { flag, isMapping, mapping, shown, text, tubeName, type Reader } from '../core/reader.ts';
import type { Entry, Put, Run } from './entry.ts';
import type { ErrorCode, Issue } from './issue.ts';
import { nameProblem } from './name.ts';
import { entryOf, programText, runOf, runShape, tickShape } from './options.ts';
import { parseSchedule } from './times.ts';
import { isTickTube } from './tick-job.ts';
import { zoneProblem, type Variables } from './variables.ts';
import { joinWords, takeWords } from './words.ts';

export interface CronMap {
  /** Those without an error. */
  readonly entries: readonly Entry[];
  readonly issues: readonly Issue[];
}

/**
 * @param path of the mapping: `cron`.
 * @param zone of the entries without a timezone: `localZone`, or an IANA name.
 */
export function parseCronMap(value: unknown, path: string, zone: string): CronMap {
  if (value === null || value === undefined) return { entries: [], issues: [] };
  if (!isMapping(value)) {
    const message = `must be a mapping of names to entries, not ${shown(value)}`;
    return { entries: [], issues: [errorAt(path, 'bad-option', message)] };
  }
  const read = Object.entries(value).map(([name, options]) =>
    readEntry(name, options, `${path}.${name}`, zone),
  );
  return {
    entries: read.flatMap(({ entry }) => entry ?? []),
    issues: read.flatMap(({ issues }) => issues),
  };
}

const payload: Reader<string> = (value, path, report) => {
  if (typeof value !== 'string') report(path, `must be a text, not ${shown(value)}`);
  return String(value);
};

const jobTube: Reader<string> = (value, path, report) => {
  const tube = tubeName(value, path, report);
  if (isTickTube(tube)) report(path, `${tube} holds the ticks of a schedule`);
  return tube;
};

const variables: Reader<Variables> = (value, path, report) => {
  const given = isMapping(value) ? Object.entries(value) : [];
  if (!isMapping(value)) report(path, `must be a mapping, not ${shown(value)}`);
  for (const [name, content] of given) {
    if (!/^[^=\0]+$/.test(name)) report(path, `not the name of a variable: ${shown(name)}`);
    if (!['string', 'number', 'boolean'].includes(typeof content)) {
      report(`${path}.${name}`, `must be a text, not ${shown(content)}`);
    } else if (String(content).includes('\0')) {
      report(`${path}.${name}`, 'no program can be given a NUL');
    }
  }
  return Object.fromEntries(given.map(([name, content]) => [name, String(content)]));
};

const onlyWithRun = { ...runShape, env: variables };
const readOptions = mapping({
  schedule: text,
  extended: flag,
  timezone: text,
  run: programText,
  put: payload,
  tube: jobTube,
  ...tickShape,
  ...onlyWithRun,
});

type Options = ReturnType<typeof readOptions>;

interface ReadEntry {
  /** Undefined when one of the issues is an error. */
  readonly entry: Entry | undefined;
  readonly issues: readonly Issue[];
}

function readEntry(name: string, value: unknown, path: string, machineZone: string): ReadEntry {
  const issues: Issue[] = [];
  const fail = (option: string, code: ErrorCode, message: string): void => {
    issues.push(errorAt(option === '' ? path : `${path}.${option}`, code, message));
  };
  const badName = nameProblem(name);
  if (badName !== undefined) fail('', 'bad-name', badName);
  if (!isMapping(value)) {
    fail('', 'bad-option', `must be a mapping of options, not ${shown(value)}`);
    return { entry: undefined, issues };
  }
  const options = readOptions(value, '', (option, message, hint) => {
    fail(option, 'bad-option', hint === undefined ? message : `${message} (${hint})`);
  });
  for (const [option, message] of misfits(options)) fail(option, 'bad-option', message);
  const { timezone = '' } = options;
  const badZone = timezone === '' ? undefined : zoneProblem(timezone);
  if (badZone !== undefined) fail('timezone', 'bad-time-zone', badZone);

  if (options.schedule === undefined) fail('schedule', 'bad-schedule', 'is missing');
  const isText = options.schedule !== undefined && options.schedule !== '';
  const schedule = joinWords(takeWords(options.schedule ?? '', 0, Infinity));
  const read = parseSchedule(schedule, options.extended ?? false, name);
  if (read.fault !== undefined) {
    if (isText) fail('schedule', read.fault.code, read.fault.message);
    return { entry: undefined, issues };
  }
  const failed = issues.length > 0;
  for (const { code, message } of read.doubts) {
    issues.push({ path: `${path}.schedule`, severity: 'warning', code, message });
  }
  const zone = timezone === '' ? machineZone : timezone;
  const written = { name, place: { path }, schedule, zone, times: read.times };
  const entry = failed ? undefined : entryOf({ ...written, task: taskOf(options) }, options);
  return { entry, issues };
}

/** What of the options doesn't go together: `[option, message]`. */
function misfits(options: Options): [string, string][] {
  if (options.run === undefined && options.put === undefined) {
    return [['run', 'is missing: a command line, or put with a payload']];
  }
  if (options.run !== undefined) {
    return [
      ...(options.put === undefined ? [] : [pair('put', 'there is a run as well')]),
      ...(options.tube === undefined ? [] : [pair('tube', 'goes with put only')]),
    ];
  }
  return Object.keys(onlyWithRun)
    .filter((option) => Object.hasOwn(options, option))
    .map((option) => pair(option, 'goes with run only: dq work has options of its own'));
}

function pair(option: string, message: string): [string, string] {
  return [option, message];
}

function taskOf(options: Options): Run | Put {
  const { put, run = '', env = {}, tube } = options;
  if (put !== undefined) return { kind: 'put', payload: put, tube };
  return runOf({ command: run, stdin: '', env }, options);
}

function errorAt(path: string, code: ErrorCode, message: string): Issue {
  return { path, severity: 'error', code, message };
}
