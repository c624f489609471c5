// `dq work --batch`: many jobs in one run of the handler, and none of them held by another.

import { beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, lines, type Ran } from '../support/cli.ts';
import { clusterOf } from '../support/cluster.ts';
import type { Place } from '../support/place.ts';
import { places } from '../support/places.ts';
import { names } from '../support/runs.ts';
import { patient, until } from '../support/wait.ts';

/** Writes a line for each run: how many jobs, which attempt (of a lone one), and their payloads. */
const noteBatch = 'got=$(tr "\\n" " "); echo "$DQ_BATCH ${DQ_ATTEMPT-} $got" >> batches';
/** The same, and the run fails when a payload is bad. */
const noteBad = `${noteBatch}; case $got in *bad*) exit 1;; esac`;

/** Only full batches: which jobs are in one doesn't depend on how busy this machine is. */
const full = (size: number): string[] => ['--batch', String(size), '--batch-wait', '1h'];

async function putLines(place: Place, records: readonly string[], ...words: string[]) {
  const { code } = await place.dq(['put', '--lines', ...words], { stdin: records.join('\n') });
  expect(code).toBe(0);
}

function drain(place: Place, ...words: readonly string[]): Promise<Ran> {
  return place.dq(['work', '--drain', ...words]);
}

/** The payloads of each run. */
function batchesOf(place: Place): string[][] {
  return place.read('batches').map((line) => line.trimEnd().split(' ').slice(2));
}

function nothingLeft(place: Place): Promise<void> {
  const nothing = place.each({ ready: 0, reserved: 0, delayed: 0, buried: 0 });
  return expect(place.counts('default')).resolves.toEqual(nothing);
}

