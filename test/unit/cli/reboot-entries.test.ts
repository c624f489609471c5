// The @reboot entries: what a stop does that comes before them.

import { expect, it } from 'vitest';
import { runAtStart, type RebootParts } from '../../../src/cli/reboot-entries.ts';
import { stopSignals } from '../../../src/cli/stop-signals.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { localZone } from '../../../src/core/zone.ts';
import { parseCrontab } from '../../../src/schedule/crontab.ts';
import { Timetable } from '../../../src/schedule/timetable.ts';

it('are not begun by a dq that was stopped before: nothing would end them', async () => {
  const timetable = new Timetable('default', 'here', systemClock, () => Promise.resolve(undefined));
  timetable.replace(parseCrontab('@reboot ./daemon', localZone).entries);
  const begun: string[] = [];
  const parts = {
    timetable,
    runLine: (_, { line }) => {
      begun.push(line);
      return Promise.resolve({ kind: 'stopped', ms: 0 });
    },
  } as Partial<RebootParts> as RebootParts;
  const signals = stopSignals();
  signals.finish();
  signals.release();
  await runAtStart(parts, signals);
  expect(begun).toEqual([]);
});
