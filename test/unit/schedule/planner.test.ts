// Which ticks are written ahead, when, and which are caught up.

import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { WorkEvent } from '../../../src/consume/events.ts';
import { NodeError } from '../../../src/core/errors.ts';
import { Planner } from '../../../src/schedule/planner.ts';
import { Timetable } from '../../../src/schedule/timetable.ts';
import { entriesOf, FakeClock, MemoryBoard, settled } from './desk.ts';

const noon = '2026-11-22T12:00:00.500Z';
const minute = 60_000;
const hour = 60 * minute;

class Desk {
  readonly clock: FakeClock;
  readonly board: MemoryBoard;
  readonly timetable: Timetable;
  readonly written: string[] = [];
  readonly events: WorkEvent[] = [];
  /** The names of the entries, each time that they were planned. */
  readonly attended: string[] = [];
  nodesDown = false;
  stopsAtWrite = false;
  #planner: Planner | undefined;
  stopping = new AbortController();

  constructor(host = 'north', clock = new FakeClock(noon), board?: MemoryBoard) {
    this.clock = clock;
    this.board = board ?? new MemoryBoard(() => clock.wall);
    this.timetable = new Timetable('default', host, clock, () => this.board.now());
  }

  async start(cron: Readonly<Record<string, object>>): Promise<void> {
    const { timetable, board, clock } = this;
    timetable.replace(entriesOf(cron));
    this.stopping = new AbortController();
    const planner = new Planner({
      ...{ timetable, board, clock, monotonic: () => clock.passed },
      attend: (entries) => {
        this.attended.push(entries.map(({ name }) => name).join(' '));
        return Promise.resolve();
      },
      report: (event) => this.events.push(event),
      write: ({ name }, due) => {
        if (this.stopsAtWrite) this.stopping.abort();
        if (this.nodesDown) return Promise.reject(new NodeError('node', 'down', 'nobody there'));
        this.written.push(`${name} ${new Date(due).toISOString().slice(11, 19)}`);
        return Promise.resolve();
      },
    });
    this.#planner = planner;
    void planner.run(this.stopping.signal);
    await settled();
  }

  async reload(cron: Readonly<Record<string, object>>): Promise<void> {
    this.timetable.replace(entriesOf(cron));
    this.#planner?.replan();
    await settled();
  }

  async renew(): Promise<void> {
    this.#planner?.renew();
    await settled();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await settled();
  }

  /** What was written since it was last asked. */
  take(): string[] {
    return this.written.splice(0);
  }
}

function times(name: string, ...clocks: readonly string[]): string[] {
  return clocks.map((clock) => `${name} ${clock.length === 5 ? `${clock}:00` : clock}`);
}

const fives = { e: { schedule: '*/5 * * * *', run: 'true' } };
const hourly = { e: { schedule: '@hourly', run: 'true' } };

describe('the horizon', () => {
  test('is ten minutes, and the next tick after it', async () => {
    const desk = new Desk();
    await desk.start({ ...fives, h: { schedule: '@hourly', run: 'true' } });
    expect(desk.take()).toEqual([...times('e', '12:05', '12:10', '12:15'), ...times('h', '13:00')]);
  });

  test('holds the next tick only if it is within a day', async () => {
    const desk = new Desk();
    await desk.start({
      in: { schedule: '0 12 23 11 *', run: 'true' },
      out: { schedule: '1 12 23 11 *', run: 'true' },
      never: { schedule: '0 0 31 2 *', run: 'true' },
    });
    expect(desk.take()).toEqual(times('in', '12:00'));
    await desk.clock.pass(2 * minute);
    expect(desk.take()).toEqual(times('out', '12:01'));
  });

  test('begins anew for an entry whose hosts are changed, and never for its past', async () => {
    const minutely = { schedule: '* * * * *', run: 'true', grace: '10m' };
    const desk = new Desk();
    await desk.start({ e: minutely });
    for (const hosts of ['each', 'any']) {
      await desk.clock.pass(3 * minute);
      desk.take();
      await desk.reload({ e: { ...minutely, hosts } });
      const [first] = desk.take();
      const next = new Date(desk.clock.wall + minute).toISOString().slice(11, 19);
      expect(first).toBe(`e ${next}`);
    }
  });

  test('moves on, and nothing is written twice', async () => {
    const desk = new Desk();
    await desk.start(fives);
    desk.take();
    await desk.clock.pass(hour);
    const all = desk.take();
    expect(new Set(all).size).toBe(all.length);
    expect(all[0]).toBe('e 12:20:00');
    expect(all.at(-1)).toBe('e 13:10:00');
    expect(all).toHaveLength(11);
  });

  test('leaves nothing behind at the signal that will stop it', async () => {
    const desk = new Desk();
    await desk.start({ minutely: { schedule: '* * * * *', run: 'true' } });
    await desk.clock.pass(10 * minute);
    expect(getEventListeners(desk.stopping.signal, 'abort')).toHaveLength(1);
  });

  test('doesn’t creep: an hourly tick is written when the one before is near', async () => {
    const desk = new Desk();
    await desk.start(hourly);
    await desk.clock.pass(45 * minute);
    expect(desk.take()).toEqual(times('e', '13:00'));
    await desk.clock.pass(10 * minute);
    expect(desk.take()).toEqual(times('e', '14:00'));
  });

  test('is written again when a node is back, at most once in each round', async () => {
    const desk = new Desk();
    await desk.start(fives);
    const all = desk.take();
    await desk.renew();
    expect(desk.take()).toEqual(all);
    for (let flaps = 0; flaps < 5; flaps++) await desk.renew();
    expect(desk.take()).toEqual([]);
    await desk.clock.pass(minute);
    expect(desk.take()).toEqual(all);
  });

  test('includes the jitter', async () => {
    const desk = new Desk();
    const jittered = { e: { schedule: '*/5 * * * *', run: 'true', jitter: '4m' } };
    const [entry] = entriesOf(jittered);
    await desk.start(jittered);
    const delay = entry?.delay ?? 0;
    expect(delay).toBeGreaterThan(0);
    const first = new Date(Date.parse('2026-11-22T12:05:00Z') + delay);
    expect(desk.take()).toContain(`e ${first.toISOString().slice(11, 19)}`);
  });

  test('is of the entries that run here', async () => {
    const desk = new Desk();
    await desk.start({
      here: { schedule: '1 12 * * *', run: 'true', hosts: ['north', 'east'] },
      there: { schedule: '1 12 * * *', run: 'true', hosts: ['east'] },
      boot: { schedule: '@reboot', run: 'true' },
    });
    expect(new Set(desk.take().map((tick) => tick.split(' ')[0]))).toEqual(new Set(['here']));
  });
});

