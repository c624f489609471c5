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
    vi.useFakeTimers({ toFake: ['setTimeout'] }); // however long it takes
    onTestFinished(() => {
      vi.useRealTimers();
    });
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
});