describe.concurrent.each(places)('on %s', (_, openPlace) => {
  it('runs many jobs in one run, each once', async () => {
    const place = await openPlace();
    const records = names(200, 'job');
    await putLines(place, records);
    expect((await drain(place, ...full(100), '--', noteBatch)).code).toBe(0);
    expect(batchesOf(place).map(({ length }) => length)).toEqual([100, 100]);
    expect(batchesOf(place).flat().sort()).toEqual(records);
    await nothingLeft(place);
  });

  it('runs what is due, without waiting for a full batch', async () => {
    const place = await openPlace();
    const records = names(50, 'job');
    await putLines(place, records);
    expect((await drain(place, '--batch', '100', '--', noteBatch)).code).toBe(0);
    expect(batchesOf(place).flat().sort()).toEqual(records);
    expect(batchesOf(place).length).toBeLessThan(records.length);
  });

  it('one bad payload is buried, and holds no other', async () => {
    const place = await openPlace();
    const records = names(20, 'job').map((name) => (name === 'job-0013' ? 'bad' : name));
    await putLines(place, records);
    const words = ['--attempts', '1', ...full(20), '--json', '--', noteBad];
    const { code, stderr } = await drain(place, ...words);
    expect(code).toBe(1);
    const [first, ...others] = place.read('batches');
    expect(first).toMatch(/^20 {2}/);
    expect(others.map((line) => line.trimEnd()).sort()).toEqual(
      records.map((record) => `1 2 ${record}`).sort(),
    );
    expect(await place.counts('default')).toMatchObject(place.each({ buried: 1, ready: 0 }));
    const given = jsonLines(stderr).filter(({ event }) => event === 'given-back');
    expect(given.map(({ reason }) => reason)).toEqual(records.map(() => 'its batch of 20: exit 1'));
  });

  it.each([
    ['exit 65', [], 'exit 65'],
    ['a signal', [], 'kill -9 $$'],
    ['the timeout', ['--timeout', '5s'], 'sleep 60'],
  ])('each runs alone after %s', async (__, words, end) => {
    const place = await openPlace();
    await putLines(place, ['a', 'b']);
    const handler = `${noteBatch}; [ "$DQ_BATCH" = 1 ] || ${end}`;
    const { code } = await drain(place, ...words, '--attempts', '1', ...full(2), '--', handler);
    expect(code).toBe(0);
    const [both, ...alone] = batchesOf(place);
    expect(both?.sort()).toEqual(['a', 'b']);
    expect(alone.flat().sort()).toEqual(['a', 'b']);
  });

  it('a lone job that fails is tried again, as without batches', async () => {
    const place = await openPlace();
    await place.put('bad');
    const { code } = await drain(place, '--attempts', '2', '--batch', '9', '--', noteBad);
    expect(code).toBe(1);
    expect(place.read('batches').map((line) => line.trimEnd())).toEqual(['1 1 bad', '1 2 bad']);
  });

  it('a payload that holds the end of a record is alone', async () => {
    const place = await openPlace();
    for (const payload of ['a', 'b\nc', 'd']) await place.put(payload);
    const handler = 'printf "%s<%s>" "$DQ_BATCH" "${DQ_PAYLOAD-}"; cat';
    const { code, stdout } = await drain(place, '-q', ...full(2), '--', handler);
    expect(code).toBe(0);
    expect(stdout).toContain('1<b\nc>b\nc\n');
    expect(stdout).toContain('2<>a\nd\n');
  });

  it('--null: records end with NUL, and may hold lines', async () => {
    const place = await openPlace();
    for (const payload of ['a', 'b\nc', '']) await place.put(payload);
    await place.dq(['put', '-'], { stdin: 'd\0e' });
    const handler = 'printf "%s<" "$DQ_BATCH"; tr "\\0" "|"; printf ">"';
    const { stdout } = await drain(place, '-q', ...full(3), '--null', '--', handler);
    const three = /3<([^>]*)\|>/.exec(stdout)?.[1]?.split('|').sort();
    expect(three).toEqual(['', 'a', 'b\nc']);
    expect(stdout).toContain('1<d|e|>');
  });

  it('tells a batch only what is true of all of it', async () => {
    const place = await openPlace();
    await putLines(place, ['a', 'b']);
    const { stdout } = await drain(place, '-q', ...full(2), '--', 'env');
    expect(
      lines(stdout)
        .filter((line) => line.startsWith('DQ_'))
        .sort(),
    ).toEqual(['DQ_BATCH=2', `DQ_CONFIG=${place.file}`].sort());
  });

  it('--json: output is of the batch, the end is of each job', async () => {
    const place = await openPlace();
    await putLines(place, ['a', 'b']);
    const { stderr } = await drain(place, '--json', ...full(2), '--', 'cat');
    const events = jsonLines(stderr);
    expect(events.filter(({ event }) => event === 'working')).toMatchObject([{ batch: 2 }]);
    expect(events.filter(({ event }) => event === 'output')).toMatchObject([
      { batch: 2, stream: 'stdout', text: 'a' },
      { batch: 2, stream: 'stdout', text: 'b' },
    ]);
    expect(events.filter(({ event }) => event === 'done')).toHaveLength(2);
  });

  it('--batch-wait gathers jobs that come one by one, and a full batch waits no longer', async () => {
    const place = await openPlace();
    const work = place.startDq(['work', ...full(3), '--', noteBatch]);
    for (const payload of ['a', 'b', 'c']) await place.put(payload);
    await until('it ran', () => batchesOf(place).length > 0);
    await place.put('d');
    work.kill('SIGTERM');
    expect((await work.ended).code).toBe(0);
    expect(batchesOf(place).map((batch) => batch.sort())).toEqual([['a', 'b', 'c']]);
    await drain(place, '--', noteBatch);
    expect(batchesOf(place).at(-1)).toEqual(['d']);
  });

  it('never runs anything early, whatever it is due with', async () => {
    const place = await openPlace();
    const due = new Map<string, number>();
    for (const [payload, delay] of Object.entries({ a: '0s', b: '1.5s', c: '1.5s', d: '2s' })) {
      due.set(payload, Date.parse((await place.put('--delay', delay, payload)).due));
    }
    const handler = `date +%s%3N >> times; ${noteBatch}`;
    const words = ['work', '--drain=9s', '--batch', '9', '--', handler];
    expect((await place.dq(words)).code).toBe(0);
    const times = place.read('times').map(Number);
    const early = batchesOf(place).map((batch, run) =>
      batch.filter((payload) => (due.get(payload) ?? Infinity) > (times[run] ?? 0)),
    );
    expect(early.flat()).toEqual([]);
    expect(batchesOf(place).flat().sort()).toEqual([...due.keys()]);
  });

  it('--max-jobs counts jobs', async () => {
    const place = await openPlace();
    await putLines(place, names(9, 'job'));
    const words = ['work', '--max-jobs', '5', '--batch', '3', '--', noteBatch];
    const { code, stderr } = await place.dq(words);
    expect(code).toBe(0);
    // It waits for no handler then
    expect(stderr).not.toContain('stopping');
    expect(batchesOf(place).flat()).toHaveLength(5);
    expect(Math.max(...batchesOf(place).map(({ length }) => length))).toBeLessThanOrEqual(3);
  });

  it('runs as many batches at once as -j says', async () => {
    const place = await openPlace();
    await putLines(place, names(4, 'job'));
    const handler = 'echo x >> here; until [ "$(wc -l < here)" -ge 2 ]; do sleep 0.02; done';
    expect((await drain(place, '-j', '2', ...full(2), '--', handler)).code).toBe(0);
    expect(place.read('here')).toHaveLength(2);
  });

  it('SIGTERM: the batch may finish, the rest is left to others', async () => {
    const place = await openPlace();
    await putLines(place, names(5, 'job'));
    const handler = `${noteBatch}; until [ -e go ]; do sleep 0.05; done`;
    const work = place.startDq(['work', '--json', ...full(2), '--', handler]);
    await until('it runs', () => batchesOf(place).length > 0);
    work.kill('SIGTERM');
    await work.event('stopping');
    place.write('go', '');
    expect((await work.ended).code).toBe(0);
    expect(batchesOf(place).map(({ length }) => length)).toEqual([2]);
    await drain(place, '--batch', '9', '--', noteBatch);
    expect(batchesOf(place).flat().sort()).toEqual(names(5, 'job'));
  });

  it('ended after --grace: each runs alone, and no failure was counted', async () => {
    const place = await openPlace();
    await putLines(place, ['a', 'b']);
    const handler = `${noteBatch}; sleep 60`;
    const words = ['work', '--json', '--attempts', '1', '--grace', '100ms', ...full(2), '--'];
    const work = place.startDq([...words, handler]);
    await until('it runs', () => batchesOf(place).length > 0);
    work.kill('SIGTERM');
    expect((await work.ended).code).toBe(0);
    await drain(place, '--attempts', '1', '--batch', '9', '--', noteBatch);
    expect(
      place
        .read('batches')
        .slice(1)
        .map((line) => line.trimEnd())
        .sort(),
    ).toEqual(['1 2 a', '1 2 b']);
    await nothingLeft(place);
  });
});

