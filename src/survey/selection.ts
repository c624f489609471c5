// Which jobs of a survey are meant: the options `--state`, `--match`, `--due-before`, `--due-after` and
// `--under-replicated`, read and applied.

import { Buffer, isUtf8 } from 'node:buffer';
import { aboutOption, DqError, messageOf } from '../core/errors.ts';
import { parseInstant, type Frame } from '../core/instant.ts';
import { nearest } from '../core/nearest.ts';
import type { Content, JobState, SurveyedReplica } from './job.ts';
import { isJobState, isLedgerState, jobStates, neverRunsAgain } from './states.ts';

/** As they stand on the command line. */
export interface SelectionOptions {
  readonly state?: string;
  readonly match?: string;
  readonly dueBefore?: string;
  readonly dueAfter?: string;
  readonly underReplicated?: boolean;
}

/** Left out: every job. */
export interface Selection {
  readonly states?: ReadonlySet<JobState>;
  readonly match?: (payload: Buffer) => boolean;
  /** ns since the epoch. */
  readonly dueBefore?: bigint;
  readonly dueAfter?: bigint;
  readonly underReplicated?: boolean;
}

/** @throws DqError (usage) */
export function readSelection(options: SelectionOptions, frame: Frame): Selection {
  const { state, match, dueBefore, dueAfter, underReplicated } = options;
  return {
    ...(state === undefined ? {} : { states: readStates(state) }),
    ...(match === undefined ? {} : { match: readMatch(match) }),
    ...(dueBefore === undefined ? {} : { dueBefore: instant('--due-before', dueBefore, frame) }),
    ...(dueAfter === undefined ? {} : { dueAfter: instant('--due-after', dueAfter, frame) }),
    ...(underReplicated === undefined ? {} : { underReplicated }),
  };
}

/** The replicas of a dead job are buried: who looks for what is buried means it too. */
export function readStates(text: string): ReadonlySet<JobState> {
  const wanted = new Set(text.split(',').map(readState));
  return wanted.has('buried') ? wanted.add('dead') : wanted;
}

function readState(word: string): JobState {
  if (isJobState(word)) return word;
  const near = nearest(word, jobStates);
  throw new DqError('usage', `--state: no such state: ${JSON.stringify(word)}`, {
    hint: near === undefined ? `states are ${jobStates.join(', ')}` : `did you mean ${near}?`,
  });
}

const expressionPattern = /^\/(?<source>.+)\/(?<flags>[dgimsuvy]*)$/s;

/** `/…/` and flags of JavaScript's is an expression, anything else is a part of the payload. */
function readMatch(text: string): (payload: Buffer) => boolean {
  const { source, flags = '' } = expressionPattern.exec(text)?.groups ?? {};
  if (source === undefined) {
    const part = Buffer.from(text);
    return (payload) => payload.includes(part);
  }
  const expression = readExpression(source, flags);
  return (payload) => expression.test(payload.toString(isUtf8(payload) ? 'utf8' : 'latin1'));
}

/** For whoever finds nothing by it: a path is a text, and so is an expression with a slip in its flags. */
export function remarkOnMatch(text = ''): string | undefined {
  const [, tail] = /^\/.+\/(\w+)$/s.exec(text) ?? [];
  if (tail === undefined || expressionPattern.test(text)) return undefined;
  return `--match ${text} was looked for as it is: ${tail} are no flags of an expression`;
}

/** `g` and `y` would make each test begin where the last one ended. */
function readExpression(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags.replaceAll(/[gy]/g, ''));
  } catch (error) {
    throw new DqError('usage', `--match: ${messageOf(error)}`, {
      hint: 'without the slashes it is looked for as it is',
      cause: error,
    });
  }
}

function instant(option: string, text: string, frame: Frame): bigint {
  try {
    return parseInstant(text, frame).ns;
  } catch (error) {
    throw aboutOption(option, error);
  }
}

/** Whether the replicas alone can't tell what is meant. */
export function needsLedger({ states: wanted }: Selection): boolean {
  return [...(wanted ?? [])].some(isLedgerState);
}

/** What each replica tells by itself. */
export function hasContent(
  { match, dueBefore, dueAfter }: Selection,
  { dueNs, payload }: Content,
): boolean {
  if (dueBefore !== undefined && (dueNs === undefined || dueNs >= dueBefore)) return false;
  if (dueAfter !== undefined && (dueNs === undefined || dueNs <= dueAfter)) return false;
  return match?.(payload) ?? true;
}

/** A replica that was buried on a node which was away stays so when its job has ended: it is meant by that, too. */
export function hasState(
  { states: wanted }: Selection,
  state: JobState,
  replicas: readonly Pick<SurveyedReplica, 'stats'>[],
): boolean {
  if (wanted === undefined || wanted.has(state)) return true;
  if (!wanted.has('buried') || !neverRunsAgain(state)) return false;
  return replicas.some(({ stats }) => stats.state === 'buried');
}
