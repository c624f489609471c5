// What a host says of itself on the board, and when it tells that another one means something else by a name.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { WorkEvent } from '../../../src/consume/events.ts';
import { attendantsOf } from '../../../src/schedule/attendance.ts';
import { Heartbeat } from '../../../src/schedule/heartbeat.ts';
import { entriesOf, FakeClock, MemoryBoard, settled } from './desk.ts';

const second = 1_000;
const entry = { schedule: '@hourly', run: 'true' };
const edited = { ...entry, run: 'false' };

// A host tells its time zone
beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

type Cron = Readonly<Record<string, object>>;

class World {
  readonly clock = new FakeClock('2026-11-22T12:00:00Z');
  readonly board = new MemoryBoard(() => this.clock.wall);
  #processes = 0;

  start(host: string, cron: Cron, file = '/etc/dq/crontab'): Host {
    this.#processes += 1;
    return new Host(this, host, cron, file, `${host}.${this.#processes}`);
  }

  /** They beat every 30 s for that long (s). */
  async pass(seconds: number, ...hosts: readonly Host[]): Promise<void> {
    for (let left = seconds; left > 0; left -= 30) {
      await this.clock.pass(30 * second);
      for (const host of hosts) await host.beat();
    }
  }
}

class Host {
  cron: Cron;
  readonly told: string[] = [];
  readonly heartbeat: Heartbeat;

  constructor({ board, clock }: World, host: string, cron: Cron, file: string, process: string) {
    this.cron = cron;
    this.heartbeat = new Heartbeat({
      ...{ board, clock, host, file, process, monotonic: () => clock.passed },
      report: ({ level, event, reason }: WorkEvent) => {
        this.told.push(`${level} ${event}: ${String(reason)}`);
      },
      inBackground: (work) => void work,
    });
  }

  beat(): Promise<void> {
    return this.heartbeat.beat(entriesOf(this.cron));
  }
}

function warning(who: string, names: string): string {
  return `warn warning: ${who} has another version of ${names}: each tick is run by one of the two; reload there, or use two names`;
}

describe('two hosts', () => {
  test('with the same file are silent', async () => {
    const world = new World();
    const hosts = [world.start('north', { e: entry }), world.start('east', { e: entry })];
    await world.pass(600, ...hosts);
    expect(hosts.flatMap(({ told }) => told)).toEqual([]);
  });

  test('that differ say so when it lasts for two minutes, once', async () => {
    const world = new World();
    const north = world.start('north', { e: entry, same: entry, mine: entry });
    const east = world.start('east', { e: edited, same: entry, its: entry }, '/srv/two');
    await world.pass(120, north, east);
    expect([...north.told, ...east.told]).toEqual([]);
    await world.pass(600, north, east);
    expect(north.told).toEqual([warning('east (/srv/two, UTC)', 'e')]);
    expect(east.told).toEqual([warning('north (/etc/dq/crontab, UTC)', 'e')]);
  });

  test('that differ while an edit goes from one to the other are silent', async () => {
    const world = new World();
    const hosts = [world.start('north', { e: edited }), world.start('east', { e: entry })];
    await world.pass(120, ...hosts);
    for (const host of hosts) host.cron = { e: edited };
    await world.pass(600, ...hosts);
    expect(hosts.flatMap(({ told }) => told)).toEqual([]);
  });

  test('that differ again say so again, and of what is new only that', async () => {
    const world = new World();
    const north = world.start('north', { e: entry, f: entry });
    const east = world.start('east', { e: edited, f: entry });
    await world.pass(180, north, east);
    east.cron = { e: edited, f: edited };
    await world.pass(180, north, east);
    const who = 'east (/etc/dq/crontab, UTC)';
    expect(north.told).toEqual([warning(who, 'e'), warning(who, 'f')]);
    east.cron = north.cron;
    await world.pass(60, north, east);
    east.cron = { e: edited, f: entry };
    await world.pass(180, north, east);
    expect(north.told.slice(2)).toEqual([warning(who, 'e')]);
  });

  test('that differ in much say so in one line', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const cron = (each: object): Cron => Object.fromEntries(names.map((name) => [name, each]));
    const world = new World();
    const [north, east] = [world.start('north', cron(entry)), world.start('east', cron(edited))];
    await world.pass(180, north, east);
    expect(north.told).toEqual([warning('east (/etc/dq/crontab, UTC)', 'a, b, c and 2 more')]);
  });

  test('may differ in what each runs for itself', async () => {
    const [each, other] = [
      { ...entry, hosts: 'each' },
      { ...edited, hosts: 'each' },
    ];
    const world = new World();
    const north = world.start('north', { e: each });
    const east = world.start('east', { e: other });
    await world.pass(300, north, east);
    expect([...north.told, ...east.told]).toEqual([]);
    // But two schedules of one host are one host
    const second = world.start('north', { e: other }, '/srv/two');
    await world.pass(180, north, second);
    expect(north.told).toEqual([warning('north (/srv/two, UTC)', 'e')]);
  });
});

test('a process that was killed is not taken for another one', async () => {
  const world = new World();
  const killed = world.start('north', { e: entry });
  await killed.beat();
  const next = world.start('north', { e: edited });
  await next.beat();
  await world.pass(600, next);
  expect(next.told).toEqual([]);
});

describe('the board', () => {
  test('has since when it runs, until it ends', async () => {
    const world = new World();
    const north = world.start('north', { e: entry, own: { ...entry, hosts: 'each' } });
    await world.pass(60, north);
    await world.clock.pass(5 * second);
    const [told] = await attendantsOf(world.board);
    expect(told).toMatchObject({ process: 'north.1', host: 'north', file: '/etc/dq/crontab' });
    expect(told).toMatchObject({ zone: 'UTC', upMs: 65 * second, agoMs: 5 * second, running: [] });
    expect([[...(told?.shared.keys() ?? [])], [...(told?.own.keys() ?? [])]]).toEqual([
      ['e'],
      ['own'],
    ]);
    await north.heartbeat.end();
    expect(await attendantsOf(world.board)).toEqual([]);
    north.heartbeat.noteRun('e', 0);
    await world.pass(30, north);
    expect(await attendantsOf(world.board)).toEqual([]);
  });

  test('has the runs that are noted, a second after they begin or end', async () => {
    const world = new World();
    const north = world.start('north', { e: entry });
    await north.beat();
    const running = async (): Promise<object[]> =>
      (await attendantsOf(world.board)).flatMap((attendant) => [...attendant.running]);
    const before = world.board.beatsTaken;
    const ends = [north.heartbeat.noteRun('a', 7), north.heartbeat.noteRun('a', 8)];
    await settled();
    expect(await running()).toEqual([]);
    await world.clock.pass(3 * second);
    expect(world.board.beatsTaken).toBe(before + 1);
    expect(await running()).toEqual([
      { entry: 'a', tick: 7, forMs: 3 * second },
      { entry: 'a', tick: 8, forMs: 3 * second },
    ]);
    ends[0]?.();
    await world.clock.pass(second);
    expect(await running()).toEqual([{ entry: 'a', tick: 8, forMs: 4 * second }]);
  });

  test('may be away, and may hold what another version wrote', async () => {
    const world = new World();
    await world.board.beat('p', 'no JSON');
    await world.board.beat('q', '{"host":"q"}');
    const north = world.start('north', { e: entry });
    world.board.down = true;
    await north.beat();
    await north.heartbeat.end();
    world.board.down = false;
    expect(await attendantsOf(world.board)).toEqual([]);
  });
});
