// A worker whose log nobody reads for a while: a pipe that is full, a terminal that was stopped.

import { describe, expect, it } from 'vitest';
import { openEmbedded } from '../../src/embedded/embedded.ts';
import { defaultTerms } from '../../src/ledger/ledger.ts';
import { jsonLines, type RunningDq } from '../support/cli.ts';
import { FullPipe } from '../support/full-pipe.ts';
import { embeddedPlace, type EmbeddedPlace } from '../support/places.ts';
import { names, noteRun, payloads, runsOf } from '../support/runs.ts';
import { startOnTerminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';

interface Unread {
  readonly place: EmbeddedPlace;
  readonly pipe: FullPipe;
  /** Starts dq, which writes its log into the pipe. */
  readonly start: (...words: readonly string[]) => RunningDq;
}

function unread(): Unread {
  const place = embeddedPlace();
  const pipe = new FullPipe(place.folder);
  const under = ['sh', '-c', 'exec "$@" 2>pipe', 'sh'];
  return { place, pipe, start: (...words) => place.startDq(words, { under }) };
}

/** What is in the pipe until dq has ended, and its exit code. */
async function readToEnd(pipe: FullPipe, work: RunningDq): Promise<[string, number | null]> {
  let text = '';
  let code: number | null | undefined;
  void work.ended.then((ran) => {
    ({ code } = ran);
  });
  await until('it has ended', () => {
    text += pipe.read();
    return code !== undefined;
  });
  return [text + pipe.read(), code ?? null];
}

async function putLines(place: EmbeddedPlace, records: readonly string[]): Promise<void> {
  const { code } = await place.dq(['put', '--lines'], { stdin: records.join('\n') });
  expect(code).toBe(0);
}

describe.concurrent('a log that nobody reads', () => {
  it('stops no job, and is told in order when it is read', async () => {
    const { place, pipe, start } = unread();
    const records = names(30, 'job');
    await putLines(place, records);
    const work = start('work', '--json', '--drain', '-j', '4', '--', noteRun);
    await until('all have run', () => runsOf(place).length === records.length);
    const [log, code] = await readToEnd(pipe, work);
    expect(code).toBe(0);
    const events = jsonLines(log);
    const [first, ...others] = events.map(({ event }) => event);
    expect([first, others]).toEqual(['working', records.map(() => 'done')]);
    const times = events.map(({ time }) => String(time));
    expect(times).toEqual([...times].sort());
  });

  it('lets no lease run out', async () => {
    const { place, pipe, start } = unread();
    const { tube, key, due } = await place.put('hello');
    const job = { tube, key, dueMs: Date.parse(due) };
    const handler = `${noteRun}; until [ -e go ]; do sleep 0.05; done`;
    const work = start('work', '--drain', '--', handler);
    await until('it runs', () => runsOf(place).length > 0);
    const embedded = await openEmbedded({ folder: place.state });
    const ledger = embedded.ledger(defaultTerms);
    let before = Infinity;
    await until('it is renewed', async () => {
      const standing = await ledger.look(job);
      if (standing?.state !== 'claimed') return false;
      const isRenewed = standing.leaseLeftMs > before;
      before = standing.leaseLeftMs;
      return isRenewed;
    });
    embedded.close();
    place.write('go', '');
    const [log, code] = await readToEnd(pipe, work);
    expect([code, log]).toEqual([0, expect.stringMatching(/ done .* attempt=1 /)]);
  });

  it('is lost when the worker is stopped, which ends in order', async () => {
    const { place, pipe, start } = unread();
    await place.put('hello');
    const work = start('work', '--', noteRun);
    await until('it has run', () => runsOf(place).length > 0);
    work.kill('SIGTERM');
    expect(await work.ended).toMatchObject({ code: 0 });
    expect(pipe.read()).toBe('');
    await place.dq(['work', '--drain', '--', noteRun]);
    expect(payloads(runsOf(place))).toEqual(['hello']);
  });

  it('holds handlers back whose output it tells, and misses none of it', async () => {
    const { place, pipe, start } = unread();
    await place.put('hello');
    const count = 30_000;
    const work = start('work', '--json', '--drain', '--', `echo begun > begun; seq 1 ${count}`);
    await until('it has begun', () => place.read('begun').length > 0);
    const [log, code] = await readToEnd(pipe, work);
    const output = jsonLines(log).filter(({ event }) => event === 'output');
    expect([code, output.length]).toEqual([0, count]);
    expect(output.every(({ text }, at) => text === String(at + 1))).toBe(true);
  });
});

it('a terminal that was stopped stops no job', async () => {
  const place = embeddedPlace();
  const terminal = startOnTerminal(['work', '--', `'${noteRun}'`], place, {
    ...{ rows: 24, columns: 80 },
  });
  await terminal.wrote(/working/);
  terminal.press('\u0013');
  for (const payload of ['one', 'two', 'three']) {
    await place.put(payload);
    await until('it has run', () => runsOf(place).some((run) => run.payload === payload));
  }
  terminal.press('\u0011');
  await terminal.wrote(/(done[^]*){3}/);
  terminal.kill('SIGTERM');
  await terminal.ended;
});
