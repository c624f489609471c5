// SIGTERM, SIGINT and SIGHUP: the first one stops, a second one skips the wait.

import { newController } from '../core/signals.ts';
import { hurryLog, letGoOfClosedWindows } from '../output/standard.ts';
import { exitCodes } from './exit-codes.ts';

export interface StopSignals {
  readonly stop: AbortSignal;
  readonly hurry: AbortSignal;
  /** The exit code of the signal that came first; undefined as long as none came. */
  readonly code: number | undefined;
  /** Stops without a signal: the work is over. */
  readonly finish: () => void;
  /** Stops listening. */
  readonly release: () => void;
}

const allNames = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** @param names those that stop. */
export function stopSignals(names: readonly NodeJS.Signals[] = allNames): StopSignals {
  const stop = newController();
  const hurry = newController();
  let code: number | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    if (code !== undefined) hurry.abort();
    code ??= name === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated;
    stop.abort();
  };
  for (const name of names) process.on(name, onSignal);
  // Who listens to signals may outlive the window it was started in
  process.once('exit', letGoOfClosedWindows);
  return {
    stop: stop.signal,
    hurry: hurry.signal,
    get code() {
      return code;
    },
    finish: () => {
      stop.abort();
    },
    release: () => {
      for (const name of names) process.off(name, onSignal);
      if (code !== undefined) hurryLog();
    },
  };
}
