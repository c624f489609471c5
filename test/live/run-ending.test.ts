import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { namedPipe, run, runUntilReady, shell } from '../support/handlers.ts';
import { temporaryFolder } from '../support/servers.ts';

/** Dies of TERM, unlike what a shell would start in its stead: dash blocks signals while it forks, and a TERM of then spares its child. */
const wait = 'exec sleep 100';
/** Takes seconds without starting anything, so that a trap is run at once, whenever TERM arrives. */
const busy = 'i=0; while [ $i -lt 9999999 ]; do i=$((i + 1)); done; exit 99';
/** Longer than any test may take: what needs the KILL fails. */
const never = { killAfterMs: 600_000 };
const atOnce = { killAfterMs: 1 };

type Abort = () => void;
const abort = (now: Abort): void => {
  now();
};

describe('an abort', () => {
  it('before the start starts nothing', async () => {
    const out = join(temporaryFolder(), 'out');
    const outcome = await run(shell('touch "$1"', out), {}, AbortSignal.abort());
    expect(outcome).toEqual({ kind: 'stopped', ms: 0 });
    expect(existsSync(out)).toBe(false);
  });

  it('starts nothing that waits for others to be started', async () => {
    const controller = new AbortController();
    const command = shell(wait);
    const ends = Array.from({ length: 20 }, () => run(command, never, controller.signal));
    controller.abort();
    const outcomes = await Promise.all(ends);
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['stopped']));
    expect(outcomes.at(-1)).toEqual({ kind: 'stopped', ms: 0 });
  });

  it('right after the start ends the handler with TERM', async () => {
    const controller = new AbortController();
    const outcome = run(shell(wait), never, controller.signal);
    controller.abort();
    expect(await outcome).toMatchObject({ kind: 'stopped' });
  });

  it.each([1, 65, 143])('is the outcome of a handler that then exits with %i', async (code) => {
    const trap = shell(`trap 'exit "$1"' TERM; echo ready; ${busy}`, String(code));
    expect((await runUntilReady(trap, abort, never)).outcome).toMatchObject({ kind: 'stopped' });
  });

  it('leaves a handler its success', async () => {
    const trap = shell(`trap 'echo finished; exit 0' TERM; echo ready; ${busy}`);
    const { outcome, lines } = await runUntilReady(trap, abort, never);
    expect(outcome).toMatchObject({ kind: 'exited', code: 0 });
    expect(lines.at(-1)).toBe('finished');
  });

  it('kills what ignores TERM, and what that started', async () => {
    const alive = namedPipe();
    const ended = alive.written();
    const deaf = shell(`exec 3>"$1"; trap '' TERM; ${wait} & echo ready; ${wait}`, alive.path);
    const { outcome } = await runUntilReady(deaf, abort, atOnce);
    expect(outcome).toMatchObject({ kind: 'stopped' });
    await ended;
  });

  it('reaches what the handler started', async () => {
    const alive = namedPipe();
    const ended = alive.written();
    const child = `exec 3>"$1"; echo ready; ${wait}`;
    const parent = shell(`{ ${child}; } & wait`, alive.path);
    const { outcome } = await runUntilReady(parent, abort, never);
    expect(outcome).toMatchObject({ kind: 'stopped' });
    await ended;
  });

  it('gives what the handler started the time to finish, after the handler itself died', async () => {
    const out = join(temporaryFolder(), 'out');
    const finish = `trap 'sleep 0.1; echo finished >"$1"; exit' TERM`;
    const child = `${finish}; echo ready; exec >/dev/null 2>&1; ${busy}`;
    const parent = shell(`{ ${child}; } & wait`, out);
    const { outcome } = await runUntilReady(parent, abort, never);
    expect(outcome).toMatchObject({ kind: 'stopped' });
    expect(readFileSync(out, 'utf8')).toBe('finished\n');
  });

  it('kills what the handler started and outlives it, deaf to TERM', async () => {
    const alive = namedPipe();
    const ended = alive.written();
    const child = `trap '' TERM; exec 3>"$1"; echo ready; ${wait}`;
    const parent = shell(`{ ${child}; } & wait`, alive.path);
    const { outcome } = await runUntilReady(parent, abort, atOnce);
    expect(outcome).toMatchObject({ kind: 'stopped' });
    await ended;
  });

  it('does not wait for what has ended but is never reaped', async () => {
    const end = namedPipe();
    const stranger = `exec setsid sh -c 'echo ready; exec >/dev/null 2>&1; read -r line <"$1"' sh "$1"`;
    const parent = shell(`{ true & ${stranger}; } & wait`, end.path);
    const { outcome } = await runUntilReady(parent, abort, never);
    expect(outcome).toMatchObject({ kind: 'stopped' });
    end.write('\n');
  });

  it('after the exit does not touch what was left in the background', async () => {
    const [question, answer] = [namedPipe(), namedPipe()];
    const leave = '{ read -r line <"$1"; echo "$line" >"$2"; } & exit 0';
    const controller = new AbortController();
    await run(shell(leave, question.path, answer.path), {}, controller.signal);
    controller.abort();
    const answered = answer.written();
    question.write('alive\n');
    expect(await answered).toBe('alive\n');
  });
});

describe('a timeout', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const timeOut = (): void => {
    vi.advanceTimersByTime(1_000);
  };
  const second = { timeoutMs: 1_000 };

  it('ends the handler with TERM', async () => {
    const given = { ...never, ...second };
    const { outcome } = await runUntilReady(shell(`echo ready; ${wait}`), timeOut, given);
    expect(outcome).toMatchObject({ kind: 'timeout' });
  });

  it.each([
    ['3', { kind: 'timeout' }],
    ['0', { kind: 'exited', code: 0 }],
  ])('of a handler that then exits with %s', async (code, expected) => {
    const trap = shell(`trap 'exit "$1"' TERM; echo ready; ${busy}`, code);
    const { outcome } = await runUntilReady(trap, timeOut, { ...never, ...second });
    expect(outcome).toMatchObject(expected);
  });

  it('kills what ignores TERM, and stays a timeout when an abort follows', async () => {
    const deaf = shell(`trap '' TERM; echo ready; ${wait}`);
    const both = (now: Abort): void => {
      timeOut();
      now();
    };
    const { outcome } = await runUntilReady(deaf, both, { ...atOnce, ...second });
    expect(outcome).toMatchObject({ kind: 'timeout' });
  });

  it('of 30 days, which no timer of Node can hold, comes after 30 days', async () => {
    const thirtyDays = 30 * 86_400_000;
    const waiting: number[] = [];
    const pass = (): void => {
      vi.advanceTimersByTime(thirtyDays - 1);
      waiting.push(vi.getTimerCount());
      vi.advanceTimersByTime(1);
      waiting.push(vi.getTimerCount());
    };
    const given = { ...never, timeoutMs: thirtyDays };
    const { outcome } = await runUntilReady(shell(`echo ready; ${wait}`), pass, given);
    expect(outcome).toMatchObject({ kind: 'timeout' });
    expect(waiting).toEqual([1, 0]);
  });

  it('is forgotten when the handler exits before', async () => {
    expect(await run(shell('exit 0'), second)).toMatchObject({ kind: 'exited', code: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });
});
