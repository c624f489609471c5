// A handler's stdout and stderr, read line by line.

import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Backlog } from '../core/backlog.ts';
import { LineSplitter } from './lines.ts';

export type OutputListener = (stream: 'stdout' | 'stderr', line: string) => void;

/** How long a pipe may stay open after the handler's exit: enough for a `tee` it wrote through, in ms. */
const drainMs = 500;

/** Reads both pipes of a child from now on, as long as what it delivers is read. */
export class Output {
  readonly #pipes: Readable[] = [];
  readonly #splitters: LineSplitter[] = [];
  readonly #closed: Promise<void>;
  readonly #backlog: Backlog;
  #hasExited = false;

  constructor(child: ChildProcess, listener: OutputListener, backlog: Backlog = () => undefined) {
    this.#backlog = backlog;
    this.#closed = new Promise((resolve) => {
      child.once('close', resolve);
    });
    this.#read(child.stdout, (line) => {
      listener('stdout', line);
    });
    this.#read(child.stderr, (line) => {
      listener('stderr', line);
    });
  }

  /**
   * To be called after the exit: resolves when everything was delivered, read or not: it is little. Pipes that a
   * process left behind holds open are let go of.
   */
  async drain(): Promise<void> {
    this.#hasExited = true;
    for (const pipe of this.#pipes) pipe.resume();
    // One more turn of the event loop: a late timer mustn't overtake what is there to be read.
    const timer = setTimeout(() => setImmediate(this.#letGo), drainMs);
    await this.#closed;
    clearTimeout(timer);
    for (const splitter of this.#splitters) splitter.end();
  }

  readonly #letGo = (): void => {
    for (const pipe of this.#pipes) pipe.destroy();
  };

  #read(pipe: Readable | null, deliver: (line: string) => void): void {
    if (pipe === null) return;
    const splitter = new LineSplitter(deliver);
    pipe.on('data', (chunk: Buffer) => {
      splitter.write(chunk);
      this.#holdBack(pipe);
    });
    this.#pipes.push(pipe);
    this.#splitters.push(splitter);
  }

  /** Its writer waits then, once the pipe is full. */
  #holdBack(pipe: Readable): void {
    const backlog = this.#hasExited ? undefined : this.#backlog();
    if (backlog === undefined) return;
    pipe.pause();
    void backlog.then(() => pipe.resume());
  }
}
