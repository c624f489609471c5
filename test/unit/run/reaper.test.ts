// The ends of processes that Node doesn't know: what is made of a wait status, and what keeps this process running.

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Reaper } from '../../../src/run/reaper.ts';

const ended = new Map<number, number>();
let timer: NodeJS.Timeout;
let reaper: Reaper;

function waitpid(pid: number, status: [number]): number {
  status[0] = ended.get(pid) ?? 0;
  return ended.delete(pid) ? pid : 0;
}

/** A signal of several ends. */
function end(...statuses: readonly (readonly [pid: number, status: number])[]): void {
  for (const [pid, status] of statuses) ended.set(pid, status);
  process.emit('SIGCHLD', 'SIGCHLD');
}

beforeEach(() => {
  const timers = vi.spyOn(globalThis, 'setInterval');
  reaper = new Reaper(waitpid);
  timer = timers.mock.results[0]?.value as NodeJS.Timeout;
});

afterEach(() => {
  vi.restoreAllMocks();
  process.removeAllListeners('SIGCHLD');
  ended.clear();
});

it.each([
  [0, { code: 0, signal: null }],
  [3 << 8, { code: 3, signal: null }],
  [255 << 8, { code: 255, signal: null }],
  [9, { code: null, signal: 'SIGKILL' }],
  [6 | 0x80, { code: null, signal: 'SIGABRT' }], // with a core dump
  [34, { code: null, signal: 'signal 34' }],
])('the wait status %i is %j', async (status, exit) => {
  const exited = reaper.exitOf(7);
  end([7, status]);
  expect(await exited).toEqual(exit);
});

it('one signal may tell of several ends, and of none', async () => {
  const exits = [1, 2, 3].map((pid) => reaper.exitOf(pid));
  end();
  end([3, 0], [1, 1 << 8]);
  expect(await exits[0]).toEqual({ code: 1, signal: null });
  expect(await exits[2]).toEqual({ code: 0, signal: null });
  end([2, 2 << 8]);
  expect(await exits[1]).toEqual({ code: 2, signal: null });
});

it('a process may have ended before it is asked for', async () => {
  end([5, 0]);
  expect(await reaper.exitOf(5)).toEqual({ code: 0, signal: null });
  expect(timer.hasRef()).toBe(false);
});

it('this process goes on as long as one runs, and no longer', () => {
  expect(timer.hasRef()).toBe(false);
  void reaper.exitOf(1);
  void reaper.exitOf(2);
  end([1, 0]);
  expect(timer.hasRef()).toBe(true);
  end([2, 0]);
  expect(timer.hasRef()).toBe(false);
});
