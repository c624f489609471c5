// What becomes of a claimed tick: run, skipped, put off; and what is written down about it.

import { describe, expect, test } from 'vitest';
import type { WorkEvent } from '../../../src/consume/events.ts';
import type { Outcome, Task } from '../../../src/consume/handler.ts';
import { Leases } from '../../../src/consume/lease.ts';
import { DqError, LedgerDown } from '../../../src/core/errors.ts';
import type { Outcome as ProcessOutcome } from '../../../src/run/handler.ts';
import type { CommandLine } from '../../../src/schedule/command-runner.ts';
import { Overlap } from '../../../src/schedule/overlap.ts';
import { readRecord, Recorder, type TickRecord } from '../../../src/schedule/record.ts';
import { tickHandler } from '../../../src/schedule/tick-handler.ts';
import { tickPayload } from '../../../src/schedule/tick-job.ts';
import { Timetable } from '../../../src/schedule/timetable.ts';
import { unlessDown } from '../../../src/schedule/unless-down.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { entriesOf, FakeClock, MemoryBoard, settled } from './desk.ts';

const noon = Date.parse('2026-11-22T12:00:00Z');
const minute = 60_000;
const never = new AbortController().signal;

/** A cluster of hosts that share a ledger, a board and a clock. */
class World {
  readonly clock = new FakeClock('2026-11-22T12:00:00Z');
  readonly ledger = new MemoryLedger(this.clock);
  /** How far the hosts' clock is ahead of the ledger's, in ms. */
  ahead = 0;
  readonly board = new MemoryBoard(() => this.clock.wall - this.ahead);

  host(name: string, options: object): Host {
    return new Host(this, name, options);
  }
}

class Host {
  readonly commands: CommandLine[] = [];
  readonly events: WorkEvent[] = [];
  readonly puts: bigint[] = [];
  /** The runs that go on, of those that are noted. */
  readonly noted = new Set<string>();
  readonly #world: World;
  readonly #handler;
  /** Where the ticks of its entry lie. */
  readonly #tube: string;
  /** Ends the running command. */
  end: (outcome: object) => void = () => undefined;
  putFails = false;

