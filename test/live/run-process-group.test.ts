// Whether a process group runs: a look at all processes, of which a machine may have thousands.

import { readdirSync, readFileSync } from 'node:fs';
import type * as FileSystem from 'node:fs';
import { expect, it, vi } from 'vitest';
import { runsGroup } from '../../src/run/process-group.ts';
import { run, shell } from '../support/handlers.ts';

vi.mock('node:fs', async (load) => {
  const fs = await load<typeof FileSystem>();
  return { ...fs, readdirSync: vi.fn(fs.readdirSync) };
});

const looks = vi.mocked(readdirSync);
const nextTurn = (): Promise<unknown> => new Promise(setImmediate);

/** That of this process. */
function ownGroup(): number {
  const status = readFileSync('/proc/self/stat', 'latin1');
  return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[2]);
}

it('one look tells of all groups that are asked for at once', async () => {
  const group = ownGroup();
  const since = performance.now();
  await nextTurn();
  looks.mockClear();
  expect([runsGroup(group, since), runsGroup(group, since)]).toEqual([true, true]);
  expect(looks).toHaveBeenCalledTimes(1);
  await nextTurn();
  expect(runsGroup(group, since)).toBe(true);
  expect(looks).toHaveBeenCalledTimes(2);
});

it('a look before a group was there tells nothing of it', async () => {
  const group = ownGroup();
  await nextTurn();
  looks.mockClear();
  expect(runsGroup(group, performance.now())).toBe(true);
  expect(runsGroup(group, performance.now() + 1)).toBe(true);
  expect(looks).toHaveBeenCalledTimes(2);
});

it('handlers that end of TERM, with all they started, are not looked for', async () => {
  const stop = new AbortController();
  const runs = Array.from({ length: 5 }, () =>
    run(shell('exec sleep 100'), { killAfterMs: 600_000 }, stop.signal),
  );
  looks.mockClear();
  stop.abort();
  for (const outcome of await Promise.all(runs)) expect(outcome).toMatchObject({ kind: 'stopped' });
  expect(looks).not.toHaveBeenCalled();
});
