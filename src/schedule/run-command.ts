// One run of an entry's command, from its start to its hook.

import type { Report } from '../consume/events.ts';
import type { Outcome } from '../run/handler.ts';
import type { RunLine } from './command-runner.ts';
import type { Entry, Run } from './entry.ts';

/** How a run ended; `exitCode` undefined: it had none. */
export interface End {
  readonly ok: boolean;
  readonly exitCode?: number;
  readonly reason?: string;
}

export type Facts = Readonly<Record<string, string>>;

/** The facts of a tick that every command is told. */
export function tickFacts(name: string, tick: number, config: string | undefined): Facts {
  return {
    DQ_ENTRY: name,
    DQ_TICK: new Date(tick).toISOString(),
    ...(config === undefined ? {} : { DQ_CONFIG: config }),
  };
}

/** Undefined: it was ended because the signal aborted. */
export async function runCommand(
  { name }: Pick<Entry, 'name'>,
  run: Run,
  facts: Facts,
  runLine: RunLine,
  signal: AbortSignal,
): Promise<End | undefined> {
  const command = { entry: name, line: run.command, stdin: run.stdin, facts };
  const outcome = await runLine(run, { ...command, timeoutMs: run.timeout }, signal);
  return outcome.kind === 'stopped' ? undefined : endOf(outcome);
}

/** What the user wants to have run after it: it has the time of the command, and no say in the result. */
export async function runHook(
  { name }: Pick<Entry, 'name'>,
  run: Run,
  end: End,
  facts: Facts,
  { runLine, report }: { readonly runLine: RunLine; readonly report: Report },
  signal: AbortSignal,
): Promise<void> {
  const line = end.ok ? run.onSuccess : run.onFailure;
  if (line === undefined) return;
  const ofEnd = { DQ_EXIT: String(end.exitCode ?? ''), DQ_REASON: end.reason ?? '' };
  const command = { entry: name, line, stdin: '', facts: { ...facts, ...ofEnd } };
  const outcome = await runLine(run, { ...command, timeoutMs: run.timeout }, signal);
  if (outcome.kind === 'exited' && outcome.code === 0) return;
  const why = outcome.kind === 'stopped' ? 'dq was stopped' : endOf(outcome).reason;
  const reason = `${end.ok ? 'onSuccess' : 'onFailure'}: ${why ?? ''}`;
  report({ level: 'warn', event: 'hook-failed', entry: name, reason });
}

function endOf(outcome: Exclude<Outcome, { kind: 'stopped' }>): End {
  switch (outcome.kind) {
    case 'exited': {
      const { code: exitCode } = outcome;
      return exitCode === 0
        ? { ok: true, exitCode }
        : { ok: false, exitCode, reason: `exit ${exitCode}` };
    }
    case 'signalled':
      return { ok: false, reason: `ended by ${outcome.signal}` };
    case 'timeout':
      return { ok: false, reason: 'timed out' };
    case 'unstartable':
      return { ok: false, reason: outcome.message };
  }
}

/** For records and events, which leave out what there isn't. */
export function endedAs({ ok, ...facts }: End): { result: 'done' | 'failed' } & Omit<End, 'ok'> {
  return { result: ok ? 'done' : 'failed', ...facts };
}