describe('on a cluster', () => {
  it('three replicas of a job are one record', async () => {
    const cluster = await clusterOf(3);
    const records = names(100, 'job');
    await putLines(cluster, records);
    const words = ['work', '--batch', '30', '--drain', '--', noteBatch];
    const ended = await Promise.all([cluster.dq(words), cluster.dq(words)]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    expect(batchesOf(cluster).flat().sort()).toEqual(records);
  });

  it('a worker that is killed amid a batch: each of its jobs runs again, alone', async () => {
    const cluster = await clusterOf(3);
    const records = names(9, 'job');
    await putLines(cluster, records);
    const endless = `${noteBatch}; while [ -e batches ]; do sleep 1; done`;
    const doomed = cluster.startDq(['work', ...full(9), '--', endless]);
    await until('it runs', () => batchesOf(cluster).length > 0);
    await doomed.crash();
    const work = cluster.startDq(['work', '--batch', '9', '--', noteBatch]);
    await until('all have run', () => batchesOf(cluster).length > records.length, patient);
    work.kill('SIGTERM');
    expect((await work.ended).code).toBe(0);
    const [, ...again] = cluster.read('batches').map((line) => line.trimEnd());
    expect(again.sort()).toEqual(records.map((record) => `1 2 ${record}`));
  }, 120_000);
});

describe('usage', () => {
  let place: Place;
  beforeAll(async () => {
    place = await clusterOf(1);
  });

  it.each([
    [['--batch', '0'], '--batch must be a whole number from 1 to 10000'],
    [['--batch', '10001'], '--batch must be a whole number from 1 to 10000'],
    [['--batch', 'x'], '--batch must be'],
    [['-j', '100', '--batch', '101'], 'from 1 to 100'],
    [['--batch-wait', '5s'], '--batch-wait is for batches'],
    [['--null'], '--null is for batches'],
    [['--batch', '5', '--batch-wait', '5'], 'did you mean 5s?'],
  ])('%j is exit 2', async (words, said) => {
    const { code, stdout, stderr } = await place.dq(['work', ...words, '--', 'true']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
  });
});
