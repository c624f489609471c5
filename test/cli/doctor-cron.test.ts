// dq doctor on a schedule: who plans it, since when, what went wrong, and no call for workers that nobody needs.

import { describe, expect, it } from 'vitest';
import { lines } from '../support/cli.ts';
import { boardOf, hostOf, recordOf } from '../support/boards.ts';
import type { Place } from '../support/place.ts';
import { embeddedPlace, places } from '../support/places.ts';
import { openEmbedded } from '../../src/embedded/embedded.ts';
import { putOne } from '../support/put-one.ts';
import { until } from '../support/wait.ts';

const yearly = { schedule: '@yearly', run: 'true' };
const second = 1_000;
const day = 86_400 * second;

/** The lines about the schedule, and about the workers. */
async function doctor(place: Place, ...words: readonly string[]): Promise<string[]> {
  const { code, stdout } = await place.dq([...words, 'doctor']);
  expect(code).toBe(0);
  const told = lines(stdout);
  const isAsked = (line = ''): boolean => /^(?:ok|warn|BAD) +(?:cron|tube) /.test(line);
  return told.filter((line, at) => isAsked(line) || (/^ /.test(line) && isAsked(told[at - 1])));
}

describe.each(places)('on %s', (_, openPlace) => {
  it('a host that plans is told, and no worker is missed, until a job waits', async () => {
    const place = await openPlace();
    place.write('crontab', '# dq: name=a\n@yearly true\n# dq: name=b hosts=each\n@yearly true\n');
    const words = ['--json', 'cron', 'run', 'crontab'];
    const host = place.startDq(words, { env: { DQ_HOST: 'north' } });
    const [workers, cron, ...more] = await until('it plans', async () => {
      const told = await doctor(place);
      // Its ticks are written before it says who it is
      return told.some((line) => line.includes(' plans ')) ? told : undefined;
    });
    expect(workers).toMatch(/^ok +tube default no worker waits for jobs, and there is none/);
    const who = `north (${place.folder}/crontab, UTC)`;
    expect(cron).toMatch(/^ok +cron default .* plans 2 entries since \S+Z, last \d+s ago$/);
    expect(cron).toContain(who);
    expect(more).toEqual([]);
    expect(await doctor(place, '-t', 'other')).toMatchObject([
      expect.stringMatching(/^warn tube other no worker waits for jobs, and none has one/),
      expect.stringMatching(/^ +remedy: .*dq work -t other/),
    ]);
    await place.put('--delay', '1h', 'job');
    expect((await doctor(place))[0]).toMatch(/^warn tube default no worker waits for jobs/);
    host.kill('SIGTERM');
    await host.ended;
    expect((await doctor(place)).slice(2)).toMatchObject([
      expect.stringMatching(/^ok +cron default ticks were written \d+s ago: .*stopped since/),
    ]);
  });
});

describe('what is wrong is named with its remedy', () => {
  it('two hosts that mean different things by one name', async () => {
    const place = embeddedPlace();
    await boardOf(place, async (board) => {
      const edited = { ...yearly, run: 'false' };
      await board.beat('p', hostOf({ a: yearly, b: yearly }, { upMs: 9_000 }));
      await board.beat('q', hostOf({ a: edited, c: yearly }, { host: 'east', file: '/two' }));
    });
    const told = await doctor(place);
    expect(told.slice(-2)).toMatchObject([
      expect.stringMatching(
        /^warn cron default north \(.*\) and east \(.*\) have different versions of a: each tick is run by one/,
      ),
      expect.stringMatching(/^ +remedy: .*name$/),
    ]);
  });

  it('entries whose last runs were not well', async () => {
    const place = embeddedPlace();
    await boardOf(place, async (board) => {
      await board.beat('p', hostOf({ a: yearly, b: { ...yearly, hosts: 'each' }, c: yearly }));
      await board.record('a', recordOf({ result: 'failed', exitCode: 1 }));
      await board.record('b', recordOf({ result: 'late' }));
      await board.record('c', recordOf({}));
      await board.record('gone', recordOf({ result: 'failed' }));
    });
    const [message, remedy] = (await doctor(place)).slice(-2);
    expect(message).toBe('warn cron default last runs that were not well: a (failed), b (late)');
    expect(remedy).toContain('dq cron list');
  });

  it('coming ticks that are not written by a host that had the time to', async () => {
    const place = embeddedPlace();
    await boardOf(place, (board) => board.advance(['old', 'own@east']), 100 * second);
    await boardOf(place, async (board) => {
      await board.advance(['fresh', 'own@north']);
      const cron = { fresh: yearly, old: yearly, never: yearly };
      await board.beat('p', hostOf({ ...cron, own: { ...yearly, hosts: 'each' } }, { upMs: day }));
      await board.beat('q', hostOf({ young: yearly }, { upMs: 9 * second }));
    });
    const told = await doctor(place);
    expect(told).toContain('warn cron default coming ticks are not written: old, never');
  });

  it('ticks that are buried, those of a host’s own as well', async () => {
    const place = embeddedPlace();
    await boardOf(place, (board) => board.beat('p', hostOf({ a: yearly })));
    const embedded = await openEmbedded({ folder: place.state });
    for (const tube of ['default.cron', 'default.cron.north', 'default.cron.gone']) {
      const node = embedded.node(tube);
      await putOne(node, Buffer.from('no envelope'), { priority: 0, delay: 0, ttr: 60 });
      await (await node.reserve(0))?.bury();
    }
    embedded.close();
    const [message, remedy] = (await doctor(place)).slice(-2);
    expect(message).toBe('warn cron default 2 ticks are buried');
    expect(remedy).toContain('dq -t default.cron list --state buried');
  });

  it('a schedule in the configuration that no host runs yet', async () => {
    const place = embeddedPlace('cron: {a: {schedule: "@yearly", run: "true"}}\n');
    expect((await doctor(place))[1]).toMatch(/^warn cron default no host runs the schedule yet$/);
  });
});

it('a host of an older dq plans, without a word of itself', async () => {
  const place = embeddedPlace();
  await boardOf(place, (board) => board.advance(['a']), 30 * second);
  expect((await doctor(place))[1]).toMatch(
    /^ok +cron default ticks were written \d\ds ago: .*or is an older dq$/,
  );
});

it('a schedule that no host has run for a while', async () => {
  const place = embeddedPlace();
  await boardOf(place, (board) => board.advance(['a']), 100 * second);
  expect((await doctor(place)).slice(1)).toMatchObject([
    expect.stringMatching(/^warn cron default no host runs the schedule since \S+Z$/),
    expect.stringMatching(/^ +remedy: on any machine: dq cron run FILE$/),
  ]);
});

it('of several tubes each has its own schedule', async () => {
  const place = embeddedPlace();
  await boardOf(place, (board) => board.beat('p', hostOf({ a: yearly })));
  const told = await doctor(place, '-t', 'other', '-t', 'default');
  expect(told.filter((line) => /^\w+ +cron /.test(line))).toMatchObject([
    expect.stringContaining('cron default north'),
  ]);
});

it('a schedule that was given up is not missed', async () => {
  const place = embeddedPlace();
  await boardOf(place, (board) => board.advance(['a']), 31 * day);
  expect(await doctor(place)).toMatchObject([
    expect.stringMatching(/^warn tube default no worker waits for jobs/),
    expect.stringMatching(/remedy/),
  ]);
});
