import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { longestLine } from '../../src/run/lines.ts';
import { namedPipe, run, shell } from '../support/handlers.ts';

async function outputOf(script: string, ...words: string[]): Promise<[string, string][]> {
  const output: [string, string][] = [];
  const outcome = await run(shell(script, ...words), {
    onOutput: (stream, line) => output.push([stream, line]),
  });
  expect(outcome).toMatchObject({ kind: 'exited', code: 0 });
  return output;
}

/** However long it takes. */
function withoutTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}

describe('the output', () => {
  it('arrives line by line, the last one without its LF as well', async () => {
    expect(await outputOf('printf "one\\n\\nthree"')).toEqual([
      ['stdout', 'one'],
      ['stdout', ''],
      ['stdout', 'three'],
    ]);
  });

  it('tells stdout from stderr', async () => {
    const output = await outputOf('echo out; echo err >&2');
    expect(output.sort()).toEqual([
      ['stderr', 'err'],
      ['stdout', 'out'],
    ]);
  });

  it('arrives while the handler runs', async () => {
    const go = namedPipe();
    const lines: string[] = [];
    const answer = 'echo ready; read -r line <"$1"; echo "$line"';
    await run(shell(answer, go.path), {
      onOutput: (_, line) => {
        lines.push(line);
        if (line === 'ready') go.write('went\n');
      },
    });
    expect(lines).toEqual(['ready', 'went']);
  });

  it('may be no UTF-8', async () => {
    expect(await outputOf("printf '\\377ok\\n'")).toEqual([['stdout', '\ufffdok']]);
  });

  it('of one endless line arrives in pieces', async () => {
    const output = await outputOf('head -c 1000000 /dev/zero | tr "\\000" x');
    const pieces = output.map(([, line]) => line);
    expect(pieces.join('')).toBe('x'.repeat(1_000_000));
    expect(Math.max(...pieces.map((piece) => piece.length))).toBe(longestLine);
  });

  it('is complete when the handler exits at once after a lot of it', async () => {
    const output = await outputOf('exec seq 1 20000');
    expect(output.length).toBe(20_000);
    expect(output.at(-1)).toEqual(['stdout', '20000']);
  });

  it('that goes through a process which ends after the handler is complete', async () => {
    withoutTimers();
    const through = '{ sleep 0.1; echo end; } & exit 0';
    expect(await outputOf(through)).toEqual([['stdout', 'end']]);
  });

  it('held open by a process left behind is let go of, with what was there', async () => {
    const left = namedPipe();
    const leave = 'echo whole; printf part; { read -r line <"$1"; } & exit 0';
    expect(await outputOf(leave, left.path)).toEqual([
      ['stdout', 'whole'],
      ['stdout', 'part'],
    ]);
    left.write('end\n');
  });

  it('waits in its pipe, and its writer with it, while too much of it is unread', async () => {
    let room = (): void => undefined;
    const backlog = new Promise<void>((resolve) => {
      room = resolve;
    });
    let held: Promise<void> | undefined = backlog;
    const lines: string[] = [];
    const words = shell('exec seq 1 200000');
    const onOutput = (_: string, line: string): void => void lines.push(line);
    const ended = run(words, { onOutput, backlog: () => held });
    // That one, as long, ends while the other waits
    expect((await outputOf('exec seq 1 200000')).length).toBe(200_000);
    expect(lines.length).toBeLessThan(100_000);
    held = undefined;
    room();
    expect(await ended).toMatchObject({ code: 0 });
    expect(lines.length).toBe(200_000);
  });

  it('is delivered whole once the handler has exited, read or not', async () => {
    withoutTimers();
    const lines: string[] = [];
    await run(shell('seq 1 100000 & exit 0'), {
      onOutput: (_, line) => lines.push(line),
      backlog: () => new Promise(() => undefined),
    });
    expect(lines.length).toBe(100_000);
  });
});
