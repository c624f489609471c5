// dq cron run after it was away: what was written ahead runs, what was missed as its entry says; on nodes and in a file.

import { describe, expect, it } from 'vitest';
import type { RunningDq } from '../support/cli.ts';
import { daily, soon } from '../support/instants.ts';
import type { Place } from '../support/place.ts';
import { places } from '../support/places.ts';
import { until } from '../support/wait.ts';

type Cron = Readonly<Record<string, object>>;

function startCron(place: Place, cron: Cron): RunningDq {
  place.write('schedule.yaml', JSON.stringify({ cron }));
  return startAgain(place);
}

function startAgain(place: Place): RunningDq {
  return place.startDq(['--json', 'cron', 'run', 'schedule.yaml']);
}

async function stop(dq: RunningDq): Promise<void> {
  dq.kill('SIGTERM');
  expect(await dq.ended).toMatchObject({ code: 0, stdout: '' });
}

/** Crashes it as soon as so many ticks are written. */
async function crash(place: Place, dq: RunningDq, ticks: number): Promise<void> {
  await until('all are written', async () =>
    (await place.counts('default.cron')).every(
      ({ delayed, ready, reserved }) => delayed + ready + reserved >= ticks,
    ),
  );
  await dq.crash();
}

describe.concurrent.each(places)('on %s', (_, openPlace) => {
  it('a tick that was written ahead runs although nobody was there then', async () => {
    const place = await openPlace();
    const tick = soon();
    const entry = { schedule: daily(tick), extended: true, run: 'true' };
    await crash(place, startCron(place, { e: entry }), 1);
    await until('it is past', () => Date.now() > tick.getTime() + 1_000);
    const next = startAgain(place);
    expect(await next.event('ran')).toMatchObject({ entry: 'e', attempt: 1 });
    await stop(next);
  });

  it('after an outage, missed decides', async () => {
    const place = await openPlace();
    const first = soon(undefined, 3);
    const some = {
      schedule: daily(first, 3),
      extended: true,
      run: 'echo "$DQ_ENTRY $DQ_TICK" >> ran',
      overlap: 'allow',
    };
    const cron = Object.fromEntries(
      ['skip', 'last', 'all'].map((missed) => [missed, { ...some, missed }]),
    );
    await crash(place, startCron(place, cron), 9);
    // What is found within 10 s wasn't missed; the last tick is 2 s after the first
    const over = first.getTime() + 14_000;
    await until('the outage is over', () => Date.now() > over);
    const next = startAgain(place);
    await until('all is done', async () =>
      (await place.counts('default.cron')).every(({ ready, reserved }) => ready + reserved === 0),
    );
    await stop(next);
    const ran = place.read('ran').map((line) => line.split(' '));
    expect(ran.map(([entry]) => entry).sort()).toEqual(['all', 'all', 'all', 'last']);
    const [, last] = ran.find(([entry]) => entry === 'last') ?? [];
    expect(last).toBe(
      ran
        .map(([, tick]) => tick)
        .sort()
        .at(-1),
    );
  });
});
