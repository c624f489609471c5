// The board of a schedule in a queue file, as hosts would have left it.

import { systemClock } from '../../src/core/clock.ts';
import { openEmbedded } from '../../src/embedded/embedded.ts';
import type { Board } from '../../src/ledger/board.ts';
import { attendantText, tasksOf, type AttendantFacts } from '../../src/schedule/attendance.ts';
import type { TickRecord } from '../../src/schedule/record.ts';
import { parseCronMap } from '../../src/schedule/yaml-entries.ts';
import type { EmbeddedPlace } from './places.ts';

/** Writes on the board of the tube `default`, so long ago (ms). */
export async function boardOf(
  { state }: EmbeddedPlace,
  write: (board: Board) => Promise<void>,
  ago = 0,
): Promise<void> {
  const clock = { ...systemClock, now: () => Date.now() - ago };
  const embedded = await openEmbedded({ folder: state, clock });
  try {
    await write(embedded.board('default.cron'));
  } finally {
    embedded.close();
  }
}

/** What a host says of itself. @param cron its schedule. */
export function hostOf(
  cron: Readonly<Record<string, object>>,
  facts: Partial<AttendantFacts> = {},
): string {
  const { entries } = parseCronMap(cron, 'cron', 'UTC');
  const some = { host: 'north', file: '/etc/dq/crontab', upMs: 0, running: [] };
  return attendantText({ ...some, ...tasksOf(entries), ...facts });
}

export function recordOf(facts: Partial<TickRecord>): string {
  const started = '2026-11-22T12:00:00.000Z';
  const some = { tick: started, started, host: 'north', result: 'done', ms: 12, attempt: 1 };
  return JSON.stringify({ ...some, ...facts });
}