describe('after an outage', () => {
  async function after(ms: number, cron: Readonly<Record<string, object>>): Promise<string[]> {
    const desk = new Desk();
    await desk.start(cron);
    await desk.stop();
    desk.take();
    await desk.clock.pass(ms);
    await desk.start(cron);
    const start = new Date(desk.clock.wall).toISOString().slice(11, 19);
    return desk.take().filter((tick) => tick <= `e ${start}`);
  }

  test('what was missed is written, as far as the grace goes', async () => {
    const cron = { e: { schedule: '* * * * *', run: 'true', grace: '3m' } };
    expect(await after(hour, cron)).toEqual(times('e', '12:58', '12:59', '13:00'));
  });

  test('nothing from before the last plan', async () => {
    const cron = { e: { schedule: '* * * * *', run: 'true', grace: '3h' } };
    expect(await after(2 * minute, cron)).toEqual(times('e', '12:01', '12:02'));
  });

  test('a new entry doesn’t run for its past', async () => {
    const desk = new Desk();
    await desk.start(fives);
    await desk.stop();
    desk.take();
    await desk.clock.pass(4 * hour);
    await desk.start({ new: { schedule: '*/5 * * * *', run: 'true', grace: '1d' } });
    expect(desk.take()).toEqual(times('new', '16:05', '16:10', '16:15'));
  });

  test('that of one host is no outage of another’s own ticks', async () => {
    const cron = { e: { schedule: '* * * * *', run: 'true', hosts: 'each', grace: '10m' } };
    const north = new Desk();
    const east = new Desk('east', north.clock, north.board);
    await north.start(cron);
    await east.start(cron);
    await east.stop();
    east.take();
    await north.clock.pass(3 * minute);
    await east.start(cron);
    expect(east.take().slice(0, 4)).toEqual(times('e', '12:01', '12:02', '12:03', '12:04'));
  });

  test('what is known only when the ledger is back is caught up then', async () => {
    const cron = { e: { schedule: '* * * * *', run: 'true' } };
    const desk = new Desk();
    await desk.start(cron);
    await desk.stop();
    await desk.clock.pass(2 * minute);
    desk.take();
    desk.board.down = true;
    await desk.start(cron);
    expect(desk.take()[0]).toBe('e 12:03:00');
    desk.board.down = false;
    await desk.clock.pass(minute);
    expect(desk.take().slice(0, 2)).toEqual(times('e', '12:01', '12:02'));
  });
});

describe('a write that fails', () => {
  test('is tried again until it succeeds, and said once', async () => {
    const desk = new Desk();
    desk.nodesDown = true;
    await desk.start(fives);
    await desk.clock.pass(6 * minute);
    expect(desk.take()).toEqual([]);
    expect(desk.events).toMatchObject([{ level: 'error', event: 'not-written' }]);
    desk.nodesDown = false;
    await desk.clock.pass(minute);
    expect(desk.take()).toEqual(times('e', '12:05', '12:10', '12:15', '12:20'));
  });

  test('leaves the mark where it was: whoever plans next catches up', async () => {
    const desk = new Desk();
    await desk.start(fives);
    await desk.stop();
    await desk.clock.pass(30 * minute);
    desk.take();
    desk.nodesDown = true;
    await desk.start(fives);
    await desk.stop();
    desk.nodesDown = false;
    await desk.start(fives);
    expect(desk.take()[0]).toBe('e 12:30:00');
  });
});

