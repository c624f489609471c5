import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openLog, type Log } from '../../src/output/log.ts';
import { FullPipe } from '../support/full-pipe.ts';
import { temporaryFolder } from '../support/servers.ts';
import { until } from '../support/wait.ts';

function openFull(): { readonly pipe: FullPipe; readonly log: Log } {
  const pipe = new FullPipe(temporaryFolder());
  const file = openSync(pipe.path, 'w');
  onTestFinished(() => {
    closeSync(file);
  });
  const log = openLog(file);
  if (log === undefined) throw new Error('it can’t be opened');
  return { pipe, log };
}

/** Reads on until the log is flushed. */
async function readAll(pipe: FullPipe, log: Log): Promise<string> {
  let text = '';
  let isFlushed = false;
  void log.flushed().then(() => (isFlushed = true));
  await until('all is read', () => {
    text += pipe.read();
    return isFlushed;
  });
  return text + pipe.read();
}

const lineOf = (at: number): string => `${at} ${'x'.repeat(at % 7_000)}\n`;

it('keeps all lines for a reader that stands still, in their order', async () => {
  const { pipe, log } = openFull();
  const lines = Array.from({ length: 500 }, (_, at) => lineOf(at * 17));
  for (const line of lines) log.write(line);
  log.write(lines.join(''));
  const all = lines.join('').repeat(2);
  expect(await readAll(pipe, log)).toBe(all);
});

it('says that too much waits, until the reader goes on', async () => {
  const { pipe, log } = openFull();
  expect(log.backlog).toBeUndefined();
  const line = `${'x'.repeat(1_023)}\n`;
  for (let at = 0; at < 1_024; at += 1) log.write(line);
  const { backlog } = log;
  expect(backlog).toBeInstanceOf(Promise);
  let hasRoom = false;
  void backlog?.then(() => (hasRoom = true));
  await until('there is room', () => {
    pipe.read(4_096);
    return hasRoom;
  });
  expect(log.backlog).toBeUndefined();
});

it('gives a pipe that has little room whole lines', () => {
  const { pipe, log } = openFull();
  pipe.read(16_384);
  log.write(`${'x'.repeat(1_500)}\n`.repeat(100));
  expect(pipe.read().at(-1)).toBe('\n');
});

it('waits at the end no longer than it is told to', async () => {
  const { pipe, log } = openFull();
  log.write('lost\n');
  await log.flushed(0);
  log.write('late\n');
  await log.flushed();
  expect(pipe.read()).toBe('');
});

it('is let go of when its reader has gone', async () => {
  const { pipe, log } = openFull();
  log.write('lost\n');
  pipe.close();
  await log.flushed();
  log.write('late\n');
  await log.flushed();
});

it('is not for files', () => {
  const file = openSync(join(temporaryFolder(), 'log'), 'w');
  expect(openLog(file)).toBeUndefined();
  closeSync(file);
});
