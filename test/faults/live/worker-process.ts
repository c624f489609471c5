// One `dq work` of a row: its events as they come, and what was done to it.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll } from 'vitest';
import { binary } from '../../support/cli.ts';
import type { Cluster } from '../../support/cluster.ts';
import { handlerFile } from './record.ts';

export interface Event {
  readonly time: string;
  readonly event: string;
  readonly key?: string;
  readonly attempt?: number;
  readonly reason?: string;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

const running = new Set<ChildProcess>();

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

export class WorkerProcess {
  readonly name: string;
  readonly events: Event[] = [];
  /** What it wrote that is no event: a crash tells itself there. */
  readonly strayLines: string[] = [];
  /** Milliseconds since the epoch; undefined: nobody killed it. */
  killedAt: number | undefined;
  /** When it was frozen, or couldn't reach the ledger that the others reached. */
  readonly absences: Span[] = [];
  readonly #child: ChildProcess;
  /** Its first event was told. */
  readonly #begun: Promise<unknown>;
  readonly #ended: Promise<number | null>;

  /** @param words options of `dq work`. */
  constructor(
    name: string,
    cluster: Cluster,
    words: readonly string[],
    env: Readonly<Record<string, string>>,
  ) {
    this.name = name;
    const clean = { PATH: process.env['PATH'] ?? '', HOME: cluster.folder, LANG: 'C.UTF-8' };
    const all = [binary, 'work', '--json', '-v', ...words, '--', handlerFile];
    this.#child = spawn(process.execPath, all, {
      cwd: cluster.folder,
      env: { ...clean, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.add(this.#child);
    this.#begun = this.#listen();
    this.#ended = this.#end();
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} did not start`);
    return this.#child.pid;
  }

  get isAlive(): boolean {
    return running.has(this.#child);
  }

  async kill(): Promise<void> {
    this.killedAt = Date.now();
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Its exit code; null when it had to be killed. */
  async stop(): Promise<number | null> {
    // One that hasn't begun yet would die of the signal
    await Promise.race([this.#begun, this.#ended]);
    this.#child.kill('SIGTERM');
    return this.#ended;
  }

  /** When it told that the ledger knows of this success, in ms; undefined: it never did. */
  doneAt(key: string, attempt: number): number | undefined {
    const done = this.events.find((each) => {
      return each.event === 'done' && each.key === key && each.attempt === attempt;
    });
    return done === undefined ? undefined : Date.parse(done.time);
  }

  /** A handler's own output isn't kept: it may be large. */
  #listen(): Promise<unknown> {
    if (this.#child.stderr === null) throw new Error('stderr is no pipe');
    const stderr = createInterface({ input: this.#child.stderr }).on('line', (line) => {
      if (line.includes('"event":"output"')) return;
      if (line.startsWith('{"time"')) this.events.push(JSON.parse(line) as Event);
      else this.strayLines.push(line);
    });
    return once(stderr, 'line');
  }

  async #end(): Promise<number | null> {
    const [code] = (await once(this.#child, 'close')) as [number | null];
    running.delete(this.#child);
    return code;
  }
}
