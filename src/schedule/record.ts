// How the last run of an entry ended: told as an event, and kept as a line of JSON for `dq cron list`.

import type { Report } from '../consume/events.ts';
import type { Clock } from '../core/clock.ts';
import { LedgerDown } from '../core/errors.ts';
import type { Board } from '../ledger/board.ts';

export interface TickRecord {
  /** RFC 3339, UTC, as `started`. */
  readonly tick: string;
  readonly host: string;
  readonly result: 'done' | 'failed' | 'late' | 'missed';
  readonly started: string;
  /** How long it ran, in ms. */
  readonly ms: number;
  readonly exitCode?: number;
  readonly attempt: number;
  readonly reason?: string;
}

/** Undefined for what another version may have written. */
export function readRecord(text: string): TickRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isRecord = typeof value === 'object' && value !== null && 'tick' in value;
    return isRecord && 'result' in value ? (value as TickRecord) : undefined;
  } catch {
    return undefined; // not JSON, so not ours
  }
}

/** One run of an entry; instants in ms. */
export interface EntryRun {
  readonly name: string;
  readonly tick: number;
  readonly attempt: number;
  readonly startedAt: number;
}

export type Ended = Pick<TickRecord, 'exitCode' | 'reason'> & {
  readonly result: TickRecord['result'] | 'overlap';
};

export interface RecorderParts {
  readonly board: Board;
  readonly report: Report;
  readonly clock: Clock;
  readonly host: string;
}

export class Recorder {
  readonly #parts: RecorderParts;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** Tells it. @returns how long the run took, in ms. */
  tell({ name, tick, attempt, startedAt }: EntryRun, { result, exitCode, reason }: Ended): number {
    const ms = this.#parts.clock.now() - startedAt;
    const ran = result === 'done' || result === 'failed';
    const why = ran ? reason : result;
    this.#parts.report({
      level: result === 'done' ? 'info' : 'warn',
      event: ran ? 'ran' : 'skipped',
      entry: name,
      tick: new Date(tick).toISOString(),
      attempt,
      ms,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(why === undefined ? {} : { reason: why }),
    });
    return ms;
  }

  /** Tells it, and keeps it. */
  async keep(run: EntryRun, ended: Ended & Pick<TickRecord, 'result'>): Promise<void> {
    const ms = this.tell(run, ended);
    const record: TickRecord = {
      tick: new Date(run.tick).toISOString(),
      host: this.#parts.host,
      started: new Date(run.startedAt).toISOString(),
      ms,
      attempt: run.attempt,
      ...ended,
    };
    try {
      await this.#parts.board.record(run.name, JSON.stringify(record));
    } catch (error) {
      // The list shows an older run then; what ran, ran.
      if (!(error instanceof LedgerDown)) throw error;
    }
  }
}
