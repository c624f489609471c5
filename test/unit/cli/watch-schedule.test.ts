// A schedule that is changed while dq starts: what was read before is not kept for ever.

import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stateOf, watchSchedule } from '../../../src/cli/watch-schedule.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { localZone } from '../../../src/core/zone.ts';
import { parseCrontab } from '../../../src/schedule/crontab.ts';
import { Timetable } from '../../../src/schedule/timetable.ts';
import { temporaryFolder } from '../../support/servers.ts';

const read = (text: string) => parseCrontab(text, localZone).entries;

function crontab(): string {
  const path = join(temporaryFolder(), 'crontab');
  writeFileSync(path, '@daily true\n');
  return path;
}

it('is read again when it was replaced after it was read, and before anybody watched it', async () => {
  const path = crontab();
  const state = await stateOf(path);
  const timetable = new Timetable('default', 'here', systemClock, () => Promise.resolve(undefined));
  timetable.replace(read('# dq: name=old\n@daily true\n'));
  writeFileSync(`${path}.new`, '# dq: name=new\n@daily true\n');
  renameSync(`${path}.new`, path);
  const events: unknown[] = [];
  const over = new AbortController();
  const watched = {
    ...{ path, state, clock: systemClock },
    read: () => Promise.resolve(read('# dq: name=new\n@daily true\n')),
    report: (event: unknown) => events.push(event),
  };
  await watchSchedule(
    watched,
    timetable,
    () => {
      over.abort();
    },
    over.signal,
  );
  expect(events).toMatchObject([{ event: 'reloaded', reason: '+new -old' }]);
});

it.each<[string, (path: string) => void]>([
  [
    'written to',
    (path) => {
      writeFileSync(path, '@daily a longer line\n');
    },
  ],
  [
    'replaced by an equal one',
    (path) => {
      writeFileSync(`${path}.new`, '@daily true\n');
      renameSync(`${path}.new`, path);
    },
  ],
  [
    'removed',
    (path) => {
      rmSync(path);
    },
  ],
])('is in another state when it was %s', async (_, change) => {
  const path = crontab();
  const before = await stateOf(path);
  expect(await stateOf(path)).toBe(before);
  change(path);
  expect(await stateOf(path)).not.toBe(before);
});