  constructor(world: World, name: string, options: object) {
    const { clock, ledger, board } = world;
    this.#world = world;
    const ledgerNow = (): Promise<number | undefined> => unlessDown(board.now());
    const timetable = new Timetable('default', name, clock, ledgerNow);
    const task = 'put' in options ? {} : { run: 'true' };
    const entries = entriesOf({ e: { schedule: '* * * * *', ...task, ...options } });
    timetable.replace(entries);
    this.#tube = timetable.tubeOf(entries[0]!);
    const report = (event: WorkEvent): void => void this.events.push(event);
    const leases = new Leases(ledger, clock, () => undefined);
    this.#handler = tickHandler({
      ...{ timetable, clock, ledgerNow, report, config: '/dqrc.yaml' },
      overlap: new Overlap({ ledger, leases, clock, tube: 'default.cron' }),
      noteRun: (entry, tick) => {
        const run = `${entry} ${new Date(tick).toISOString()}`;
        this.noted.add(run);
        return () => this.noted.delete(run);
      },
      recorder: new Recorder({ board, report, clock, host: name }),
      runLine: (_, command) => {
        this.commands.push(command);
        return new Promise((resolve) => {
          this.end = (outcome) => {
            resolve({ ms: 1, ...outcome } as ProcessOutcome);
          };
        });
      },
      putJob: (_, dueNs) => {
        if (this.putFails) return Promise.reject(new DqError('unavailable', 'too few nodes'));
        this.puts.push(dueNs);
        return Promise.resolve();
      },
    });
  }

  /** @param minutes of the tick, after noon. */
  run(minutes = 0, claim: Partial<Task> = {}, signal = never): Promise<Outcome> {
    const task: Task = {
      ...{ tube: this.#tube, key: 'k', attempt: 1, failures: 0, deaths: 0 },
      dueNs: BigInt(noon + minutes * minute) * 1_000_000n,
      payload: tickPayload('e'),
      replica: { endpoint: 'embedded', tube: this.#tube, id: 7n },
      ...claim,
    };
    return this.#handler(task, { signal, onStop: () => undefined });
  }

  /** Runs a tick whose command ends like that. */
  async runTo(exit: number, minutes = 0, claim: Partial<Task> = {}): Promise<Outcome> {
    const run = this.run(minutes, claim);
    await settled();
    this.end({ kind: 'exited', code: exit });
    return run;
  }

  get record(): TickRecord | undefined {
    const text = this.#world.board.kept.get('e');
    return text === undefined ? undefined : readRecord(text);
  }
}

function host(options: object = {}): Host {
  return new World().host('north', options);
}

describe('a run', () => {
  test('is told its facts, and recorded', async () => {
    const north = host({ onSuccess: 'cheer', onFailure: 'moan', timeout: '9s' });
    const run = north.run();
    await settled();
    north.end({ kind: 'exited', code: 0 });
    await settled();
    north.end({ kind: 'exited', code: 0 });
    expect(await run).toEqual({ kind: 'succeeded', exitCode: 0 });
    const [command, hook] = north.commands;
    expect(command).toMatchObject({ line: 'true', timeoutMs: 9_000 });
    expect(command?.facts).toEqual({
      DQ_ENTRY: 'e',
      DQ_TICK: '2026-11-22T12:00:00.000Z',
      DQ_DUE: '2026-11-22T12:00:00.000Z',
      DQ_ID: 'embedded/default.cron/7',
      DQ_KEY: 'k',
      DQ_ATTEMPT: '1',
      DQ_CONFIG: '/dqrc.yaml',
    });
    expect(hook).toMatchObject({ line: 'cheer', facts: { DQ_EXIT: '0', DQ_ENTRY: 'e' } });
    expect(north.record).toMatchObject({ result: 'done', host: 'north', exitCode: 0, attempt: 1 });
    expect(north.events).toMatchObject([{ event: 'ran', entry: 'e', exitCode: 0 }]);
  });

  test('that failed is over: the next tick comes anyway', async () => {
    const north = host({ onFailure: 'moan' });
    const run = north.run();
    await settled();
    north.end({ kind: 'exited', code: 3 });
    await settled();
    north.end({ kind: 'exited', code: 1 });
    expect(await run).toEqual({ kind: 'succeeded', exitCode: 3, why: 'exit 3' });
    expect(north.commands[1]).toMatchObject({
      line: 'moan',
      facts: { DQ_EXIT: '3', DQ_REASON: 'exit 3' },
    });
    expect(north.record).toMatchObject({ result: 'failed', exitCode: 3, reason: 'exit 3' });
    expect(north.events.map(({ event }) => event)).toEqual(['hook-failed', 'ran']);
  });

  test('is tried as often as its attempts, and only the last failure is one', async () => {
    const north = host({ attempts: 2, onFailure: 'moan' });
    expect(await north.runTo(1)).toEqual({ kind: 'failed', exitCode: 1, why: 'exit 1' });
    expect(north.record).toBeUndefined();
    expect(north.commands).toHaveLength(1);
    const last = north.run(0, { attempt: 2, failures: 1 });
    await settled();
    north.end({ kind: 'exited', code: 1 });
    await settled();
    north.end({ kind: 'exited', code: 0 });
    expect(await last).toMatchObject({ kind: 'succeeded', exitCode: 1 });
    expect(north.record).toMatchObject({ result: 'failed', attempt: 2 });
  });

  test.each([
    [{ kind: 'timeout' }, 'timed out'],
    [{ kind: 'signalled', signal: 'SIGSEGV' as const }, 'ended by SIGSEGV'],
    [{ kind: 'unstartable', message: 'no shell' }, 'no shell'],
  ])('that ends as %j has failed: %s', async (outcome, reason) => {
    const north = host();
    const run = north.run();
    await settled();
    north.end(outcome);
    expect(await run).toMatchObject({ kind: 'succeeded', why: reason });
    expect(north.record).toMatchObject({ result: 'failed', reason });
    expect(north.record).not.toHaveProperty('exitCode');
  });

  test('that dq ended is no result', async () => {
    const north = host();
    const run = north.run();
    await settled();
    north.end({ kind: 'stopped' });
    expect(await run).toEqual({ kind: 'stopped' });
    expect(north.record).toBeUndefined();
  });

  test('is no failure because the board is away', async () => {
    const world = new World();
    const north = world.host('north', {});
    const run = north.run();
    await settled();
    world.board.down = true;
    north.end({ kind: 'exited', code: 0 });
    expect(await run).toMatchObject({ kind: 'succeeded' });
  });
});

describe('lateness', () => {
  test('is judged at the first claim: a re-run is never late', async () => {
    const world = new World();
    const north = world.host('north', {});
    await world.clock.pass(20 * minute);
    expect(await north.run()).toMatchObject({ kind: 'succeeded', why: 'late' });
    expect(north.record).toMatchObject({ result: 'late' });
    expect(north.commands).toEqual([]);
    expect(await north.runTo(0, 0, { attempt: 2, deaths: 1 })).toMatchObject({ exitCode: 0 });
    expect(north.commands).toHaveLength(1);
  });

  test('is that of the ledger’s clock, whatever the host’s own says', async () => {
    const fast = new World();
    fast.ahead = 10 * minute;
    fast.clock.wall += fast.ahead;
    expect(await fast.host('north', {}).runTo(0)).toEqual({ kind: 'succeeded', exitCode: 0 });
    const slow = new World();
    slow.ahead = -10 * minute;
    expect(await slow.host('north', {}).run()).toMatchObject({ why: 'late' });
  });

  test('is judged a second later when the ledger can’t be asked', async () => {
    const world = new World();
    const north = world.host('north', {});
    world.board.down = true;
    expect(await north.run()).toMatchObject({ kind: 'deferred', counts: false, delayMs: 1_000 });
    expect(north.commands).toEqual([]);
  });

  test('leaves out the missed ones', async () => {
    const world = new World();
    const north = world.host('north', {});
    await world.clock.pass(2 * minute + 30_000);
    expect(await north.run(1)).toMatchObject({ why: 'missed' });
    expect(await north.runTo(0, 2)).not.toHaveProperty('why');
    expect(north.events).toMatchObject([{ event: 'skipped', reason: 'missed' }, { event: 'ran' }]);
  });
});

describe('overlap', () => {
  async function busy(
    options: object,
  ): Promise<{ world: World; north: Host; east: Host; first: Promise<Outcome> }> {
    const world = new World();
    const [north, east] = [world.host('north', options), world.host('east', options)];
    const first = north.run();
    await settled();
    await world.clock.pass(minute);
    await world.ledger.renew(
      {
        tube: 'default.cron.overlap',
        key: [...world.ledger.entries.keys()][0]?.split(':')[1] ?? '',
        dueMs: 0,
      },
      { token: `tick/${noon}`, attempt: 1, failures: 0, deaths: 0 },
    );
    return { world, north, east, first };
  }

  test('skip: the tick is over', async () => {
    const { east, north, first } = await busy({ overlap: 'skip' });
    expect(await east.run(1)).toMatchObject({ kind: 'succeeded', why: 'overlap' });
    expect(north.noted.size).toBe(0);
    expect(east.record).toBeUndefined(); // how the last run ended is kept
    north.end({ kind: 'exited', code: 0 });
    await first;
    expect(await east.runTo(0, 1)).toEqual({ kind: 'succeeded', exitCode: 0 });
  });

  test('skip: of missed: all those that were missed wait for one another', async () => {
    const { east, north, first, world } = await busy({ overlap: 'skip', missed: 'all' });
    expect(await east.run(1)).toMatchObject({ why: 'overlap' });
    await world.clock.pass(11_000);
    expect(await east.run(1)).toMatchObject({ kind: 'deferred', delayMs: 1_000, counts: true });
    expect(await east.run(1, { attempt: 2 })).toMatchObject({ kind: 'deferred', counts: false });
    north.end({ kind: 'exited', code: 0 });
    await first;
    expect(await east.runTo(0, 1, { attempt: 2 })).toEqual({ kind: 'succeeded', exitCode: 0 });
  });

  test('queue: it waits for its turn, and is not judged again', async () => {
    const { east, north, first, world } = await busy({ overlap: 'queue' });
    expect(await east.run(1)).toMatchObject({ kind: 'deferred', delayMs: 1_000, counts: true });
    expect(await east.run(1, { attempt: 2 })).toMatchObject({ kind: 'deferred', counts: false });
    north.end({ kind: 'exited', code: 0 });
    await first;
    await world.clock.pass(20 * minute);
    expect(await east.runTo(0, 1, { attempt: 2 })).toEqual({ kind: 'succeeded', exitCode: 0 });
  });

  test('allow: it runs', async () => {
    const { east, north } = await busy({ overlap: 'allow' });
    expect(await east.runTo(0, 1)).toEqual({ kind: 'succeeded', exitCode: 0 });
    // Nothing else tells that they run
    expect([...north.noted]).toEqual(['e 2026-11-22T12:00:00.000Z']);
    expect([...east.noted]).toEqual([]);
  });

  test('each host is alone with what it runs for itself', async () => {
    const { east } = await busy({ hosts: 'each' });
    expect(await east.runTo(0, 1)).toEqual({ kind: 'succeeded', exitCode: 0 });
  });

  test('the same tick enters again after a death, another one waits until the lease is over', async () => {
    const { east, world } = await busy({ overlap: 'skip' });
    expect(await east.runTo(0, 0, { attempt: 2, deaths: 1 })).toMatchObject({ exitCode: 0 });
    expect(await east.runTo(0, 1)).toEqual({ kind: 'succeeded', exitCode: 0 });
    const north = world.host('north', { overlap: 'skip' });
    void north.run(1);
    await settled();
    await world.clock.pass(21_000);
    expect(await east.run(2, { attempt: 2 })).toMatchObject({ kind: 'deferred' });
    await world.clock.pass(11_000);
    expect(await east.runTo(0, 2, { attempt: 2 })).toEqual({ kind: 'succeeded', exitCode: 0 });
  });

  test('a re-run is never skipped: it waits', async () => {
    const { east } = await busy({ overlap: 'skip', attempts: 3 });
    expect(await east.run(-1, { attempt: 2, deaths: 1 })).toMatchObject({ kind: 'deferred' });
    expect(await east.run(-1, { attempt: 2, failures: 1 })).toMatchObject({ kind: 'deferred' });
  });

  test('a run that dq ended keeps the others out, until it runs again', async () => {
    const { east, north, first } = await busy({ overlap: 'skip' });
    north.end({ kind: 'stopped' });
    await first;
    expect(await east.run(1)).toMatchObject({ why: 'overlap' });
    expect(await east.runTo(0, 0, { attempt: 2 })).toMatchObject({
      kind: 'succeeded',
      exitCode: 0,
    });
  });

  test('without the ledger nobody knows: it is looked at again', async () => {
    const world = new World();
    world.ledger.claim = () => Promise.reject(new LedgerDown('gone'));
    const north = world.host('north', {});
    expect(await north.run()).toMatchObject({ kind: 'deferred', counts: true });
    expect(north.commands).toEqual([]);
  });

  test('a clock that is far behind locks nobody out', async () => {
    const world = new World();
    const late = new FakeClock('2026-11-01T12:00:00Z');
    const overlap = new Overlap({
      ...{ ledger: world.ledger, clock: late, tube: 'default.cron' },
      leases: new Leases(world.ledger, late, () => undefined),
    });
    expect(await overlap.enter('e', noon)).toBe('unsure');
    const north = world.host('north', {});
    expect(await north.runTo(0)).toEqual({ kind: 'succeeded', exitCode: 0 });
  });
});

describe('a put', () => {
  test('writes a job that is due at the tick', async () => {
    const north = host({ put: 'hello' });
    expect(await north.run()).toEqual({ kind: 'succeeded', exitCode: 0 });
    expect(north.puts).toEqual([BigInt(noon) * 1_000_000n]);
    expect(north.record).toMatchObject({ result: 'done' });
  });

  test('is tried again when there are too few nodes, and in the end has failed', async () => {
    const north = host({ put: 'hello' });
    north.putFails = true;
    expect(await north.run()).toEqual({ kind: 'failed', why: 'too few nodes' });
    expect(north.record).toBeUndefined();
    expect(await north.run(0, { attempt: 5, failures: 4 })).toMatchObject({ kind: 'succeeded' });
    expect(north.record).toMatchObject({ result: 'failed', reason: 'too few nodes' });
  });
});

test('a tick that the schedule lost meanwhile is given back, unjudged', async () => {
  const north = host();
  const outcome = await north.run(0, { payload: tickPayload('gone') });
  expect(outcome).toMatchObject({ kind: 'deferred', counts: false });
});

test('what another version has recorded is not shown', () => {
  expect(readRecord('{"tick":1,"result":"done"}')).toBeDefined();
  expect([readRecord('no'), readRecord('{}'), readRecord('null')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