describe('a stop amid the writes', () => {
  test('leaves the rest to whoever plans next, and says nothing of it', async () => {
    const minutely = { e: { schedule: '* * * * *', run: 'true' } };
    const desk = new Desk();
    await desk.start(minutely);
    await desk.stop();
    await desk.clock.pass(2 * minute);
    desk.take();
    desk.stopsAtWrite = true;
    await desk.start(minutely);
    expect(desk.take()).toEqual(times('e', '12:01'));
    expect(desk.events).toEqual([]);
    desk.stopsAtWrite = false;
    await desk.start(minutely);
    expect(desk.take().slice(0, 2)).toEqual(times('e', '12:01', '12:02'));
  });
});

describe('a reload', () => {
  test('plans the new schedule at once', async () => {
    const desk = new Desk();
    await desk.start({ e: { schedule: '0 3 * * *', run: 'true' } });
    expect(desk.take()).toEqual(times('e', '03:00'));
    await desk.clock.pass(100);
    await desk.reload({ e: { schedule: '2 12 * * *', run: 'true' } });
    expect(desk.take()).toEqual(times('e', '12:02'));
  });

  test('that moves a nightly entry to the evening, at noon, on one host after the other', async () => {
    const north = new Desk();
    const south = new Desk('south', north.clock, north.board);
    for (const desk of [north, south]) {
      await desk.start({ e: { schedule: '0 3 * * *', run: 'true' } });
      expect(desk.take()).toEqual(times('e', '03:00'));
    }
    for (const desk of [north, south]) {
      await desk.reload({ e: { schedule: '0 22 * * *', run: 'true' } });
      await desk.clock.pass(minute);
      expect([...north.take(), ...south.take()]).toEqual(times('e', '22:00'));
    }
  });

  test('while it plans isn’t lost', async () => {
    const desk = new Desk();
    const start = desk.start(fives);
    desk.timetable.replace(entriesOf({ e: { schedule: '3 12 * * *', run: 'true' } }));
    await start;
    desk.take();
    const slow = desk.board.absences.bind(desk.board);
    let answer = (): void => undefined;
    desk.board.absences = async (names) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return slow(names);
    };
    await desk.clock.pass(30_000);
    desk.board.absences = slow;
    await desk.reload({ e: { schedule: '2 12 * * *', run: 'true' } });
    answer();
    await settled();
    expect(desk.take()).toEqual(times('e', '12:02'));
  });

  test('that adds an entry again doesn’t run what was due without it', async () => {
    const desk = new Desk();
    const both = {
      e: { schedule: '* * * * *', run: 'true' },
      f: { schedule: '* * * * *', run: 'true' },
    };
    await desk.start(both);
    await desk.reload({ f: both.f });
    await desk.clock.pass(2 * minute);
    desk.take();
    await desk.reload(both);
    expect(desk.take().filter((tick) => tick.startsWith('e'))[0]).toBe('e 12:03:00');
  });
});

describe('a clock', () => {
  test('that is put back has everything written again, and nothing of the past', async () => {
    const desk = new Desk();
    await desk.start(fives);
    await desk.clock.pass(10 * minute);
    desk.take();
    desk.clock.wall -= hour;
    await desk.clock.pass(6_000);
    expect(desk.take()).toEqual(times('e', '11:15', '11:20', '11:25'));
  });

  test('that is put forward, or slept, leaves no tick out inside the grace', async () => {
    const desk = new Desk();
    await desk.start(fives);
    desk.take();
    desk.clock.wall += 18 * minute;
    await desk.clock.pass(6_000);
    expect(desk.take()).toEqual(times('e', '12:15', '12:20', '12:25', '12:30'));
  });

  test('of one host moves nobody’s mark', async () => {
    const north = new Desk();
    const fast = new FakeClock(noon);
    fast.wall += hour;
    const east = new Desk('east', fast, north.board);
    await north.start(fives);
    await east.start(fives);
    expect(north.board.marks.get('e')).toBe(north.clock.wall);
  });
});

describe('who plans', () => {
  test('is told each time, with what it plans', async () => {
    const reboot = { schedule: '@reboot', run: 'true' };
    const desk = new Desk();
    await desk.start({ ...fives, r: reboot, east: { ...hourly.e, hosts: ['east'] } });
    expect(desk.attended).toEqual(['e']);
    await desk.clock.pass(90_000);
    expect(desk.attended.length).toBeGreaterThanOrEqual(3);
    await desk.reload({ r: reboot });
    expect(desk.attended.at(-1)).toBe('');
  });

  test('is told although nothing can be written', async () => {
    const desk = new Desk();
    desk.nodesDown = true;
    await desk.start(fives);
    expect(desk.attended).toEqual(['e']);
  });
});
