// The judge of the fault table: it finds each broken promise, and takes no excuse that isn't one.

import { describe, expect, it } from 'vitest';
import type { Reason } from '../../faults/live/doubles.ts';
import { judge, type Evidence } from '../../faults/live/outcome.ts';
import type { Run } from '../../faults/live/record.ts';
import type { WorkerProcess } from '../../faults/live/worker-process.ts';

function run(key: string, given: Partial<Run> = {}): Run {
  const startedAt = given.startedAt ?? 1_000;
  return {
    ...{ key, attempt: 1, worker: 1, group: 10, startedAt, due: 500 },
    ...{ succeededAt: startedAt + 100, ...given },
  };
}

interface Fate {
  readonly pid?: number;
  readonly killedAt?: number;
  readonly absences?: WorkerProcess['absences'];
  readonly doneAt?: number;
}

function worker({ pid = 1, killedAt, absences = [], doneAt }: Fate = {}): WorkerProcess {
  return { pid, killedAt, absences, doneAt: () => doneAt } as unknown as WorkerProcess;
}

function verdict(
  runs: readonly Run[],
  workers: readonly WorkerProcess[] = [],
  more: Partial<Evidence> = {},
): { broken: string[]; twice: object } {
  const all: Reason[] = ['dead', 'absent', 'forgotten'];
  const { outcome, broken } = judge({
    ...{ row: 'a row', runs, accepted: new Map([['a', 500]]), mayRun: new Set() },
    ...{ short: 0, refused: 0, left: 0, healedAt: 0, doubles: all },
    circumstances: { workers, ledgerLostAt: undefined },
    ...more,
  });
  return { broken: broken.map(({ what }) => what), twice: outcome.twice };
}

const fine = { broken: [], twice: {} };

describe('a promise', () => {
  it('that is kept', () => {
    expect(verdict([run('a')])).toEqual(fine);
    expect(verdict([run('a', { succeededAt: undefined }), run('a', { attempt: 2 })])).toEqual(fine);
  });

  it.each<[string, readonly Run[], Partial<Evidence>, string]>([
    ['lost', [], {}, 'accepted, and never succeeded'],
    ['never finished', [run('a', { succeededAt: undefined })], {}, 'accepted, and never succeeded'],
    ['early', [run('a', { startedAt: 499 })], {}, 'started before it was due'],
    ['refused, and run', [run('a'), run('b')], {}, 'ran, though its put was refused'],
    ['left', [run('a')], { left: 2 }, '2 replicas are left on the nodes'],
  ])('that is broken: %s', (_, runs, more, what) => {
    expect(verdict(runs, [worker({ doneAt: 1_100 })], more).broken).toEqual([what]);
  });

  it('a refused job may run when the put said so', () => {
    expect(verdict([run('a'), run('b')], [], { mayRun: new Set(['b']) })).toEqual(fine);
  });
});

describe('twice', () => {
  const runs = [run('a'), run('a', { worker: 2, group: 20, startedAt: 40_000, attempt: 2 })];
  const other = worker({ pid: 2, doneAt: 40_100 });
  const span = { from: 900, to: 39_000 };
  const unexplained = 'succeeded twice without a reason that this row allows';

  it.each<[string, Fate, Reason]>([
    ['dead before it could write', { killedAt: 1_200 }, 'dead'],
    ['away', { absences: [span], doneAt: 39_500 }, 'absent'],
  ])('because its worker was %s', (_, fate, reason) => {
    expect(verdict(runs, [worker(fate), other])).toEqual({ broken: [], twice: { [reason]: 1 } });
    expect(verdict(runs, [worker(fate), other], { doubles: [] }).broken).toEqual([unexplained]);
  });

  it('because the other worker was away when the first began', () => {
    const away = worker({ pid: 2, absences: [span], doneAt: 40_100 });
    expect(verdict(runs, [worker({ doneAt: 1_100 }), away]).twice).toEqual({ absent: 1 });
  });

  it('because the ledger lost its data between them', () => {
    const workers = [worker({ doneAt: 1_100 }), other];
    const lostAt = (ledgerLostAt: number): Partial<Evidence> => ({
      circumstances: { workers, ledgerLostAt },
    });
    expect(verdict(runs, workers, lostAt(20_000)).twice).toEqual({ forgotten: 1 });
    expect(verdict(runs, workers, lostAt(41_000)).broken).toEqual([unexplained]);
    // The claim may have been older than its run
    expect(verdict(runs, workers, lostAt(900)).twice).toEqual({ forgotten: 1 });
    expect(verdict(runs, workers, lostAt(-4_000)).broken).toEqual([unexplained]);
  });

  it.each<[string, Fate]>([
    ['its worker wrote it down', { doneAt: 1_100 }],
    ['its worker wrote it down, and was killed then', { doneAt: 1_100, killedAt: 1_200 }],
    ['its worker lived, and wrote nothing', {}],
    ['its worker was away for less than a lease', { absences: [{ from: 900, to: 20_000 }] }],
    ['its worker was away later', { absences: [{ from: 2_000, to: 39_000 }], doneAt: 1_100 }],
  ])('is a broken promise when %s', (_, fate) => {
    expect(verdict(runs, [worker(fate), other]).broken).toEqual([unexplained]);
  });
});
